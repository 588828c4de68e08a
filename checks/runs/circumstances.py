"""How much a result is worth: planned work, a parent that is down, our own outage. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

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

    def vouches_since(self, moment: datetime) -> bool:
        """It passed after that moment."""
        return bool(self.passed) and self.heard_at is not None and self.heard_at >= moment


@dataclass(frozen=True)
class Around:
    """What else is known when a check's result comes in."""

    is_planned: bool = False
    is_blocked: bool = False
    parent: Witness | None = None
    # Empty for what needs no network, and for the canaries themselves.
    canaries: tuple[Witness, ...] = ()


def worth(around: Around, *, ok: bool) -> Worth:
    """Planned work first, then the parent; bad results count only while somebody vouches for the way there."""
    if around.is_planned:
        return Worth.PLANNED
    if around.is_blocked or (around.parent is not None and around.parent.is_down):
        return Worth.BLOCKED
    if not ok and (is_own_outage(around.canaries) or (around.parent is not None and around.parent.passed is False)):
        return Worth.UNKNOWN
    return Worth.FULL


def is_own_outage(canaries: Iterable[Witness]) -> bool:
    """Every canary fails: one alone may be down by itself."""
    said = [one.passed for one in canaries if one.passed is not None]
    return bool(said) and not any(said)


def to_ask(around: Around, *, failing_since: datetime) -> list[int]:
    """Who has said nothing good since it began to fail, and so must be heard first."""
    asked = []
    if around.parent is not None and not around.parent.vouches_since(failing_since):
        asked.append(around.parent.check_id)
    if around.canaries and not any(one.vouches_since(failing_since) for one in around.canaries):
        asked += [one.check_id for one in around.canaries]
    return asked
