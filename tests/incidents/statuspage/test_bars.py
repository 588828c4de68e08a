"""Ninety days and their uptime, from stretches."""

from datetime import UTC, date, datetime, timedelta

import pytest

from incidents.statuspage import bars
from incidents.statuspage.content import Stretch

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = AT - timedelta(days=400)


def day(number: int, hour: float = 0) -> datetime:
    """A moment of November 2026."""
    return datetime(2026, 11, number, tzinfo=UTC) + timedelta(hours=hour)


def statuses(*stretches: Stretch, at: datetime = AT) -> list[str | None]:
    return [one.status for one in bars.days(stretches, at=at)]


def test_the_last_bar_is_today_and_the_first_eighty_nine_days_before():
    bar = bars.days([Stretch("operational", LONG_AGO, None)], at=AT)

    assert (len(bar), bar[0].on, bar[-1].on) == (90, date(2026, 8, 24), date(2026, 11, 21))
    assert {one.status for one in bar} == {"operational"}


def test_a_day_shows_its_worst_state():
    found = statuses(
        Stretch("operational", LONG_AGO, day(20, 1)),
        Stretch("degraded_performance", day(20, 1), day(20, 2)),
        Stretch("major_outage", day(20, 2), day(20, 2.1)),
        Stretch("operational", day(20, 2.1), None),
    )

    assert found[-3:] == ["operational", "major_outage", "operational"]


def test_an_outage_over_midnight_marks_both_days_and_one_that_ends_at_midnight_only_the_first():
    over = statuses(Stretch("partial_outage", day(18, 23), day(19, 1)))
    until = statuses(Stretch("partial_outage", day(18, 23), day(19)))

    assert over[-4:] == [
        "partial_outage",
        "partial_outage",
        None,
        None,
    ]
    assert until[-4:] == ["partial_outage", None, None, None]


def test_days_before_the_first_stretch_are_unknown_not_well():
    found = statuses(Stretch("operational", day(20), None))

    assert found[-3:] == [None, "operational", "operational"]


def test_another_time_zone_does_not_move_a_day():
    tokyo = datetime.fromisoformat("2026-11-20T05:00:00+09:00")  # still the 19th in UTC

    found = statuses(Stretch("major_outage", tokyo, tokyo + timedelta(hours=1)))

    assert found[-3:] == ["major_outage", None, None]


@pytest.mark.parametrize(
    ("stretches", "percent"),
    [
        ([], None),
        ([Stretch("operational", LONG_AGO, None)], 100.0),
        ([Stretch("degraded_performance", LONG_AGO, None)], 100.0),
        ([Stretch("major_outage", LONG_AGO, None)], 0.0),
        ([Stretch("under_maintenance", LONG_AGO, None)], None),
        # Ten hours observed, one of them down.
        ([Stretch("operational", day(21, 2), day(21, 11)), Stretch("major_outage", day(21, 11), None)], 90.0),
        # A partial outage counts three tenths.
        ([Stretch("operational", day(21, 2), day(21, 11)), Stretch("partial_outage", day(21, 11), None)], 97.0),
        # Maintenance is neither up nor down.
        ([Stretch("under_maintenance", day(21, 1), day(21, 2)), Stretch("operational", day(21, 2), None)], 100.0),
        # One second in ninety days is not a hundred per cent.
        (
            [Stretch("operational", LONG_AGO, day(20)), Stretch("major_outage", day(20), day(20, 1 / 3600)),
             Stretch("operational", day(20, 1 / 3600), None)],
            99.99,
        ),
    ],
)  # fmt: skip
def test_uptime_follows_its_formula(stretches, percent):
    assert bars.uptime(bars.days(stretches, at=AT)) == percent


def test_equal_days_become_one_run():
    bar = bars.days(
        [Stretch("operational", LONG_AGO, day(19)), Stretch("major_outage", day(19), day(20)),
         Stretch("operational", day(20), None)],
        at=AT,
    )  # fmt: skip

    assert bars.runs(bar) == (
        bars.Run("operational", 0, 87),
        bars.Run("major_outage", 87, 1),
        bars.Run("operational", 88, 2),
    )


def test_the_bars_read_as_a_sentence():
    bar = bars.days([Stretch("operational", day(19), day(21)), Stretch("major_outage", day(21), None)], at=AT)

    assert bars.sentence("API", bar) == "API, 90 days: 1 day with a major outage, 87 days without data"
