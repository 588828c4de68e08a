"""How much a result is worth: planned work, a parent that is down, our own outage. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from checks.catalogue.states import STANDS
from checks.probes.outcome import NO_ANSWER, Outcome

# A check waits this long for a word of its parent or the canary before it goes down without one.
PATIENCE = timedelta(seconds=60)


class Worth(Enum):
    """What a result counts as."""

    FULL = auto()
    # Nobody knows: our own network or the parent fails at the same time.
    UNKNOWN = auto()
    BLOCKED = auto()
    PLANNED = auto()


@dataclass(frozen=True)
class Witness:
    """What another check last said: the parent, or a canary."""

    check_id: int
    is_down: bool = False
    passed: bool | None = None
    heard_at: datetime | None = None
    failing_since: datetime | None = None

    def vouches_since(self, moment: datetime) -> bool:
        """It passed after that moment."""
        return bool(self.passed) and self.heard_at is not None and self.heard_at >= moment

    @property
    def is_bad(self) -> bool:
        """What it said last was bad, whenever that was."""
        return self.passed is False and self.heard_at is not None

    def fails(self, at: datetime) -> bool:
        """It failed so lately that it speaks for now."""
        return self.is_bad and self.heard_at is not None and at - self.heard_at <= STANDS

    @property
    def decided_by(self) -> datetime | None:
        """By then it is down, or those that stand on it speak for themselves; None while it passes."""
        since = self.failing_since or self.heard_at
        return since + PATIENCE if self.is_bad and since is not None else None


@dataclass(frozen=True)
class Around:
    """What else is known when a check's result comes in."""

    is_planned: bool = False
    is_blocked: bool = False
    parent: Witness | None = None
    # Empty for what needs no network, for an answer, which proves the way there, and for the canaries themselves.
    canaries: tuple[Witness, ...] = ()


def worth(around: Around, *, ok: bool, at: datetime) -> Worth:
    """Planned work first, then the parent; bad results count only while somebody vouches for the way there."""
    if around.is_planned:
        return Worth.PLANNED
    if around.is_blocked or (around.parent is not None and around.parent.is_down):
        return Worth.BLOCKED
    if not ok and (is_own_outage(around.canaries, at) or is_undecided(around.parent, at)):
        return Worth.UNKNOWN
    return Worth.FULL


def is_own_outage(canaries: Iterable[Witness], at: datetime) -> bool:
    """Every canary fails: one alone may be down by itself."""
    said = [one.fails(at) for one in canaries if one.passed is not None]
    return bool(said) and all(said)


def is_undecided(parent: Witness | None, at: datetime) -> bool:
    """It began to fail a moment ago; whether it is down is known soon, and no longer does it excuse anybody."""
    return parent is not None and parent.decided_by is not None and at <= parent.decided_by


def is_silence(outcome: Outcome) -> bool:
    """Nobody answered: only this can be our own network's fault."""
    return not outcome.ok and outcome.error in NO_ANSWER


def to_hear_again(around: Around) -> Iterator[Witness]:
    """Whose last word was bad and would decide what a bad result is worth: it may be old, or not yet be sure."""
    if around.parent is not None and around.parent.is_bad and not around.parent.is_down:
        yield around.parent
    if around.canaries and all(one.is_bad for one in around.canaries if one.passed is not None):
        yield from (one for one in around.canaries if one.is_bad)


def to_ask(around: Around, *, failing_since: datetime) -> list[int]:
    """Who has said nothing good since it began to fail, and so must be heard first."""
    asked = []
    if around.parent is not None and not around.parent.vouches_since(failing_since):
        asked.append(around.parent.check_id)
    if around.canaries and not any(one.vouches_since(failing_since) for one in around.canaries):
        asked += [one.check_id for one in around.canaries]
    return asked
