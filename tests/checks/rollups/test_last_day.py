"""A check's last 24 hours, kept as one row: always what its hours and minutes say, whatever came when."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checks.rollups import buckets, queries, recount
from checks.rollups.buckets import Counts
from checks.rollups.day_lines import NO_DAY, DayLine, day_lines
from checks.rollups.models import LastDay, RunningHour
from checks.rollups.roll_up import roll_up

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def partitions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [NOON - timedelta(days=3), NOON + timedelta(days=4)])


def ran(at: datetime, *, check: int = 900, ok: int = 1, err: int = 0, unknown: int = 0) -> Counts:
    """Answers take as many ms as the hour of the day; what fails gets none, and a 5xx is an answer."""
    errors = {"timeout": err - 1, "status_5xx": 1} if err else {}
    return Counts(
        check, at, ok=ok, err=err, unknown=unknown, expected=ok + err + unknown, errors=errors, lat_sum=at.hour * ok
    )


def said(check: int, at: datetime) -> DayLine:
    return day_lines([check], at)[check]


def computed(check: int, at: datetime) -> DayLine:
    """From the hours and the minutes themselves."""
    hours = queries.last_day([check], at)[check]
    means = tuple(one.mean_ms for one in hours)
    return DayLine(
        sum(one.ok for one in hours),
        sum(one.err for one in hours),
        sum(one.asked for one in hours),
        tuple(None if mean is None else pytest.approx(mean, rel=1e-5) for mean in means),  # type: ignore[misc]
        tuple(one.availability for one in hours),
    )


def quiet_day() -> Iterator[Counts]:
    """Two runs an hour since yesterday morning, up to noon."""
    for back in range(30, -1, -1):
        yield ran(NOON - back * HOUR, ok=2)
        yield ran(NOON - back * HOUR + 7 * MINUTE, err=2, unknown=1)


def roll(hours: int) -> None:
    roll_up(NOON + hours * HOUR + 3 * MINUTE)


def nothing_more() -> None:
    roll(0)


def an_hour_closes() -> None:
    roll(1)


def it_goes_on() -> None:
    roll(0)
    buckets.add_minutes([ran(NOON + 20 * MINUTE, ok=3), ran(NOON + 21 * MINUTE, err=3)])


def a_result_comes_late_and_its_hour_is_rolled_up_again() -> None:
    roll(1)
    buckets.add_minutes([ran(NOON + 59 * MINUTE, ok=5)])
    roll(2)


def the_workers_stop_for_a_night() -> None:
    roll(0)
    buckets.add_minutes([ran(NOON + 9 * HOUR)])
    roll(10)


def work_is_recorded_afterwards() -> None:
    roll(1)
    buckets.add_minutes([ran(NOON + HOUR + 5 * MINUTE, ok=4)])
    recount.as_planned([900], NOON - 2 * HOUR - 30 * MINUTE, NOON + HOUR + 6 * MINUTE)


def work_is_recorded_while_nothing_is_rolled_up() -> None:
    recount.as_planned([900], NOON - 2 * HOUR, NOON + HOUR)


@pytest.mark.parametrize(
    ("happens", "hours"),
    [
        (nothing_more, 0),
        (an_hour_closes, 1),
        (it_goes_on, 0),
        (a_result_comes_late_and_its_hour_is_rolled_up_again, 2),
        (the_workers_stop_for_a_night, 10),
        (work_is_recorded_afterwards, 1),
    ],
)
def test_the_kept_day_is_what_hours_and_minutes_say(happens: Callable[[], None], hours: int) -> None:
    buckets.add_minutes(quiet_day())

    happens()

    at = NOON + hours * HOUR + 30 * MINUTE
    assert said(900, at) == computed(900, at)
    assert said(900, at).ok > 0


def test_hours_that_are_not_rolled_up_yet_are_there_all_the_same() -> None:
    """A night without workers leaves no gap in the line, only in what was asked for."""
    buckets.add_minutes(quiet_day())
    before = said(900, NOON)
    work_is_recorded_while_nothing_is_rolled_up()
    after = said(900, NOON)

    assert (before.ok, before.err, before.asked) == (24 * 3, 24 * 2, 24 * 6)
    assert (after.ok, after.err, after.asked) == (21 * 3, 21 * 2, 21 * 6)  # the hour that runs among them


def test_what_comes_late_for_a_closed_hour_is_not_counted_twice() -> None:
    buckets.add_minutes(quiet_day())
    roll(1)
    before = said(900, NOON + HOUR)

    buckets.add_minutes([ran(NOON + 59 * MINUTE, ok=5)])

    assert said(900, NOON + HOUR) == before
    roll(2)
    assert said(900, NOON + HOUR).ok == before.ok + 5


def test_the_day_moves_on_while_nothing_runs_and_is_gone_after_a_day() -> None:
    """A paused check keeps no line that is older than it says."""
    buckets.add_minutes([ran(NOON), ran(NOON, check=901)])
    roll(1)
    assert said(900, NOON).line[-1] == said(900, NOON + 23 * HOUR).line[0] == 12.0
    assert said(900, NOON + 24 * HOUR) == NO_DAY

    buckets.add_minutes([ran(NOON + 24 * HOUR, check=901)])
    roll(26)

    assert list(LastDay.objects.order_by("pk").values_list("pk", flat=True)) == [901]


def test_a_closed_hour_leaves_no_running_one_and_a_page_is_one_query() -> None:
    buckets.add_minutes([ran(NOON + step * HOUR, check=check) for step in (0, 1) for check in (900, 901)])
    roll(1)

    assert list(RunningHour.objects.order_by("check_id").values_list("check_id", "hour")) == [
        (900, NOON + HOUR),
        (901, NOON + HOUR),
    ]
    with CaptureQueriesContext(connection) as captured:
        found = day_lines([900, 901, 902], NOON + HOUR)
    assert len(captured) == 1
    assert [found[check].ok for check in (900, 901, 902)] == [2, 2, 0]
