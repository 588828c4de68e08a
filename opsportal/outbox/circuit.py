"""The rules of one way out: when it is closed off after failures, who may try, and how many leave in a minute. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FAILURES_TO_OPEN = 5
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=15)
_LONGEST_ASKED_PAUSE = timedelta(hours=1)
TRIAL = timedelta(seconds=60)
# One in five of a minute's messages is kept for what people wrote.
RESERVE = 5
FIGURES = (
    "failures", "opened", "open_until", "trial_until", "minute", "sent_in_minute", "per_minute", "last_error",
    "last_sent_at",
)  # fmt: skip
# What the message did, and not the way: these never open a circuit.
_NOT_THE_WAY = frozenset(
    {"recipient", "deferred", "not_configured", "sealed", "switched_off", "unknown_channel", "unsubscribed"}
)


@dataclass(frozen=True)
class Way:
    """The figures of one way out."""

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None
    trial_until: datetime | None = None
    minute: datetime | None = None
    sent_in_minute: int = 0
    per_minute: int = 60
    last_error: str = ""
    last_sent_at: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        """Nothing leaves by it now."""
        return self.open_until is not None and at < self.open_until

    def is_on_trial(self, at: datetime) -> bool:
        """One message at a time tries whether it works again."""
        return self.open_until is not None and at >= self.open_until

    def sent_this_minute(self, at: datetime) -> int:
        return self.sent_in_minute if self.minute == _minute(at) else 0

    def is_spent(self, at: datetime, *, is_written: bool) -> bool:
        """The minute's budget is used up, for people's words a little later than for the portal's own."""
        reserve = 0 if is_written else self.per_minute // RESERVE
        return self.sent_this_minute(at) >= max(1, self.per_minute - reserve)


def admit(way: Way, *, at: datetime, is_written: bool) -> Way | None:
    """The way with one more message on it, or None when none may leave now."""
    if way.is_open(at) or way.is_spent(at, is_written=is_written):
        return None
    if way.is_on_trial(at):
        if way.trial_until is not None and at < way.trial_until:
            return None
        way = replace(way, trial_until=at + TRIAL)
    return replace(way, minute=_minute(at), sent_in_minute=way.sent_this_minute(at) + 1)


def succeeded(way: Way, *, at: datetime) -> Way:
    """It works: the circuit is closed."""
    return replace(way, failures=0, opened=0, open_until=None, trial_until=None, last_error="", last_sent_at=at)


def failed(way: Way, *, error: str, at: datetime, asked_to_wait: timedelta | None = None) -> Way:
    """One more failure in a row. The fifth opens the circuit for a minute, each failed trial for twice as long.

    A receiver that asks for time gets it, and its asking is not a failure.
    """
    if error in _NOT_THE_WAY:
        return replace(way, trial_until=None)
    if asked_to_wait is not None:
        return replace(
            way, open_until=at + min(asked_to_wait, _LONGEST_ASKED_PAUSE), trial_until=None, last_error=error
        )
    way = replace(way, failures=way.failures + 1, last_error=error)
    if way.is_open(at) or (way.failures < FAILURES_TO_OPEN and not way.is_on_trial(at)):
        return way
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(way.opened, 10))
    return replace(way, opened=way.opened + 1, open_until=at + pause, trial_until=None)


def tried_now(way: Way, *, at: datetime) -> Way:
    """A person asks for a trial at once."""
    return replace(way, open_until=min(way.open_until, at), trial_until=None) if way.open_until else way


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
