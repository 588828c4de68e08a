"""The grid of slots: pure arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.scheduler import grid

AT = datetime(2026, 11, 21, 3, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("every", [5, 30, 60, 900, 86400])
def test_the_next_slot_lies_on_the_grid_and_strictly_after(every: int) -> None:
    first = grid.next_slot("checkout", every, AT)
    second = grid.next_slot("checkout", every, first)

    assert AT < first <= AT + timedelta(seconds=every)
    assert second - first == timedelta(seconds=every)
    assert (first.timestamp() - grid.phase("checkout", every)) % every == 0


def test_phases_spread_over_the_period() -> None:
    phases = {grid.phase(f"check-{number}", 60) for number in range(1000)}

    assert len(phases) == 60


@pytest.mark.parametrize(("late_seconds", "expected"), [(0, 0), (59, 0), (60, 1), (150, 2), (-5, 0)])
def test_missed_slots_do_not_count_the_one_that_is_run(late_seconds: int, expected: int) -> None:
    assert grid.missed(AT - timedelta(seconds=late_seconds), 60, AT) == expected


def test_recent_missed_slots_are_told_apart_by_the_minute() -> None:
    found = grid.missed_by_bucket(AT - timedelta(minutes=3), 30, AT)

    assert list(found.values()) == [1, 2, 2, 1]
    assert next(iter(found)) == datetime(2026, 11, 21, 3, 9, tzinfo=UTC)


def test_older_missed_slots_are_told_apart_by_the_hour_and_none_is_lost() -> None:
    due = AT - timedelta(hours=30, seconds=7)

    found = grid.missed_by_bucket(due, 10, AT)

    assert sum(found.values()) == grid.missed(due, 10, AT)
    assert len(found) < 30 + 61
    assert all(bucket.second == 0 and bucket <= AT for bucket in found)


@pytest.mark.parametrize("every", [7, 60, 3600, 21600, 86400])
@pytest.mark.parametrize("days", [0.5, 11, 12, 12.5, 13, 30, 200])
def test_missed_slots_that_no_minute_can_hold_are_counted_day_by_day(every: int, days: float) -> None:
    due = AT - timedelta(days=days)

    minutes, hours = grid.missed_by_bucket(due, every, AT), grid.missed_long_ago(due, every, AT)

    assert sum(minutes.values()) + sum(hours.values()) == grid.missed(due, every, AT)
    assert all(bucket >= datetime(2026, 11, 9, tzinfo=UTC) - timedelta(hours=1) for bucket in minutes)
    assert all(bucket < datetime(2026, 11, 9, tzinfo=UTC) for bucket in hours)
    assert len(hours) <= days and all(bucket.hour == 0 or bucket > due for bucket in hours)
    last_run = due - timedelta(seconds=every)
    assert all(bucket + timedelta(hours=1) > last_run for bucket in hours)


def test_slots_of_the_hour_of_the_last_run_are_where_that_hour_is_rolled_up_from() -> None:
    due = datetime(2026, 11, 8, 23, 20, tzinfo=UTC)

    minutes, hours = grid.missed_by_bucket(due, 600, AT), grid.missed_long_ago(due, 600, AT)

    assert (minutes[due.replace(minute=0)], hours) == (4, {})
    assert sum(minutes.values()) == grid.missed(due, 600, AT)


def test_what_hours_no_longer_hold_is_forgotten() -> None:
    found = grid.missed_long_ago(AT - timedelta(days=1000), 86400, AT)

    assert min(found) + timedelta(days=1) >= AT - grid.FORGOTTEN
