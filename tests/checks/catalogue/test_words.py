"""Checks in words and as a chart: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.catalogue import chart, words
from checks.rollups import histogram
from checks.rollups.queries import Window

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "every 5 s"), (60, "every 1 min"), (90, "every 90 s"), (21600, "every 6 h"), (86400, "daily")],
)
def test_periods(seconds: int, text: str) -> None:
    assert words.every(seconds) == text


@pytest.mark.parametrize(
    ("ms", "text"), [(None, "–"), (0, "0"), (3.84, "3.8 ms"), (212.4, "212 ms"), (1934.0, "1.93 s")]
)
def test_latencies(ms: float | None, text: str) -> None:
    assert words.duration(ms) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (100.0, "100 %"), (99.9999, "99.99 %"), (0.0, "0 %")])
def test_shares_are_never_rounded_up(value: float | None, text: str) -> None:
    assert words.percent(value) == text


def test_a_trend_says_what_the_line_shows() -> None:
    fine = Window(NOON, ok=60, expected=60, lat_sum=1200.0)
    slow = Window(NOON, ok=58, err=2, expected=60, errors={"timeout": 2}, lat_sum=5800.0)

    assert words.trend([fine, slow]) == "2 failed of 120 runs in 24 hours, mean latency between 20 ms and 100 ms"
    assert words.trend([Window(NOON)]) == "No data in 24 hours"


def day(*busy: int) -> list[Window]:
    """24 hours of which some had runs."""
    hours = [Window(NOON + timedelta(hours=hour)) for hour in range(24)]
    for hour in busy:
        hist = histogram.encode([20.0] * 60)
        hours[hour] = Window(hours[hour].start, ok=60, expected=60, lat_sum=1200.0, hist=hist)
    return hours


def test_a_gap_breaks_the_line_and_a_lonely_hour_is_a_dash() -> None:
    drawn = chart.build(day(1, 2, 3, 20), width=680, height=250, has_latency=True)

    assert drawn.p95.count("M") == 2
    assert " h" in drawn.p95
    assert [bar.fill for bar in drawn.bars].count("fill-mute") == 20
    assert {bar.height for bar in drawn.bars if bar.fill == "fill-mute"} == {6}
    assert [hour.text for hour in drawn.hours] == ["12:00", "18:00", "00:00", "06:00"]


def test_an_hour_with_failures_has_a_colour_of_its_own() -> None:
    hours = day(*range(24))
    hours[3] = Window(hours[3].start, ok=50, err=10, expected=60)
    hours[4] = Window(hours[4].start, ok=10, err=50, expected=60)

    drawn = chart.build(hours, width=680, height=250, has_latency=False)

    assert [bar.fill for bar in drawn.bars[2:6]] == ["fill-ok", "fill-warn", "fill-fail", "fill-ok"]
    assert (drawn.p50, drawn.levels) == ("", [])


def test_a_change_is_an_upright_line_at_its_minute_and_none_outside_the_hours() -> None:
    moments = [NOON - timedelta(minutes=1), NOON, NOON + timedelta(hours=12), NOON + timedelta(hours=25)]

    drawn = chart.build(day(1), width=680, height=250, has_latency=True, changes=moments)

    middle = (drawn.left + drawn.right) / 2
    assert list(drawn.changes) == pytest.approx([drawn.left, middle])
