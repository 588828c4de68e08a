"""Rules of work that comes again: their days, and their hours when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from opsportal import recurrence


def days(rule: str, first: date, through: date, until: date | None = None) -> list[str]:
    return [str(one) for one in recurrence.days(rule, first=first, since=first, through=through, until=until)]


@pytest.mark.parametrize(
    ("rule", "first", "through", "expected"),
    [
        ("weekly", date(2026, 12, 22), date(2027, 1, 5), ["2026-12-22", "2026-12-29", "2027-01-05"]),
        ("fortnightly", date(2026, 12, 22), date(2027, 1, 19), ["2026-12-22", "2027-01-05", "2027-01-19"]),
        ("monthly_day", date(2026, 11, 5), date(2027, 2, 4), ["2026-11-05", "2026-12-05", "2027-01-05"]),
        # A month without that day has it on its last.
        ("monthly_day", date(2027, 1, 31), date(2027, 4, 30), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("monthly_weekday", date(2026, 12, 8), date(2027, 2, 28), ["2026-12-08", "2027-01-12", "2027-02-09"]),
        # The fifth Thursday is the last one.
        ("monthly_weekday", date(2026, 12, 31), date(2027, 3, 1), ["2026-12-31", "2027-01-28", "2027-02-25"]),
        ("weekly", date(2027, 1, 5), date(2027, 1, 4), []),
    ],
)
def test_a_rule_has_these_days(rule, first, through, expected):
    assert days(rule, first, through) == expected


def test_a_rule_ends_on_its_last_day():
    assert days("weekly", date(2026, 12, 1), date(2027, 6, 1), until=date(2026, 12, 8)) == ["2026-12-01", "2026-12-08"]


@pytest.mark.parametrize("rule", recurrence.RULES)
@pytest.mark.parametrize("first", [date(2000, 1, 1), date(1999, 12, 31), date(2000, 2, 29), date(2026, 11, 30)])
def test_a_stretch_of_days_is_looked_for_near_its_beginning_and_is_the_one_from_the_first(rule, first, monkeypatch):
    since, through = date(2026, 11, 28), date(2027, 1, 31)
    whole = list(recurrence.days(rule, first=first, since=first, through=through))
    real, looked = recurrence._nth, list[date]()

    def look(rule: str, first: date, number: int) -> date:
        looked.append(real(rule, first, number))
        return looked[-1]

    monkeypatch.setattr(recurrence, "_nth", look)

    found = list(recurrence.days(rule, first=first, since=since, through=through))

    assert found == [day for day in whole if day >= since]
    assert len(looked) <= len(found) + 4


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        (date(2026, 10, 24), time(3, 30), "Europe/Berlin", "2026-10-24T01:30"),
        # The clocks have gone back: the same hour on the wall is one later in UTC.
        (date(2026, 10, 31), time(3, 30), "Europe/Berlin", "2026-10-31T02:30"),
        # 02:30 happens twice; the first is meant.
        (date(2026, 10, 25), time(2, 30), "Europe/Berlin", "2026-10-25T00:30"),
        # 02:30 does not happen; an hour later does.
        (date(2027, 3, 28), time(2, 30), "Europe/Berlin", "2027-03-28T01:30"),
        (date(2027, 3, 14), time(2, 30), "America/New_York", "2027-03-14T07:30"),
        (date(2026, 11, 1), time(1, 30), "America/New_York", "2026-11-01T05:30"),
        (date(2026, 12, 1), time(3), "Etc/UTC", "2026-12-01T03:00"),
        # Across midnight of UTC, and a zone with half hours.
        (date(2026, 12, 1), time(3), "Asia/Kolkata", "2026-11-30T21:30"),
    ],
)
def test_the_clock_on_the_wall_counts(day, clock, zone, expected):
    assert recurrence.moment(day, clock, zone).isoformat() == f"{expected}:00+00:00"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("weekly", "Every week, on Tuesday"),
        ("fortnightly", "Every two weeks, on Tuesday"),
        ("monthly_day", "Every month, on day 8"),
        ("monthly_weekday", "Every month, on the second Tuesday"),
    ],
)
def test_a_rule_is_said_in_words(rule, words):
    assert recurrence.in_words(rule, date(2026, 12, 8)) == words


@pytest.mark.parametrize("rule", recurrence.RULES)
@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("UTC", time(0)),
        ("Europe/Berlin", time(2, 30)),
        ("America/New_York", time(23, 59)),
        ("Asia/Kolkata", time(3)),
        # It left out 30 December 2011.
        ("Pacific/Apia", time(10)),
        ("Pacific/Kiritimati", time(0, 1)),
    ],
)
def test_the_next_time_is_the_one_that_counting_from_the_first_finds(rule, zone, clock):
    days_first = [date(2011, 1, 31), date(2012, 2, 29), date(2011, 12, 30), date(2011, 10, 1), date(2013, 3, 29)]
    goals = [
        datetime(2010, 1, 1, tzinfo=UTC),  # before all of them
        *(datetime(2011, 12, day, 10, tzinfo=UTC) for day in (29, 30, 31)),
        datetime(2012, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2013, 3, 31, 0, 30, tzinfo=UTC),  # no 02:30 in Berlin
        datetime(2013, 10, 27, 0, 30, tzinfo=UTC),  # two of them
        datetime(2013, 4, 30, 12, tzinfo=UTC),
        datetime(2014, 1, 1, 4, 59, tzinfo=UTC),
    ]
    for first in days_first:
        every = [
            recurrence.moment(day, clock, zone)
            for day in recurrence.days(rule, first=first, since=first, through=date(2018, 1, 1))
        ]
        # Each time is the next of the moment before it, and not of itself.
        edges = [one - timedelta(seconds=late) for one in every[:12] for late in (0, 1)]
        for goal in [*goals, *edges]:
            expected = next(one for one in every if one > goal)
            assert recurrence.next_after(goal, rule, first=first, clock=clock, zone=zone) == expected, (first, goal)


@pytest.mark.parametrize("rule", recurrence.RULES)
def test_the_next_time_is_looked_for_near_the_moment(rule, monkeypatch):
    real, looked = recurrence.moment, list[date]()

    def look(day: date, clock: time, zone: str) -> datetime:
        looked.append(day)
        return real(day, clock, zone)

    monkeypatch.setattr(recurrence, "moment", look)

    recurrence.next_after(datetime(2026, 11, 29, tzinfo=UTC), rule, first=date(2000, 1, 1), clock=time(10), zone="UTC")

    assert len(looked) <= 5
