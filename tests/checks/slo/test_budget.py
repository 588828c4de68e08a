"""Error budgets and burn rates, against the numbers that the field has published."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.slo import budget, burning
from checks.slo.budget import Tally
from checks.slo.burning import TABLE, Verdict, Weight

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(("target", "minutes"), [(99, 432), (99.5, 216), (99.9, 43.2), (99.95, 21.6)])
def test_thirty_days_have_the_published_minutes(target, minutes):
    assert budget.minutes(target, 30) == pytest.approx(minutes)


def test_the_table_is_that_of_the_workbook_and_follows_the_period():
    known = [(row.weight, row.long, row.short, row.factor, row.spent) for row in TABLE]

    assert known == [
        ("page", HOUR, 5 * HOUR / 60, 14.4, 0.02),
        ("page", 6 * HOUR, HOUR / 2, 6, 0.05),
        ("ticket", DAY, 2 * HOUR, 3, 0.10),
        ("ticket", 3 * DAY, 6 * HOUR, 1, 0.10),
    ]
    assert [round(row.factor_in(28), 2) for row in TABLE] == [13.44, 5.6, 2.8, 0.93]
    for row in TABLE:
        assert row.short == row.long / 12
        for days in (28, 30):
            assert row.factor_in(days) * (row.long / timedelta(days=days)) == pytest.approx(row.spent)


def test_a_full_outage_is_seen_after_the_published_seconds():
    assert [round(burning.outage_seconds(row, 99.9)) for row in TABLE] == [52, 130, 259, 259]


@pytest.mark.parametrize(
    ("target", "needed"),
    [(99, [9, 22, 44, 44]), (99.5, [5, 11, 22, 22]), (99.9, [1, 3, 5, 5]), (99.95, [1, 2, 3, 3])],
)
def test_so_many_failures_of_one_run_a_minute_fire(target, needed):
    runs = [60, 360, 1440, 4320]

    found = [burning.failures_needed(n, target, row.factor) for n, row in zip(runs, TABLE, strict=True)]

    assert found == needed


@pytest.mark.parametrize(
    ("target", "rows"),
    [
        (99, ["quiet", "quiet", "quiet", "quiet"]),
        (99.5, ["quiet", "quiet", "quiet", "quiet"]),
        (99.9, ["insufficient_resolution", "insufficient_resolution", "quiet", "quiet"]),
        (99.95, ["insufficient_resolution"] * 4),
    ],
)
def test_a_row_counts_only_where_three_failures_are_needed(target, rows):
    found = burning.readings(minutely(), target=target, days=30)

    assert [one.verdict for one in found] == rows


def minutely(bad: int = 0):
    """Windows of one run a minute with the same failures at their end."""

    def window(width: timedelta) -> Tally:
        runs = int(width / timedelta(minutes=1))
        return Tally(valid=runs, bad=min(bad, runs), ran=runs, asked=runs)

    return window


@pytest.mark.parametrize("target", [99, 99.5, 99.9, 99.95])
def test_one_failed_run_fires_nothing(target):
    found = burning.readings(minutely(bad=1), target=target, days=30)

    assert Verdict.FIRES not in [one.verdict for one in found]


@pytest.mark.parametrize(
    ("bad", "page", "ticket"),
    [(8, "quiet", "quiet"), (9, "fires", "quiet"), (22, "fires", "quiet"), (44, "fires", "fires")],
)
def test_a_page_and_a_ticket_fire_from_their_number_on(bad, page, ticket):
    """With 99 per cent 8.64 failures of 60 burn 14.4 times too fast, 43.2 of 1440 three times; more than that fires."""
    found = burning.verdicts(burning.readings(minutely(bad), target=99, days=30))

    assert found == {Weight.PAGE: page, Weight.TICKET: ticket}


def test_an_outage_that_is_over_fires_no_more():
    """The long window still burns; the short one is clean."""
    clean, burnt = Tally(5, 0, 5, 5), Tally(60, 30, 60, 60)

    assert burning.judge(TABLE[0], burnt, clean, target=99, days=30).verdict == "quiet"


@pytest.mark.parametrize(
    "long",
    [
        Tally(),
        Tally(valid=19, bad=19, ran=19, asked=60),  # too few to take a share of
        Tally(valid=47, bad=47, ran=47, asked=60),  # less than 80 per cent covered
    ],
)
def test_without_enough_runs_nothing_is_said(long):
    assert burning.judge(TABLE[0], long, long, target=99, days=30).verdict == "insufficient_data"


def test_without_data_an_alert_stays_as_it_is():
    readings = [
        burning.judge(row, Tally(), Tally(), target=99, days=30)
        if row is TABLE[0]
        else burning.judge(row, minutely()(row.long), minutely()(row.short), target=99, days=30)
        for row in TABLE
    ]

    assert burning.verdicts(readings) == {Weight.PAGE: "insufficient_data", Weight.TICKET: "quiet"}


def test_no_traffic_spends_nothing_and_is_neither_whole_nor_none():
    nothing = Tally()

    assert budget.left(nothing, 99.9) is None
    assert budget.burn_rate(nothing, 99.9) is None
    assert nothing.good_percent is None
    assert nothing.coverage is None


@pytest.mark.parametrize(
    ("bad", "elapsed", "left"),
    [(0, 0.5, 1.0), (10, 1.0, 0.0), (10, 0.5, 0.5), (5, 1.0, 0.5), (20, 1.0, -1.0), (1, 0.1, 0.99)],
)
def test_what_is_left_of_the_budget(bad, elapsed, left):
    assert budget.left(Tally(valid=10_000, bad=bad), 99.9, elapsed) == pytest.approx(left)


def test_what_should_be_left_falls_evenly():
    whole = budget.period(datetime(2026, 11, 21, 12, tzinfo=UTC), 28)

    assert (whole.end - whole.start, whole.start.weekday()) == (28 * DAY, 0)
    for days, share in ((0, 1.0), (7, 0.75), (14, 0.5), (28, 0.0), (40, 0.0)):
        assert budget.should_be_left(whole.elapsed(whole.start + days * DAY)) == pytest.approx(share)


def test_periods_lie_end_to_end():
    first = budget.period(datetime(2026, 3, 29, 1, tzinfo=UTC), 30)

    following = budget.period(first.end, 30)

    assert following.start == first.end
    assert budget.period(first.end - timedelta(seconds=1), 30) == first


def test_silence_is_news_after_a_hundredth_of_the_budget_or_three_runs():
    minute = timedelta(minutes=1)

    assert burning.silence(99, 30, minute) == timedelta(days=30) * 0.0001
    assert burning.silence(99.9, 30, minute) == 3 * minute
