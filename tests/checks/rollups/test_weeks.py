"""ISO weeks in UTC: from days, late hours reach them, years and clocks do not bend them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from checks.catalogue.models import Check
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.rollups.models import DayBucket, HourBucket, MinuteBucket, Watermark, WeekBucket
from checks.rollups.roll_up import roll_up
from checks.runs import planned_work
from incidents.statuspage.maintenance import Maintenance
from opsportal.models import User
from tests import engines

pytestmark = pytest.mark.django_db
CHECK = 900
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
# A Monday, and three minutes into the one after it: the week has just closed.
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
CLOSED = MONDAY + WEEK + timedelta(minutes=3)


def make_room(since: datetime, until: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [since, until])


def counts(at: datetime, *, ok: int = 1, err: int = 0, latency: float = 20.0) -> Counts:
    return Counts(
        CHECK, at, ok=ok, err=err, expected=ok + err, errors={"timeout": err} if err else {}, lat_sum=latency * ok,
        lat_min=latency, lat_max=latency, hist=histogram.encode([latency] * ok),
    )  # fmt: skip


def weeks() -> list[tuple[datetime, int]]:
    rows = WeekBucket.objects.filter(check_id=CHECK).order_by("bucket")
    return [(row.bucket, row.ok) for row in rows]


def test_a_week_is_the_sum_of_its_days_and_waits_for_its_end() -> None:
    make_room(MONDAY, CLOSED)
    buckets.add_minutes(counts(MONDAY + step * DAY, ok=2, err=1, latency=10.0 + step) for step in range(7))

    roll_up(MONDAY + 6 * DAY + timedelta(hours=23, minutes=59))
    assert not WeekBucket.objects.exists()
    roll_up(CLOSED)

    row = WeekBucket.objects.get(check_id=CHECK)
    assert (row.bucket, row.ok, row.err, row.expected, row.errors) == (MONDAY, 14, 7, 21, {"timeout": 7})
    assert row.lat_sum == pytest.approx(182.0)
    assert (row.lat_min, row.lat_max) == (10.0, 16.0)
    assert bytes(row.hist) == histogram.encode([latency for step in range(7) for latency in [10.0 + step] * 2])
    assert Watermark.objects.get(grain="w").until == MONDAY + WEEK


def test_rolling_up_twice_changes_nothing_and_a_late_hour_reaches_the_week() -> None:
    make_room(MONDAY, CLOSED + DAY)
    last = MONDAY + WEEK - timedelta(minutes=30)
    buckets.add_minutes([counts(last)])
    for minutes in (3, 4):
        roll_up(MONDAY + WEEK + timedelta(minutes=minutes))
    assert weeks() == [(MONDAY, 1)]

    buckets.add_minutes([counts(last, ok=4)])
    roll_up(CLOSED + HOUR)

    assert weeks() == [(MONDAY, 5)]


def test_a_long_stop_over_the_end_of_a_week_is_caught_up() -> None:
    make_room(MONDAY, MONDAY + 2 * WEEK)
    buckets.add_minutes([counts(MONDAY)])
    roll_up(MONDAY + timedelta(hours=1, minutes=3))
    buckets.add_minutes([counts(MONDAY + 3 * DAY), counts(MONDAY + 8 * DAY)])

    roll_up(MONDAY + 10 * DAY)
    roll_up(MONDAY + 2 * WEEK + timedelta(minutes=3))

    assert weeks() == [(MONDAY, 2), (MONDAY + WEEK, 1)]


def test_weeks_of_days_that_were_there_before_are_made_the_first_time() -> None:
    make_room(MONDAY - 3 * WEEK, CLOSED)
    old = MONDAY - 3 * WEEK
    buckets.replace_days([counts(old + DAY, ok=3), counts(old + 2 * WEEK, ok=5)])
    buckets.add_minutes([counts(MONDAY + WEEK - HOUR)])

    roll_up(CLOSED)

    assert weeks() == [(old, 3), (old + 2 * WEEK, 5), (MONDAY, 1)]


def test_an_empty_week_has_no_row_and_holds_nothing_up() -> None:
    make_room(MONDAY, MONDAY + 3 * WEEK)
    roll_up(CLOSED)
    assert weeks() == []
    buckets.add_minutes([counts(MONDAY + 2 * WEEK)])

    roll_up(MONDAY + 3 * WEEK + timedelta(minutes=3))

    assert weeks() == [(MONDAY + 2 * WEEK, 1)]
    assert Watermark.objects.get(grain="w").until == MONDAY + 3 * WEEK


def test_the_week_of_the_year_boundary_is_one_week_and_lies_in_its_mondays_year() -> None:
    monday = datetime(2026, 12, 28, tzinfo=UTC)  # week 53 of 2026, which ends on 3 January
    make_room(datetime(2027, 1, 2, tzinfo=UTC), monday + 2 * WEEK)  # a portal that began in the new year
    buckets.replace_days([counts(datetime(2027, 1, 1, tzinfo=UTC), ok=5), counts(datetime(2027, 1, 3, tzinfo=UTC))])
    buckets.add_minutes([counts(datetime(2027, 1, 4, 7, tzinfo=UTC), ok=7)])

    roll_up(monday + 2 * WEEK + timedelta(minutes=3))

    assert weeks() == [(monday, 6), (monday + WEEK, 7)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM checks_bucket_w ORDER BY bucket")
        assert [row[0] for row in cursor.fetchall()] == ["checks_bucket_w_2026", "checks_bucket_w_2027"]


@pytest.mark.parametrize("sunday", [datetime(2027, 3, 28, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_weeks_in_which_clocks_change_have_seven_days_of_24_hours(sunday: datetime) -> None:
    monday = sunday - 6 * DAY
    make_room(monday, sunday + 2 * DAY)
    buckets.add_minutes(counts(monday + step * HOUR) for step in range(7 * 24 + 1))

    with timezone.override("Europe/Berlin"):
        roll_up((sunday + DAY + timedelta(minutes=3)).astimezone(ZoneInfo("Europe/Berlin")))

    assert weeks() == [(monday, 168)]
    days = DayBucket.objects.filter(check_id=CHECK).order_by("bucket").values_list("bucket", "ok")
    assert list(days) == [(monday + step * DAY, 24) for step in range(7)]


def test_work_recorded_afterwards_reaches_the_week_and_only_the_closed_one(
    add_check: Callable[..., Check], responder: User
) -> None:
    now = MONDAY + WEEK + timedelta(hours=3)
    make_room(MONDAY, now)
    check = add_check("touched")
    for start in (MONDAY + 6 * DAY, MONDAY + WEEK):
        buckets.add_minutes(
            Counts(check.pk, start + timedelta(minutes=step), ok=1, expected=1, hist=histogram.encode([5.0]))
            for step in range(60)
        )
    roll_up(now)
    Maintenance.objects.create(
        title="Disk swap", text="Disks are swapped.", audience="internal", domain=check.domain,
        starts_at=MONDAY + 6 * DAY + timedelta(minutes=30), ends_at=MONDAY + WEEK + timedelta(minutes=10),
        created_by=responder, updated_at=now,
    )  # fmt: skip

    for later in range(2):
        planned_work.recount(at=now + timedelta(minutes=later))

    row = WeekBucket.objects.get(check_id=check.pk)
    assert (row.bucket, row.ok, row.maint, row.expected) == (MONDAY, 30, 30, 60)
    assert histogram.counts(bytes(row.hist)).total() == 30
    assert sum(MinuteBucket.objects.filter(check_id=check.pk).values_list("maint", flat=True)) == 40
    roll_up(now + HOUR)
    assert WeekBucket.objects.get(check_id=check.pk).maint == 30


def test_only_partitions_whose_time_is_over_are_dropped() -> None:
    make_room(MONDAY, CLOSED)
    buckets.replace_weeks([counts(MONDAY)])
    buckets.replace_days([counts(MONDAY)])
    buckets.replace_hours([counts(MONDAY)])

    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_drop_partitions(%s)", [datetime(2035, 1, 1, tzinfo=UTC)])
    assert not DayBucket.objects.exists() and not HourBucket.objects.exists()
    assert weeks() == [(MONDAY, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_drop_partitions(%s)", [datetime(2037, 1, 1, 1, tzinfo=UTC)])

    assert weeks() == []


@pytest.mark.django_db(transaction=True)
def test_back_before_weeks_and_forward_again_loses_none() -> None:
    """The statements of the migrations, there and back, over twelve weeks of days."""
    since = MONDAY - 11 * WEEK
    make_room(since, CLOSED)
    buckets.replace_days([counts(since + step * DAY, ok=3) for step in range(12 * 7)])
    buckets.add_minutes([counts(CLOSED - HOUR)])
    roll_up(CLOSED)
    before = weeks()
    make, functions = import_module("checks.migrations.0008_weeks").Migration.operations[0].database_operations
    (more,) = import_module("checks.migrations.0017_week_quantiles").Migration.operations

    with psycopg.connect(engines.current().owner_url()) as owner:
        for statements in (
            more.reverse_sql,
            functions.reverse_sql,
            make.reverse_sql,
            make.sql,
            functions.sql,
            more.sql,
        ):
            owner.execute(statements)
    engines.make_room_for_fixed_days()
    roll_up(CLOSED + HOUR)

    assert len(before) == 12
    assert weeks() == before
