"""Who answers for a handle, and why, in words: a person, a shift, somebody who stands in, or the matrix's backup."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from incidents.oncall.shifts import By, Cover, Plan, at_moment


class How(Enum):
    """By which way a handle leads to a person."""

    PERSON = "person"
    SHIFT = "shift"
    OVERRIDE = "override"
    BACKUP = "backup"
    UNHELD = "unheld"


@dataclass(frozen=True, slots=True)
class Rota:
    """A rota as the rules need it: its name and place, its plans, who stands in, and why by the key of the cover."""

    slug: str
    name: str
    plans: tuple[Plan, ...]
    covers: tuple[Cover, ...] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """What holds a handle: a person by number, or a rota."""

    person: int | None = None
    rota: Rota | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer before names are looked up: a person's number or None, the way, why, and until when it is true."""

    handle: str
    person: int | None
    how: How
    why: str
    until: datetime | None = None
    rota: str = ""

    @property
    def is_held(self) -> bool:
        return self.person is not None


def find(handle: str, held: Held | None, at: datetime, backup: Callable[[], Found | None]) -> Found:
    """Who answers for the handle. `backup` is asked only when a shift is empty.

    >>> find("@sre-lead", Held(person=7), datetime(2026, 11, 21), lambda: None).why
    'holds @sre-lead'
    """
    if not handle:
        return Found(handle, None, How.UNHELD, "nobody is named")
    if held is not None and held.person is not None:
        return Found(handle, held.person, How.PERSON, f"holds {handle}")
    if held is None or held.rota is None:
        return Found(handle, None, How.UNHELD, f"nobody holds {handle}")
    shift = at_moment(held.rota.plans, held.rota.covers, at)
    if shift is not None and shift.person is not None:
        how, why = (How.SHIFT, f"shift of {held.rota.name}")
        if shift.by is By.OVERRIDE:
            how, why = How.OVERRIDE, f"stands in on {held.rota.name}: {held.rota.reasons.get(shift.key, '')}"
        return Found(handle, shift.person, how, why.rstrip(": ."), shift.ends_at, held.rota.slug)
    empty = f"nobody is on shift in {held.rota.name}"
    until = shift.ends_at if shift else None
    other = backup()
    if other is None or other.person is None:
        return Found(handle, None, How.UNHELD, f"{empty}, and no backup answers", until, held.rota.slug)
    return Found(handle, other.person, How.BACKUP, f"{empty}, so the backup {other.handle}", until, held.rota.slug)
