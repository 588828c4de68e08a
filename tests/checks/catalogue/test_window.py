"""The window of a rate: what a form refuses, and how far back a stored rule looks. A pure rule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from checks.catalogue import window


@dataclass(frozen=True)
class Rate:
    every_seconds: int
    fail_after: int
    share_minutes: int = 10


@pytest.mark.parametrize(
    ("every", "fail_after", "minutes", "sentence"),
    [
        (60, 3, 10, ""),
        (60, 3, 3, "3 failed runs need 4 minutes at least"),
        (5, 20, 2, "20 failed runs need 3 minutes at least"),
        (300, 3, 10, "3 failed runs need 20 minutes at least"),
        (300, 3, 20, ""),
        (300, 1, 9, "1 failed run needs 10 minutes at least"),
        (21600, 3, 1440, ""),
        (86400, 3, 1440, "1440 minutes, the longest window, cannot hold 3 failed runs at one every 86400 s"),
    ],
)
def test_a_window_that_cannot_hold_its_failures_is_refused(
    every: int, fail_after: int, minutes: int, sentence: str
) -> None:
    found = window.refusal(every_seconds=every, fail_after=fail_after, minutes=minutes)

    assert bool(found) == bool(sentence) and sentence in found


@pytest.mark.parametrize("every", [5, 10, 30, 60, 120, 300, 900, 3600, 21600, 86400])
@pytest.mark.parametrize("fail_after", [1, 3, 20])
@pytest.mark.parametrize("second", [0, 29, 59])
def test_every_stored_rule_can_come_true(every: int, fail_after: int, second: int) -> None:
    rate, now = Rate(every, fail_after), datetime(2026, 11, 21, 3, 12, second, tzinfo=UTC)
    failures = window.failures_of(rate)
    runs = [now - place * timedelta(seconds=every) for place in range(failures)]

    # The buckets in which those runs are counted begin inside the window.
    assert all(run.replace(second=0) >= now - window.length_of(rate) for run in runs)
    assert failures == fail_after or every == 86400


def test_what_was_chosen_stays_where_it_is_long_enough() -> None:
    assert window.minutes_of(Rate(60, 3, 30)) == 30
