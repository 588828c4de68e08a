"""Claiming in PostgreSQL: once, on the grid, with what was missed counted."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups.models import DayBucket, HourBucket, LateHour, MinuteBucket, Watermark, WeekBucket
from checks.rollups.roll_up import roll_up
from checks.scheduler import grid
from checks.scheduler.actions import upkeep
from checks.scheduler.claim import claim, reap

AddCheck = Callable[..., Check]


@pytest.fixture(autouse=True)
def only_mine(db: None) -> None:
    """The portal's own checks are not due in these tests."""
    Check.objects.update(state=State.PAUSED)


def test_what_is_due_is_claimed_once_and_moves_to_its_next_slot(add_check: AddCheck) -> None:
    check = add_check(every_seconds=30, next_due=timezone.now() - timedelta(seconds=1))

    first, second = claim(), claim()

    check.refresh_from_db()
    assert first is not None and [run.check_id for run in first.runs] == [check.pk]
    assert second is None
    assert check.lease_token == first.token
    assert check.next_due == grid.next_slot(check.key, 30, first.at)


@pytest.mark.parametrize("every", [5, 7, 60, 900, 21600, 86400])
def test_sql_and_python_agree_about_the_grid(add_check: AddCheck, every: int) -> None:
    checks = [add_check(f"check-{number}", every_seconds=every) for number in range(20)]

    claimed = claim()

    assert claimed is not None
    for check in checks:
        check.refresh_from_db()
        assert check.next_due == grid.next_slot(check.key, every, claimed.at)


def test_slots_nobody_came_for_are_unknown(add_check: AddCheck) -> None:
    check = add_check(every_seconds=60, next_due=timezone.now() - timedelta(seconds=60 * 5 + 2))

    claim()

    rows = MinuteBucket.objects.filter(check_id=check.pk)
    assert sum(row.unknown for row in rows) == 5
    assert sum(row.expected for row in rows) == 5
    assert sum(row.ok + row.err for row in rows) == 0


def test_slots_missed_while_only_this_worker_was_away_reach_hours_days_and_weeks(add_check: AddCheck) -> None:
    now, away = timezone.now(), timedelta(days=30)
    check = add_check(every_seconds=3600, next_due=now - away)
    upkeep(at=now, every=timedelta(0))
    closed = (now - timedelta(minutes=2)).replace(minute=0, second=0, microsecond=0)
    monday = closed.replace(hour=0) - timedelta(days=closed.weekday())
    # The other workers went on, and rolled up what there was.
    for grain, until in (("h", closed - timedelta(hours=1)), ("d", closed.replace(hour=0)), ("w", monday)):
        Watermark.objects.create(grain=grain, until=until)

    claimed = claim()
    for _ in range(10):
        roll_up(now)

    assert claimed is not None
    missed = grid.missed(now - away, 3600, claimed.at)
    rows = {model: model.objects.filter(check_id=check.pk) for model in (HourBucket, DayBucket, WeekBucket)}
    hours = sum(row.unknown for row in rows[HourBucket])
    running = MinuteBucket.objects.filter(check_id=check.pk, bucket__gte=closed)
    assert hours + sum(row.unknown for row in running) == missed
    assert sum(row.expected for row in rows[DayBucket]) >= missed - 24
    assert sum(row.expected for row in rows[WeekBucket]) >= missed - 7 * 24
    assert not LateHour.objects.exists()


def test_after_a_long_stop_hours_get_partitions_and_few_minutes_do(add_check: AddCheck) -> None:
    now = timezone.now()
    add_check(every_seconds=3600, next_due=now - timedelta(days=300))

    with CaptureQueriesContext(connection) as seen:
        upkeep(at=now, every=timedelta(0))

    statement = next(one["sql"] for one in seen.captured_queries if "generate_series" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'checks_bucket_h'::regclass")
        assert cursor.fetchone()[0] >= 10
        cursor.execute(statement)  # once more, without what is dropped afterwards
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'checks_bucket_m'::regclass")
        assert cursor.fetchone()[0] < 60


def test_a_lease_that_died_long_ago_is_counted_in_its_hour(add_check: AddCheck) -> None:
    now, died = timezone.now(), timezone.now() - timedelta(hours=20)
    check = add_check()
    Check.objects.filter(pk=check.pk).update(lease_token=uuid4(), lease_until=died)
    Watermark.objects.create(grain="h", until=now.replace(minute=0, second=0, microsecond=0))

    reap()
    roll_up(now)

    assert HourBucket.objects.get(check_id=check.pk).unknown == 1


def test_paused_leased_and_future_checks_are_left_alone(add_check: AddCheck) -> None:
    add_check("paused", state=State.PAUSED)
    add_check("future", next_due=timezone.now() + timedelta(minutes=1))
    add_check("unknown-kind", kind="telepathy")

    assert claim() is None


def test_a_dead_lease_counts_its_slot_as_unknown_and_frees_the_check(add_check: AddCheck) -> None:
    check = add_check(every_seconds=86400)
    claim()
    Check.objects.filter(pk=check.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    assert (reap(), reap()) == (1, 0)

    row = MinuteBucket.objects.get(check_id=check.pk)
    check.refresh_from_db()
    assert (row.unknown, row.expected) == (1, 1)
    assert check.lease_token is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_check(add_check: AddCheck) -> None:
    wanted = {add_check(f"check-{number}").pk for number in range(300)}
    found: list[int] = []
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        while claimed := claim(limit=10):
            found.extend(run.check_id for run in claimed.runs)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(found) == 300
    assert set(found) == wanted
