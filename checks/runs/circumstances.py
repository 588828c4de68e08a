"""How much a result is worth: planned work, a parent that is down, our own outage. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from checks.catalogue.states import STANDS, Word, is_own_outage
from checks.probes.outcome import NO_ANSWER, Outcome

# A check waits this long for a word of its parent or the canary before it goes down without one.
PATIENCE = timedelta(seconds=60)
# A canary that fails for so long is asked again: what comes of it is there before its last word ends to stand.
_RENEWED = STANDS - PATIENCE


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
    every: timedelta = timedelta(minutes=1)
    is_canary: bool = False
    # What its run costs somebody, or only says again what its job told, waits for its own slot.
    can_be_asked: bool = True

    def vouches_since(self, moment: datetime) -> bool:
        """It passed after that moment."""
        return bool(self.passed) and self.heard_at is not None and self.heard_at >= moment

    @property
    def is_bad(self) -> bool:
        """What it said last was bad, whenever that was."""
        return self.passed is False and self.heard_at is not None

    def fails(self, at: datetime) -> bool:
        """It failed so lately that it speaks for now."""
        return self.is_bad and self.word.stands(at)

    @property
    def word(self) -> Word:
        return Word(self.passed, self.heard_at, int(self.every.total_seconds()))

    def wants_asking(self, at: datetime) -> bool:
        """Shall its next run be brought forward? A parent's not after a bad word: its `fail_after` spans its time.

        Whoever runs every minute is heard soon enough. A canary's word is renewed before it ends to stand.
        """
        if not self.can_be_asked or not self.is_bad or self.heard_at is None:
            return self.can_be_asked
        is_old = at - self.heard_at >= min(self.every / 2, _RENEWED)
        return self.is_canary and self.every > PATIENCE and is_old

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
    is_cut_off = is_own_outage((one.word for one in around.canaries), at)
    if not ok and (is_cut_off or is_undecided(around.parent, at)):
        return Worth.UNKNOWN
    return Worth.FULL


def is_undecided(parent: Witness | None, at: datetime) -> bool:
    """It began to fail a moment ago; whether it is down is known soon, and no longer does it excuse anybody."""
    return parent is not None and parent.decided_by is not None and at <= parent.decided_by


def is_silence(outcome: Outcome) -> bool:
    """Nobody answered: only this can be our own network's fault."""
    return not outcome.ok and outcome.error in NO_ANSWER


def to_hear_again(around: Around, at: datetime) -> Iterator[int]:
    """Canaries whose bad word excuses others and ends to stand soon.

    Not those whose word stands no longer: a run of theirs that says nothing would be repeated without end. Like all
    that have said nothing they are heard before a check goes down, for a minute at most.
    """
    if any(one.passed for one in around.canaries):
        return iter(())
    return (one.check_id for one in around.canaries if one.fails(at) and one.wants_asking(at))


def to_await(around: Around, *, failing_since: datetime) -> list[Witness]:
    """Who has said nothing good since it began to fail, and so must be heard first."""
    awaited = []
    if around.parent is not None and not around.parent.vouches_since(failing_since):
        awaited.append(around.parent)
    if around.canaries and not any(one.vouches_since(failing_since) for one in around.canaries):
        awaited += around.canaries
    return awaited
