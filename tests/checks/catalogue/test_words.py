"""Checks in words: pure."""

from datetime import UTC, datetime

import pytest

from checks.catalogue import words
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
    assert words.trend([Window(NOON)], "from 20 Nov 03:00 to 09:00") == "No data from 20 Nov 03:00 to 09:00"


def test_availability_never_stands_without_what_it_covers() -> None:
    assert words.covered(Window(NOON, ok=1999, err=1, unknown=50, maint=100, expected=2150)) == (
        "99.95 % of 97.56 % covered"
    )
    assert words.covered(Window(NOON, unknown=5, expected=5)) == "nothing covered"
    assert words.covered(Window(NOON)) == "nothing was due"
