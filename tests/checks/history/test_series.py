"""One check in equal steps: closed buckets, and finer ones for what is not rolled up yet; each run counts once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checks.history.span import RANGES, between, of_range
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.rollups.queries import Window, total
from checks.rollups.roll_up import roll_up
from checks.rollups.series import series, weeks

pytestmark = pytest.mark.django_db
CHECK = 900
AT = datetime(2026, 11, 26, 9, 47, tzinfo=UTC)  # a Thursday
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


@pytest.fixture(autouse=True)
def partitions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [AT - 13 * DAY, AT + DAY])


def counts(at: datetime, *, check: int = CHECK, ok: int = 1, err: int = 0) -> Counts:
    return Counts(
        check, at, ok=ok, err=err, expected=ok + err, errors={"timeout": err} if err else {}, lat_sum=20.0 * ok,
        lat_min=20.0, lat_max=20.0, hist=histogram.encode([20.0] * ok),
    )  # fmt: skip


def read(start: datetime, end: datetime, step: timedelta) -> list[Window]:
    return series(CHECK, start=start, end=end, step=step, at=AT)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_every_run_counts_once_in_every_grain_rolled_up_or_not(rolled_up: bool) -> None:
    first = AT - 2 * DAY if rolled_up else AT - 2 * HOUR
    moments = [first + number * (AT - first) / 40 for number in range(40)]
    buckets.add_minutes(counts(one.replace(second=0, microsecond=0), err=1) for one in moments)
    if rolled_up:
        roll_up(AT)

    for name in ("24h", "7d", "90d"):
        span = of_range(name, AT, every=MINUTE)
        inside = [one for one in moments if one.replace(second=0) >= span.start]
        whole = total(read(span.start, span.end, span.step))
        assert (whole.ok, whole.err, whole.errors["timeout"]) == (len(inside),) * 3, name
        assert whole.answered == len(inside)


def test_days_and_weeks_that_are_open_come_from_their_hours_and_minutes() -> None:
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    buckets.replace_weeks([counts(monday, ok=70)])
    buckets.replace_days([counts(monday + number * DAY, ok=10) for number in range(10)])
    buckets.replace_hours([counts(AT.replace(hour=hour, minute=0), ok=3) for hour in range(9)])
    buckets.add_minutes([counts(AT.replace(minute=5), ok=2), counts(AT.replace(hour=8, minute=59), ok=500)])

    days = read(monday, monday + 11 * DAY, DAY)
    by_week = read(monday, monday + 2 * WEEK, WEEK)

    assert [one.ok for one in days] == [10] * 10 + [29]
    assert [one.ok for one in by_week] == [70, 30 + 29]


def test_steps_without_a_bucket_are_empty_and_steps_of_several_buckets_are_sums() -> None:
    buckets.add_minutes([counts(AT - number * MINUTE, ok=number + 1) for number in range(6)])
    start = AT.replace(minute=30)

    found = read(start, start + 20 * MINUTE, 5 * MINUTE)

    assert [(one.start, one.ok) for one in found] == [
        (start, 0), (start + 5 * MINUTE, 0), (start + 10 * MINUTE, 6 + 5 + 4), (start + 15 * MINUTE, 3 + 2 + 1),
    ]  # fmt: skip
    assert found[0].availability is None and found[3].p99_ms == pytest.approx(20.0, rel=0.02)


def test_a_stretch_takes_one_query_whatever_its_length() -> None:
    for name in RANGES:
        span = of_range(name, AT, every=MINUTE)
        with CaptureQueriesContext(connection) as captured:
            read(span.start, span.end, span.step)
        assert len(captured) == 1
    long = between(AT - 900 * DAY, AT, AT, every=MINUTE)
    assert len(read(long.start, long.end, long.step)) == len(list(long.steps))


def test_the_last_weeks_of_many_checks_take_one_query_and_the_running_week_is_not_among_them() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    checks = range(900, 930)
    buckets.replace_weeks(
        counts(monday - back * WEEK, check=check, ok=back + 1, err=1) for check in checks for back in (0, 1, 2)
    )

    with CaptureQueriesContext(connection) as captured:
        found = weeks([*checks, 999], AT)

    assert len(captured) == 1
    assert [[one.ok for one in found[check]] for check in checks] == [[3, 2]] * 30
    assert found[999] == []
    assert found[900][1].availability == pytest.approx(200 / 3)
    assert weeks([900], AT, number=1)[900][0].start == monday - WEEK
