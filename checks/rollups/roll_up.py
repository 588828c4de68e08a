"""Hours from minutes, days from hours, ISO weeks from days: recomputed whole and put in place.

So running twice changes nothing. All of it is UTC, where every day has 24 hours and every week seven days.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from checks.rollups import buckets, histogram, last_day
from checks.rollups.buckets import Counts
from checks.rollups.models import LateHour, Watermark

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
# A batch may still write into a minute this long after its end.
LAG = timedelta(minutes=2)
# Hours that are looked at again each time, for what came late.
AGAIN = 3 * HOUR
_KEPT = timedelta(days=13)
# Of one run, which ends within the workers' soft limit and leaves time for what follows it.
_LATE_AT_ONCE, _LATE_SECONDS = 48, 10.0

_SUM = """
SELECT check_id, sum(ok)::int, sum(err)::int, sum(unknown)::int, sum(expected)::int, sum(maint)::int, sum(c429)::int,
       sum(c5xx)::int, jsonb_agg(errors) FILTER (WHERE errors <> '{{}}'), sum(lat_sum), min(lat_min), max(lat_max),
       string_agg(hist, ''::bytea)
FROM {table} WHERE bucket >= %s AND bucket < %s{only} GROUP BY check_id
"""


def note_late(moments: Iterable[datetime], *, at: datetime) -> None:
    """Remember the hours of what was counted long after they were over, such as slots that nobody came for.

    In the transaction that counts, so that neither is there without the other. Hours that are looked at again anyway
    need no note; the next look may be an hour away.
    """
    newest = at - (AGAIN - HOUR)
    hours = {_hour(one) for one in moments if one < newest}
    if hours:
        LateHour.objects.bulk_create(LateHour(hour=hour) for hour in sorted(hours))


def roll_up(at: datetime) -> int:
    """Bring hours, days and weeks up to date; how many hours were computed. Does nothing until an hour has closed."""
    return _roll_up_closed(at) + _roll_up_late(at)


def _roll_up_closed(at: datetime) -> int:
    closed = _hour(at - LAG)
    done = _watermark("h") or _oldest_minute() or closed
    if done >= closed:
        return 0
    since = max(min(done, closed - AGAIN), _hour(at - _KEPT))
    hours = list(_steps(since, closed, HOUR))
    for hour in hours:
        with transaction.atomic():
            rows = _summed("checks_bucket_m", hour, HOUR)
            buckets.replace_hours(rows)
            last_day.keep([row.check_id for row in rows], until=max(hour + HOUR, done))
            last_day.close(hour)
            _move("h", max(hour + HOUR, done))
    _roll_up_days(since, closed)
    _roll_up_weeks(since, closed)
    return len(hours)


def _roll_up_late(at: datetime) -> int:
    """Hours that got counts after they were rolled up, the oldest first; what takes too long waits for its turn.

    Each by itself, so that what is done stays done, and at least one, however many checks there are.
    """
    until, done = time.monotonic() + _LATE_SECONDS, 0
    for hour in LateHour.objects.order_by("hour").values_list("hour", flat=True).distinct()[:_LATE_AT_ONCE]:
        done += _roll_up_late_hour(hour, at)
        if time.monotonic() >= until:
            break
    return done


@transaction.atomic
def _roll_up_late_hour(hour: datetime, at: datetime) -> int:
    """Its day with the last of the day's late hours, so that it is computed once."""
    # Before the minutes are read: what is noted after this was perhaps not seen.
    seen = list(LateHour.objects.filter(hour=hour).values_list("pk", flat=True))
    of_day = LateHour.objects.filter(hour__gte=_day(hour), hour__lt=_day(hour) + DAY)
    days = set() if of_day.exclude(hour=hour).exists() else {_day(hour)}
    kept = [hour] if hour >= _hour(at - _KEPT) else []
    roll_again(None, hours=kept, days=days)
    LateHour.objects.filter(pk__in=seen).delete()
    return len(kept)


