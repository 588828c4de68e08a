"""Whose turn it is: the turns of a rota by the clock of one place, and those who stand in laid over them.

A turn changes when the clock on the wall shows the hand-over time, so a day's turn has 23 or 25 hours when daylight
saving begins or ends. A hand-over that a change leaves out moves on by what is missing; one that happens twice means
the first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from itertools import pairwise
from zoneinfo import ZoneInfo

ALL_DAYS = frozenset(range(7))
_DAY = timedelta(days=1)


class By(Enum):
    """What gave somebody the shift."""

    TURN = "turn"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Plan:
    """The rule of a rota from `since` on, until the next plan begins; `first` is its first hand-over on the wall.

    `days` (0 is Monday) and `hours` say when the rota is covered at all; hours over midnight belong to the day on
    which they begin. Without people every turn is a gap.
    """

    zone: str
    first: datetime
    length: timedelta
    people: tuple[int | None, ...]
    since: datetime
    days: frozenset[int] = ALL_DAYS
    hours: tuple[time, time] | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody stands in, or nobody does (`person` None: away). Of two the one with the higher `key` counts."""

    key: int
    person: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """From one moment to another one person, or nobody, which is a gap. `key` is that of the cover, 0 for a turn."""

    starts_at: datetime
    ends_at: datetime
    person: int | None
    by: By = By.TURN
    key: int = 0

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on call though the rota says that somebody is."""

    starts_at: datetime
    ends_at: datetime


def final(plans: Iterable[Plan], covers: Iterable[Cover], since: datetime, until: datetime) -> tuple[Shift, ...]:
    """What is true in the end: every shift that touches the span, in order, with its own start and end.

    >>> noon = datetime(2026, 11, 16, 12, tzinfo=UTC)
    >>> plan = Plan("UTC", datetime(2026, 11, 16, 8), timedelta(days=1), (1, 2), noon - _DAY)
    >>> [(one.person, one.starts_at.day) for one in final([plan], [], noon, noon + _DAY)]
    [(1, 16), (2, 17)]
    """
    found = list(_turns(sorted(plans, key=lambda one: one.since), since, until))
    for cover in sorted(covers, key=lambda one: one.key):
        # Also one beside the span: it cuts a turn that reaches into it.
        found = [piece for shift in found for piece in _left(shift, cover.starts_at, cover.ends_at)]
        found.append(Shift(cover.starts_at, cover.ends_at, cover.person, By.OVERRIDE, cover.key))
    inside = (one for one in found if one.starts_at < until and one.ends_at > since)
    return tuple(sorted(inside, key=lambda one: one.starts_at))


def at_moment(plans: Iterable[Plan], covers: Iterable[Cover], at: datetime) -> Shift | None:
    """The shift that holds now; None when the rota is not covered at this hour."""
    found = final(plans, covers, at, at + timedelta(microseconds=1))
    return next((one for one in found if one.holds(at)), None)


def gaps(shifts: Iterable[Shift], since: datetime, until: datetime) -> tuple[Gap, ...]:
    """Where nobody is on call within the span, what touches joined into one."""
    found: list[Gap] = []
    for shift in shifts:
        if shift.person is not None:
            continue
        starts_at, ends_at = max(shift.starts_at, since), min(shift.ends_at, until)
        if found and found[-1].ends_at == starts_at:
            found[-1] = replace(found[-1], ends_at=ends_at)
        elif starts_at < ends_at:
            found.append(Gap(starts_at, ends_at))
    return tuple(found)


def wall(moment: datetime, zone: str) -> datetime:
    """What the clock on the wall shows, without its zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def moment(on_the_wall: datetime, zone: str) -> datetime:
    """When the clock on the wall shows this, in UTC.

    >>> moment(datetime(2026, 7, 1, 8), "Europe/Berlin").isoformat()
    '2026-07-01T06:00:00+00:00'
    """
    return on_the_wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _turns(plans: list[Plan], since: datetime, until: datetime) -> Iterator[Shift]:
    for plan, following in pairwise([*plans, None]):
        assert plan is not None
        ends_at = following.since if following else None
        if plan.since < until and (ends_at is None or ends_at > since):
            yield from _turns_of(plan, ends_at, since, until)


def _turns_of(plan: Plan, ends_at: datetime | None, since: datetime, until: datetime) -> Iterator[Shift]:
    """The turns of one plan that touch the span, cut where the plan begins and ends."""
    number = max(0, (wall(since, plan.zone) - plan.first) // plan.length - 1)
    while True:
        starts = plan.first + number * plan.length
        opens, closes = moment(starts, plan.zone), moment(starts + plan.length, plan.zone)
        if opens >= until or (ends_at is not None and opens >= ends_at):
            return
        person = plan.people[number % len(plan.people)] if plan.people else None
        for piece_opens, piece_closes in _covered(plan, starts, opens, closes):
            opened, closed = max(piece_opens, plan.since), min(piece_closes, ends_at or piece_closes)
            if opened < closed and opened < until and closed > since:
                yield Shift(opened, closed, person)
        number += 1


def _covered(plan: Plan, starts: datetime, opens: datetime, closes: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The hours of a turn in which the rota is covered, neighbours joined."""
    if plan.hours is None and plan.days == ALL_DAYS:
        yield opens, closes
        return
    begins, ends = plan.hours or (time.min, time.min)
    open_piece: tuple[datetime, datetime] | None = None
    day = (starts - _DAY).date()
    while (window_opens := moment(datetime.combine(day, begins), plan.zone)) < closes:
        last_day = day if ends > begins else day + _DAY
        window_closes = moment(datetime.combine(last_day, ends), plan.zone)
        piece = (max(window_opens, opens), min(window_closes, closes))
        if day.weekday() in plan.days and piece[0] < piece[1]:
            if open_piece and open_piece[1] == piece[0]:
                piece = (open_piece[0], piece[1])
            elif open_piece:
                yield open_piece
            open_piece = piece
        day += _DAY
    if open_piece:
        yield open_piece


def _left(shift: Shift, starts_at: datetime, ends_at: datetime) -> Iterator[Shift]:
    """What is left of a shift outside of the span."""
    if shift.ends_at <= starts_at or shift.starts_at >= ends_at:
        yield shift
        return
    if shift.starts_at < starts_at:
        yield replace(shift, ends_at=starts_at)
    if shift.ends_at > ends_at:
        yield replace(shift, starts_at=ends_at)
