"""Hours from minutes, days from hours, and reading them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checks.rollups import buckets, histogram, queries
from checks.rollups.buckets import Counts
from checks.rollups.models import DayBucket, HourBucket, LateHour, MinuteBucket, Watermark
from checks.rollups.roll_up import note_late, roll_up

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def partitions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [NOON - timedelta(days=3), NOON + timedelta(days=2)])


def minute(at: datetime, *, check: int = 900, ok: int = 1, err: int = 0, latency: float = 20.0) -> Counts:
    return Counts(
        check,
        at,
        ok=ok,
        err=err,
        expected=ok + err,
        errors={"timeout": err} if err else {},
        lat_sum=latency * ok,
        lat_min=latency,
        lat_max=latency,
        hist=histogram.encode([latency] * ok),
    )


def test_an_hour_is_the_sum_of_its_minutes() -> None:
    buckets.add_minutes([minute(NOON + timedelta(minutes=step), ok=2, err=1) for step in range(60)])

    assert roll_up(NOON + timedelta(hours=1, minutes=1)) == 0
    assert roll_up(NOON + timedelta(hours=1, minutes=3)) > 0

    row = HourBucket.objects.get(check_id=900, bucket=NOON)
    assert (row.ok, row.err, row.expected, row.errors) == (120, 60, 180, {"timeout": 60})
    assert row.lat_sum == pytest.approx(2400.0)
    assert bytes(row.hist) == histogram.encode([20.0] * 120)


def test_rolling_up_twice_changes_nothing_and_late_minutes_are_seen_again() -> None:
    buckets.add_minutes([minute(NOON)])
    roll_up(NOON + timedelta(hours=1, minutes=3))
    roll_up(NOON + timedelta(hours=1, minutes=4))
    assert HourBucket.objects.get(check_id=900, bucket=NOON).ok == 1

    buckets.add_minutes([minute(NOON, ok=4)])
    roll_up(NOON + timedelta(hours=2, minutes=3))

    assert HourBucket.objects.get(check_id=900, bucket=NOON).ok == 5


def test_a_long_stop_is_caught_up() -> None:
    buckets.add_minutes([minute(NOON)])
    roll_up(NOON + timedelta(hours=1, minutes=3))
    buckets.add_minutes([minute(NOON + timedelta(hours=2)), minute(NOON + timedelta(hours=9))])

    roll_up(NOON + timedelta(hours=20))

    assert HourBucket.objects.filter(check_id=900).count() == 3


def test_a_day_is_the_sum_of_its_hours_and_waits_for_its_end() -> None:
    buckets.add_minutes([minute(NOON + timedelta(hours=step)) for step in range(12)])
    roll_up(NOON + timedelta(hours=11, minutes=30))
    assert not DayBucket.objects.exists()

    roll_up(NOON + timedelta(hours=12, minutes=3))

    row = DayBucket.objects.get(check_id=900)
    assert (row.bucket, row.ok) == (NOON.replace(hour=0), 12)


def test_the_last_day_joins_closed_hours_and_the_running_one_in_one_query() -> None:
    at = NOON + timedelta(minutes=30)
    buckets.add_minutes([minute(at - timedelta(hours=step), check=check) for step in range(24) for check in (900, 901)])
    buckets.add_minutes([minute(NOON + timedelta(minutes=1), err=3)])
    roll_up(at)

    with CaptureQueriesContext(connection) as captured:
        found = queries.last_day([900, 901, 902], at, with_latency=True)

    assert len(captured) == 1
    assert [window.ok for window in found[901]] == [1] * 24
    assert (found[900][-1].ok, found[900][-1].err, found[900][-1].errors) == (2, 3, {"timeout": 3})
    whole = queries.total(found[900])
    assert whole.samples == 28
    assert whole.availability == pytest.approx(100 * 25 / 28)
    assert whole.p95_ms == pytest.approx(20.0, rel=0.02)
    assert whole.mean_ms == pytest.approx(20.0)
    assert all(window.availability is None for window in found[902])


def test_partitions_are_made_and_dropped_by_the_applications_own_role() -> None:
    from checks.scheduler.actions import upkeep

    upkeep(at=NOON + timedelta(days=60))

    buckets.add_minutes([minute(NOON + timedelta(days=66))])
    assert MinuteBucket.objects.filter(check_id=900).count() == 1


def test_late_hours_of_very_many_checks_go_on_where_the_run_before_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.rollups.roll_up._LATE_SECONDS", 0.0)
    now, day = NOON + timedelta(days=1), NOON.replace(hour=0)
    Watermark.objects.create(grain="h", until=now)
    Watermark.objects.create(grain="d", until=day + timedelta(days=1))
    rows = [minute(day + timedelta(hours=hour)) for hour in (1, 2, 3)]
    buckets.add_minutes(rows)
    note_late([row.bucket for row in rows], at=now)

    left = []
    for _ in rows:
        roll_up(now)
        left.append((LateHour.objects.count(), DayBucket.objects.count()))

    assert left == [(2, 0), (1, 0), (0, 1)]
    assert DayBucket.objects.get().ok == HourBucket.objects.filter(bucket__gte=day).count() == 3