def _roll_up_days(since: datetime, closed: datetime) -> None:
    """Every closed day that has an hour computed since."""
    first = min(_day(since), _watermark("d") or _day(since))
    for day in _steps(first, _day(closed), DAY):
        with transaction.atomic():
            buckets.replace_days(_summed("checks_bucket_h", day, DAY))
            _move("d", day + DAY)


def _roll_up_weeks(since: datetime, closed: datetime) -> None:
    """Every closed week that has a day computed since; the first time every week that has a day at all."""
    first = min(_week(since), _watermark("w") or _week(_oldest_day() or since))
    for week in _steps(first, _week(closed), WEEK):
        with transaction.atomic():
            buckets.replace_weeks(_summed("checks_bucket_d", week, WEEK))
            _move("w", week + WEEK)


def roll_again(check_ids: Sequence[int] | None, *, hours: Iterable[datetime], days: Iterable[datetime]) -> None:
    """Compute hours and days of some checks anew, whose minutes changed, the weeks of those days and the last day.

    What is not rolled up yet waits its turn. None means all checks, whose running hours are right already.
    """
    ids = None if check_ids is None else list(check_ids)
    touched = set(ids or ())
    for hour in sorted(one for one in hours if one < (_watermark("h") or one)):
        rows = _summed("checks_bucket_m", hour, HOUR, ids)
        touched |= {row.check_id for row in rows}
        buckets.replace_hours(rows)
    changed = sorted(one for one in days if one < (_watermark("d") or one))
    for day in changed:
        buckets.replace_days(_summed("checks_bucket_h", day, DAY, ids))
    for week in sorted({_week(one) for one in changed if _week(one) < (_watermark("w") or _week(one))}):
        buckets.replace_weeks(_summed("checks_bucket_d", week, WEEK, ids))
    if ids is not None:
        last_day.recount(ids)
    if until := _watermark("h"):
        last_day.keep(sorted(touched), until=until)


def _summed(table: str, start: datetime, width: timedelta, ids: list[int] | None = None) -> list[Counts]:
    only, wanted = (" AND check_id = ANY(%s)", [ids]) if ids is not None else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(_SUM.format(table=table, only=only), [start, start + width, *wanted])
        return [_counts(start, *row) for row in cursor.fetchall()]


def _counts(start: datetime, check_id: int, *row: Any) -> Counts:
    *numbers, errors, lat_sum, low, high, hist = row
    merged = histogram.compact(bytes(hist))
    return Counts(check_id, start, *numbers, merge_errors(errors), lat_sum, low, high, merged)  # type: ignore[call-arg]


def merge_errors(maps: str | None) -> dict[str, int]:
    """Counts by class from a JSON list of such counts."""
    total: Counter[str] = Counter()
    for one in json.loads(maps or "[]"):
        total.update(one)
    return dict(total)


def _steps(since: datetime, until: datetime, width: timedelta) -> Iterator[datetime]:
    while since < until:
        yield since
        since += width


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _day(at: datetime) -> datetime:
    return _hour(at).replace(hour=0)


def _week(at: datetime) -> datetime:
    """The Monday an ISO week begins with, whatever year the week counts to.

    >>> _week(datetime(2027, 1, 3, 23, tzinfo=UTC)).strftime("%Y-%m-%d, week %V of %G")
    '2026-12-28, week 53 of 2026'
    """
    day = _day(at)
    return day - timedelta(days=day.weekday())


def _oldest_minute() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('hour', min(bucket)) FROM checks_bucket_m")
        oldest: datetime | None = cursor.fetchone()[0]
        return oldest


def _oldest_day() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(bucket) FROM checks_bucket_d")
        oldest: datetime | None = cursor.fetchone()[0]
        return oldest


def _watermark(grain: str) -> datetime | None:
    return Watermark.objects.filter(grain=grain).values_list("until", flat=True).first()


def _move(grain: str, until: datetime) -> None:
    Watermark.objects.update_or_create(grain=grain, defaults={"until": until})
