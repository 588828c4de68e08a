"""Final shifts by table: places, both changes of the clock, covers, gaps, the ends of February and of the year."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from incidents.oncall.grid import cells
from incidents.oncall.shifts import By, Cover, Gap, Plan, at_moment, final, gaps

ANNA, BEN, CORA = 1, 2, 3
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAILY, WEEKLY = timedelta(days=1), timedelta(weeks=1)
NO_COVER: list[Cover] = []


def utc(words: str) -> datetime:
    """2026-03-29 08:00, in UTC."""
    return datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def plan(zone="UTC", first="2026-01-01 08:00", length=DAILY, people=(ANNA, BEN), since=LONG_AGO, **more) -> Plan:
    return Plan(zone, utc(first).replace(tzinfo=None), length, tuple(people), since, **more)


def told(shifts) -> list[tuple[int | None, str, str]]:
    return [(one.person, f"{one.starts_at:%m-%d %H:%M}", f"{one.ends_at:%m-%d %H:%M}") for one in shifts]


@pytest.mark.parametrize(
    ("zone", "first", "length", "since", "until", "expected"),
    [
        pytest.param(
            *("UTC", "2026-11-16 08:00", WEEKLY, "2026-11-16 09:00", "2026-11-23 09:00"),
            [(ANNA, "11-16 08:00", "11-23 08:00"), (BEN, "11-23 08:00", "11-30 08:00")],
            id="a week in UTC, whole though the span cuts it",
        ),
        pytest.param(
            *("Europe/Berlin", "2026-03-27 08:00", DAILY, "2026-03-28 07:00", "2026-03-30 06:00"),
            [(BEN, "03-28 07:00", "03-29 06:00"), (ANNA, "03-29 06:00", "03-30 06:00")],
            id="Berlin in spring: the turn of the night has 23 hours",
        ),
        pytest.param(
            *("Europe/Berlin", "2026-10-23 08:00", DAILY, "2026-10-24 06:00", "2026-10-26 07:00"),
            [(BEN, "10-24 06:00", "10-25 07:00"), (ANNA, "10-25 07:00", "10-26 07:00")],
            id="Berlin in autumn: 25 hours",
        ),
        pytest.param(
            *("America/New_York", "2026-03-07 02:30", DAILY, "2026-03-07 08:00", "2026-03-09 06:30"),
            [(ANNA, "03-07 07:30", "03-08 07:30"), (BEN, "03-08 07:30", "03-09 06:30")],
            id="a hand-over in the hour that is missing moves on by it",
        ),
        pytest.param(
            *("America/New_York", "2026-10-31 01:30", DAILY, "2026-10-31 06:00", "2026-11-02 06:30"),
            [(ANNA, "10-31 05:30", "11-01 05:30"), (BEN, "11-01 05:30", "11-02 06:30")],
            id="a hand-over in the hour that comes twice means the first",
        ),
        pytest.param(
            *("Australia/Lord_Howe", "2026-10-03 08:00", DAILY, "2026-10-03 00:00", "2026-10-03 22:00"),
            [(ANNA, "10-02 21:30", "10-03 21:00"), (BEN, "10-03 21:00", "10-04 21:00")],
            id="half an hour of daylight saving, south of the line",
        ),
        pytest.param(
            *("Asia/Kathmandu", "2026-05-01 09:00", DAILY, "2026-05-02 04:00", "2026-05-02 05:00"),
            [(BEN, "05-02 03:15", "05-03 03:15")],
            id="a zone of quarters, no daylight saving",
        ),
        pytest.param(
            *("UTC", "2028-02-27 00:00", DAILY, "2028-02-28 12:00", "2028-03-01 12:00"),
            [(BEN, "02-28 00:00", "02-29 00:00"),
             (ANNA, "02-29 00:00", "03-01 00:00"),
             (BEN, "03-01 00:00", "03-02 00:00")],
            id="a leap day has its turn",
        ),
        pytest.param(
            *("Pacific/Auckland", "2026-12-28 08:00", WEEKLY, "2026-12-31 12:00", "2027-01-03 20:00"),
            [(ANNA, "12-27 19:00", "01-03 19:00"), (BEN, "01-03 19:00", "01-10 19:00")],
            id="over the end of the year, on the other side of the date line",
        ),
        pytest.param(
            *("Europe/Berlin", "2026-03-28 20:00", timedelta(hours=12), "2026-03-28 20:00", "2026-03-29 20:00"),
            [(ANNA, "03-28 19:00", "03-29 06:00"),
             (BEN, "03-29 06:00", "03-29 18:00"),
             (ANNA, "03-29 18:00", "03-30 06:00")],
            id="nights and days: the night of the change has 11 hours",
        ),
    ],
)  # fmt: skip
def test_turns_change_by_the_clock_on_the_wall(zone, first, length, since, until, expected):
    shifts = final([plan(zone, first, length)], NO_COVER, utc(since), utc(until))

    assert told(shifts) == expected


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@pytest.mark.parametrize("clock", ["00:00", "02:00", "02:30", "08:00", "23:30"])
def test_a_year_has_no_moment_without_or_with_two(zone, clock):
    year = (utc("2026-01-01 00:00"), utc("2027-01-02 00:00"))
    shifts = final([plan(zone, f"2025-12-25 {clock}", people=(ANNA, BEN, CORA))], NO_COVER, *year)

    assert all(before.ends_at == after.starts_at for before, after in pairwise(shifts))
    assert (shifts[0].starts_at <= year[0], shifts[-1].ends_at >= year[1]) == (True, True)
    assert [one.person for one in shifts[:4]] in (
        [BEN, CORA, ANNA, BEN],
        [CORA, ANNA, BEN, CORA],
        [ANNA, BEN, CORA, ANNA],
    )


def cover(person, starts, ends, key=1) -> Cover:
    return Cover(key, person, utc(f"2026-{starts}"), utc(f"2026-{ends}"))


@pytest.mark.parametrize(
    ("covers", "expected"),
    [
        pytest.param(
            [cover(CORA, "11-20 12:00", "11-20 14:00")],
            [(ANNA, "11-20 08:00", "11-20 12:00"),
             (CORA, "11-20 12:00", "11-20 14:00"),
             (ANNA, "11-20 14:00", "11-21 08:00")],
            id="in the middle of a turn",
        ),
        pytest.param(
            [cover(CORA, "11-20 08:00", "11-22 08:00")],
            [(CORA, "11-20 08:00", "11-22 08:00")],
            id="over two turns it is one shift",
        ),
        pytest.param(
            [cover(CORA, "11-20 06:00", "11-20 20:00"), cover(BEN, "11-20 19:00", "11-20 21:00", 2)],
            [(CORA, "11-20 06:00", "11-20 19:00"),
             (BEN, "11-20 19:00", "11-20 21:00"),
             (ANNA, "11-20 21:00", "11-21 08:00")],
            id="who comes later lies above",
        ),
        pytest.param(
            [cover(CORA, "11-20 19:00", "11-20 21:00", 2), cover(BEN, "11-20 06:00", "11-20 23:00")],
            [(BEN, "11-20 06:00", "11-20 19:00"), (CORA, "11-20 19:00", "11-20 21:00"),
             (BEN, "11-20 21:00", "11-20 23:00"), (ANNA, "11-20 23:00", "11-21 08:00")],
            id="in whichever order they are read",
        ),
        pytest.param(
            [cover(None, "11-20 10:00", "11-21 08:00")],
            [(ANNA, "11-20 08:00", "11-20 10:00"), (None, "11-20 10:00", "11-21 08:00")],
            id="away leaves a gap",
        ),
        pytest.param(
            [cover(None, "11-20 10:00", "11-21 08:00"), cover(CORA, "11-20 10:00", "11-21 08:00", 2)],
            [(ANNA, "11-20 08:00", "11-20 10:00"), (CORA, "11-20 10:00", "11-21 08:00")],
            id="a gap that somebody covers",
        ),
    ],
)  # fmt: skip
def test_who_stands_in_lies_over_the_turns_and_ends_by_itself(covers, expected):
    turns = [plan(first="2026-11-18 08:00")]

    shifts = final(turns, covers, utc("2026-11-20 08:00"), utc("2026-11-21 08:00"))

    assert told(shifts) == expected


def test_a_cover_beside_the_span_still_ends_the_shift_that_reaches_into_it():
    covers = [cover(CORA, "11-20 20:00", "11-20 22:00")]

    shift = at_moment([plan(first="2026-11-18 08:00")], covers, utc("2026-11-20 12:00"))

    assert shift and told([shift]) == [(ANNA, "11-20 08:00", "11-20 20:00")]


def test_a_new_plan_begins_at_its_moment_and_leaves_the_past_alone():
    before, after = (
        plan(first="2026-11-16 08:00"),
        plan(first="2026-11-16 08:00", people=(CORA,), since=utc("2026-11-18 12:00")),
    )

    shifts = final([after, before], NO_COVER, utc("2026-11-17 08:00"), utc("2026-11-19 08:00"))

    assert told(shifts) == [
        (BEN, "11-17 08:00", "11-18 08:00"),
        (ANNA, "11-18 08:00", "11-18 12:00"),
        (CORA, "11-18 12:00", "11-19 08:00"),
    ]  # fmt: skip


def test_before_its_first_hand_over_a_rota_has_nobody_and_no_gap():
    turns = [plan(first="2026-11-20 08:00")]

    assert at_moment(turns, NO_COVER, utc("2026-11-20 07:59")) is None
    assert at_moment(turns, NO_COVER, utc("2026-11-20 08:00")).person == ANNA  # type: ignore[union-attr]


OFFICE = {"days": frozenset(range(5)), "hours": (time(8), time(20))}
NIGHT = {"days": frozenset(range(5)), "hours": (time(20), time(8))}


@pytest.mark.parametrize(
    ("covered", "since", "until", "expected"),
    [
        pytest.param(
            *(OFFICE, "2026-11-19 12:00", "2026-11-23 12:00"),
            [(ANNA, "11-19 07:00", "11-19 19:00"),
             (ANNA, "11-20 07:00", "11-20 19:00"),
             (BEN, "11-23 07:00", "11-23 19:00")],
            id="days of the week only: no shift from Friday evening to Monday",
        ),
        pytest.param(
            *(NIGHT, "2026-11-20 12:00", "2026-11-24 00:00"),
            [(ANNA, "11-20 19:00", "11-21 07:00"), (BEN, "11-23 19:00", "11-24 07:00")],
            id="a night belongs to the day on which it begins",
        ),
        pytest.param(
            *({"days": frozenset({5, 6})}, "2026-11-20 12:00", "2026-11-24 00:00"),
            [(ANNA, "11-20 23:00", "11-22 23:00")],
            id="a weekend is one shift",
        ),
    ],
)  # fmt: skip
def test_a_rota_may_cover_certain_days_and_hours(covered, since, until, expected):
    turns = [plan("Europe/Berlin", "2026-11-16 08:00", WEEKLY, **covered)]

    shifts = final(turns, NO_COVER, utc(since), utc(until))

    assert told(shifts) == expected
    assert gaps(shifts, utc(since), utc(until)) == ()


@pytest.mark.parametrize(
    ("people", "covers", "expected"),
    [
        ((), [], [("11-20 00:00", "11-23 00:00")]),
        ((ANNA, None), [], [("11-20 00:00", "11-20 08:00"), ("11-21 08:00", "11-22 08:00")]),
        ((ANNA, None), [cover(BEN, "11-21 08:00", "11-22 08:00")], [("11-20 00:00", "11-20 08:00")]),
        ((ANNA,), [cover(None, "11-20 20:00", "11-21 20:00")], [("11-20 20:00", "11-21 20:00")]),
        ((ANNA, None, None), [], [("11-20 08:00", "11-22 08:00")]),
        ((ANNA,), [], []),
    ],
    ids=["nobody at all", "a place that nobody has", "covered", "away", "neighbours are one gap", "none"],
)
def test_gaps_are_joined_and_end_with_the_span(people, covers, expected):
    span = (utc("2026-11-20 00:00"), utc("2026-11-23 00:00"))
    found = gaps(final([plan(first="2026-11-16 08:00", people=people)], covers, *span), *span)

    told_gaps = [(f"{one.starts_at:%m-%d %H:%M}", f"{one.ends_at:%m-%d %H:%M}") for one in found]
    assert told_gaps == expected
    assert all(isinstance(one, Gap) for one in found)


def test_a_shift_says_whether_it_is_a_turn_or_somebody_who_stands_in():
    shifts = final(
        [plan()],
        [cover(CORA, "11-20 12:00", "11-20 14:00", 7)],
        *(utc("2026-11-20 11:00"), utc("2026-11-20 13:00")),
    )

    assert [(one.by, one.key) for one in shifts] == [(By.TURN, 0), (By.OVERRIDE, 7)]


def test_a_week_is_cut_into_half_days_and_a_short_shift_stands_where_it_begins():
    monday = utc("2026-11-16 08:00")
    shifts = final(
        [plan(first="2026-11-16 08:00")], [cover(CORA, "11-17 10:00", "11-17 11:00")], monday, monday + WEEKLY
    )

    found = cells(shifts, monday)

    assert sum(one.width for one in found) == 14
    assert [[shift.person for shift in one.shifts] for one in found[:3]] == [[ANNA], [BEN, CORA, BEN], [ANNA]]


def test_hours_without_cover_are_an_empty_cell():
    monday = utc("2026-11-16 08:00")
    shifts = final([plan(first="2026-11-16 08:00", people=(ANNA,), **OFFICE)], NO_COVER, monday, monday + WEEKLY)

    found = cells(shifts, monday)

    assert [one.width for one in found] == [1] * 9 + [5]
    assert [len(one.shifts) for one in found] == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0][: len(found)]
