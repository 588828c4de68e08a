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


def test_slots_older_than_the_minute_buckets_are_forgotten() -> None:
    found = grid.missed_by_bucket(AT - timedelta(days=40), 3600, AT)

    assert sum(found.values()) == 12 * 24
    assert min(found) >= AT - timedelta(days=12, hours=1)
