"""Planned work that was recorded afterwards: its minutes, hours and days are counted anew, once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from checks.catalogue.models import Check
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.rollups.models import DayBucket, HourBucket, MinuteBucket, Watermark
from checks.rollups.roll_up import roll_up
from checks.runs import planned_work
from incidents.statuspage import planning
from incidents.statuspage.maintenance import Maintenance
from incidents.statuspage.planning import Plan
from opsportal.models import User

AddCheck = Callable[..., Check]
DAY = datetime(2026, 11, 20, tzinfo=UTC)
NOW = DAY + timedelta(days=1, minutes=30)


@pytest.fixture
def checks(add_check: AddCheck) -> tuple[Check, Check]:
    """Two checks with four hours of minutes, half of them bad, rolled up; only the first one's domain has work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [DAY, NOW])
    touched, other = add_check("touched"), add_check("other", domain_id=_another_domain())
    buckets.add_minutes(
        Counts(
            check.pk, DAY + timedelta(minutes=number), ok=1, err=1, unknown=1, expected=3, errors={"timeout": 1},
            lat_sum=5.0, lat_min=5.0, lat_max=5.0, hist=histogram.encode([5.0]),
        )
        for check in (touched, other)
        for number in range(240)
    )  # fmt: skip
    roll_up(NOW)
    return touched, other


def _another_domain() -> int:
    from incidents.ownership.models import Domain

    return Domain.objects.get(slug="payments").pk


def record(check: Check, by: User, start: datetime, end: datetime) -> Maintenance:
    return Maintenance.objects.create(
        title="Disk swap", text="Disks are swapped.", audience="internal", domain=check.domain,
        starts_at=start, ends_at=end, created_by=by, updated_at=NOW,
    )  # fmt: skip


def totals(model: type[MinuteBucket | HourBucket | DayBucket], check: Check) -> list[int]:
    rows = model.objects.filter(check_id=check.pk).values_list("ok", "err", "unknown", "maint", "expected")
    return [sum(column) for column in zip(*rows, strict=True)]


def test_work_recorded_afterwards_moves_its_minutes_hours_and_days_once(
    checks: tuple[Check, Check], responder: User
) -> None:
    touched, other = checks
    record(touched, responder, DAY + timedelta(minutes=30), DAY + timedelta(minutes=150))

    assert planned_work.recount(at=NOW) == 121  # 120 minutes, and the hour that lies in it whole
    assert planned_work.recount(at=NOW + timedelta(minutes=1)) == 0

    for model in (MinuteBucket, HourBucket, DayBucket):
        assert totals(model, touched) == [120, 120, 120, 360, 720], model
        assert totals(model, other) == [240, 240, 240, 0, 720], model
    hour = HourBucket.objects.get(check_id=touched.pk, bucket=DAY + timedelta(hours=1))
    assert (hour.errors, hour.lat_min, bytes(hour.hist)) == ({}, None, b"")
    half = HourBucket.objects.get(check_id=touched.pk, bucket=DAY)
    assert (half.errors, histogram.counts(bytes(half.hist)).total()) == ({"timeout": 30}, 30)
    roll_up(NOW + timedelta(hours=1))
    assert totals(DayBucket, touched) == [120, 120, 120, 360, 720]


def test_where_minutes_are_gone_whole_hours_move(checks: tuple[Check, Check], responder: User) -> None:
    touched, _ = checks
    MinuteBucket.objects.all().delete()
    record(touched, responder, DAY + timedelta(minutes=30), DAY + timedelta(minutes=150))

    assert planned_work.recount(at=NOW) == 1

    assert totals(HourBucket, touched) == totals(DayBucket, touched) == [180, 180, 180, 180, 720]


def test_a_later_end_moves_what_came_to_it(checks: tuple[Check, Check], responder: User) -> None:
    touched, _ = checks
    work = record(touched, responder, DAY, DAY + timedelta(minutes=10))
    planned_work.recount(at=NOW)
    later = NOW + timedelta(hours=1)

    Maintenance.objects.filter(pk=work.pk).update(ends_at=DAY + timedelta(minutes=20), updated_at=later)

    assert planned_work.recount(at=later) == 10
    assert totals(MinuteBucket, touched)[3] == 60
    assert Watermark.objects.get(grain="work").until == later


@pytest.mark.parametrize("changes", [{"cancelled_at": NOW}, {"audience": "public"}])
def test_work_that_does_not_take_place_moves_nothing(
    checks: tuple[Check, Check], responder: User, changes: dict[str, object]
) -> None:
    work = record(checks[0], responder, DAY, DAY + timedelta(minutes=10))
    Maintenance.objects.filter(pk=work.pk).update(**changes)

    assert planned_work.recount(at=NOW) == 0


def test_work_that_a_person_records_when_it_is_over_is_counted_anew(
    checks: tuple[Check, Check], publisher: User
) -> None:
    touched, _ = checks
    start = DAY + timedelta(minutes=60)
    wanted = Plan(
        "Disk swap", "Disks are swapped.", "internal", touched.domain, (), start, start + timedelta(minutes=30)
    )

    planning.plan(wanted, by=publisher, at=NOW)

    assert planned_work.recount(at=NOW) == 30
    moved = MinuteBucket.objects.filter(maint__gt=0)
    assert set(moved.values_list("check_id", flat=True)) == {touched.pk}
    assert set(moved.values_list("ok", "err", "unknown", "maint")) == {(0, 0, 0, 3)}
