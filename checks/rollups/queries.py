"""Read what happened: hour by hour for a sparkline, and whole windows with quantiles, for many checks at once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Coalesce

from checks.probes.outcome import UNANSWERED
from checks.rollups import histogram
from checks.rollups.models import MinuteBucket

HOURS = 24
_HOUR = timedelta(hours=1)
_NEVER = datetime.fromtimestamp(0, UTC)

# Closed hours come from the hour table; what is not rolled up yet, two hours at most, from the minutes.
_HOURLY = """
WITH hours AS (
  SELECT check_id, bucket, ok, err, unknown, expected, maint, errors, lat_sum{hist}
  FROM checks_bucket_h WHERE check_id = ANY(%(ids)s) AND bucket >= %(since)s AND bucket < %(until)s
)
SELECT check_id, bucket, ok, err, unknown, expected, maint, errors, lat_sum{hist} FROM hours
UNION ALL
SELECT check_id, hour, sum(ok)::int, sum(err)::int, sum(unknown)::int, sum(expected)::int, sum(maint)::int,
       coalesce((SELECT jsonb_object_agg(class, number) FROM (
         SELECT class, sum(number::int) AS number FROM unnest(array_agg(errors)) AS one, jsonb_each_text(one)
           AS pair (class, number) GROUP BY class) AS summed), '{{}}'),
       sum(lat_sum){merged_hist}
FROM (SELECT *, date_trunc('hour', bucket) AS hour FROM checks_bucket_m
      WHERE check_id = ANY(%(ids)s) AND bucket >= %(fresh)s AND bucket < %(until)s) AS minutes
WHERE NOT EXISTS (SELECT FROM hours WHERE hours.check_id = minutes.check_id AND hours.bucket = minutes.hour)
GROUP BY check_id, hour
"""


@dataclass(frozen=True)
class Window:
    """What happened to one check in a stretch of time. Availability never stands without coverage."""

    start: datetime
    ok: int = 0
    err: int = 0
    unknown: int = 0
    expected: int = 0
    maint: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    lat_sum: float = 0.0
    hist: bytes = b""

    @property
    def samples(self) -> int:
        """Runs that ended, well or badly."""
        return self.ok + self.err

    @property
    def availability(self) -> float | None:
        """Per cent of the runs that ended well; None when none ended, because nothing out of nothing is not 100."""
        return 100 * self.ok / self.samples if self.samples else None

    @property
    def coverage(self) -> float | None:
        """Per cent of the slots that were run at all; those inside planned work were not asked for."""
        return 100 * self.samples / self.asked if self.asked > 0 else None

    @property
    def asked(self) -> int:
        """Slots that were to be run."""
        return self.expected - self.maint

    @property
    def mean_ms(self) -> float | None:
        """Mean latency of the runs that got an answer."""
        answered = self.samples - sum(self.errors.get(error, 0) for error in UNANSWERED)
        return self.lat_sum / answered if answered > 0 and self.lat_sum > 0 else None

    @cached_property
    def p50_ms(self) -> float | None:
        return histogram.quantile(self.hist, 0.5)

    @cached_property
    def p95_ms(self) -> float | None:
        return histogram.quantile(self.hist, 0.95)

    @cached_property
    def p99_ms(self) -> float | None:
        return histogram.quantile(self.hist, 0.99)

    @cached_property
    def answered(self) -> int:
        """Runs whose time is known."""
        return histogram.counts(self.hist).total()


def last_day(ids: Iterable[int], at: datetime, *, with_latency: bool = False) -> dict[int, list[Window]]:
    """24 hours for each check, oldest first, the current one as far as it has come; hours without rows are empty.

    One query however many checks there are. Histograms only when asked for: a list does not need them.
    """
    numbers, newest = list(ids), at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since, until = newest - (HOURS - 1) * _HOUR, newest + _HOUR
    found: dict[tuple[int, datetime], Window] = {}
    for check_id, hour, *rest in _rows(numbers, since, until, with_latency=with_latency):
        found[check_id, hour] = _window(hour, rest)
    hours = [since + step * _HOUR for step in range(HOURS)]
    return {number: [found.get((number, hour), Window(hour)) for hour in hours] for number in numbers}


_DAYS = """
SELECT check_id, sum(ok)::int, sum(err)::int, sum(lat_sum), string_agg(hist, ''::bytea)
FROM checks_bucket_d WHERE check_id = ANY(%s) AND bucket >= %s AND bucket < %s GROUP BY check_id
"""


def totals(ids: Iterable[int], since: datetime, until: datetime) -> dict[int, Window]:
    """Whole days as one window for each check that has any; failures by class are left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [list(ids), since, until])
        rows = cursor.fetchall()
    return {
        check_id: Window(since, ok=ok, err=err, lat_sum=lat_sum, hist=bytes(hist or b""))
        for check_id, ok, err, lat_sum, hist in rows
    }


def of_hour(at: datetime) -> Window:
    """What all checks together did in the hour of this moment, from its minutes."""
    start = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = MinuteBucket.objects.filter(bucket__gte=start, bucket__lt=start + _HOUR)
    sums = rows.aggregate(**{name: Coalesce(Sum(name), 0) for name in ("ok", "err", "unknown", "expected", "maint")})
    return Window(start, **sums)


def _rows(ids: list[int], since: datetime, until: datetime, *, with_latency: bool) -> list[Any]:
    sql = _HOURLY.format(
        hist=", hist" if with_latency else "",
        merged_hist=", string_agg(hist, ''::bytea)" if with_latency else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": ids, "since": since, "until": until, "fresh": until - 3 * _HOUR})
        return list(cursor.fetchall())


def _window(start: datetime, row: list[Any]) -> Window:
    ok, err, unknown, expected, maint, errors, lat_sum, *hist = row
    return Window(
        start, ok, err, unknown, expected, maint, json.loads(errors), lat_sum, bytes(hist[0]) if hist else b""
    )


def total(windows: Sequence[Window]) -> Window:
    """Several stretches as one."""
    errors: dict[str, int] = {}
    for window in windows:
        for error, number in window.errors.items():
            errors[error] = errors.get(error, 0) + number
    return Window(
        start=min((window.start for window in windows), default=_NEVER),
        ok=sum(window.ok for window in windows),
        err=sum(window.err for window in windows),
        unknown=sum(window.unknown for window in windows),
        expected=sum(window.expected for window in windows),
        maint=sum(window.maint for window in windows),
        errors=errors,
        lat_sum=sum(window.lat_sum for window in windows),
        hist=b"".join(window.hist for window in windows),
    )
