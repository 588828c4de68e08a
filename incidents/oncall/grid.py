"""A week of shifts as a table has it: two half days a day, each cell one shift or more, in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.oncall.shifts import Shift

HALF = timedelta(hours=12)
SLOTS = 14


@dataclass(frozen=True, slots=True)
class Cell:
    """So many half days wide; without shifts the rota is not covered there."""

    width: int
    shifts: tuple[Shift, ...] = ()


def cells(shifts: Iterable[Shift], begins_at: datetime, *, slots: int = SLOTS) -> tuple[Cell, ...]:
    """The cells of one row: a shift has the half days whose middle it holds; a short one stands where it begins.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 11, 16, 8, tzinfo=UTC)
    >>> [one.width for one in cells([Shift(monday, monday + 4 * HALF, 1)], monday)]
    [4, 10]
    """
    inside = [one for one in shifts if one.ends_at > begins_at and one.starts_at < begins_at + slots * HALF]
    middles = [begins_at + number * HALF + HALF / 2 for number in range(slots)]
    owners = [next((one for one in inside if one.holds(middle)), None) for middle in middles]
    extra = [one for one in inside if one not in owners]
    found: list[tuple[Shift | None, list[int]]] = []
    for number, owner in enumerate(owners):
        if found and found[-1][0] == owner:
            found[-1][1].append(number)
        else:
            found.append((owner, [number]))
    return tuple(_cell(owner, numbers, extra, begins_at) for owner, numbers in found)


def _cell(owner: Shift | None, numbers: list[int], extra: list[Shift], begins_at: datetime) -> Cell:
    opens, closes = begins_at + numbers[0] * HALF, begins_at + (numbers[-1] + 1) * HALF
    here = [one for one in extra if opens <= max(one.starts_at, begins_at) < closes]
    shifts = sorted([*here, owner] if owner else here, key=lambda one: one.starts_at)
    return Cell(len(numbers), tuple(shifts))
