"""Write counts into buckets: minutes by adding, the others by replacing. Many rows in one statement.

What is added to a minute is added to its running hour as well, which a list reads instead of sixty minutes.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection

from checks.probes.outcome import UNANSWERED, ErrorClass, Outcome
from checks.rollups import histogram, quantiles


@dataclass(frozen=True)
class Counts:
    """What happened to one check in one bucket."""

    check_id: int
    bucket: datetime
    ok: int = 0
    err: int = 0
    unknown: int = 0
    expected: int = 0
    maint: int = 0
    c429: int = 0
    c5xx: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    lat_sum: float = 0.0
    lat_min: float | None = None
    lat_max: float | None = None
    hist: bytes = b""

    @property
    def answered(self) -> int:
        """Runs that got an answer, so that their latency counts."""
        return self.ok + self.err - sum(number for error, number in self.errors.items() if error in UNANSWERED)


def counts_of(check_id: int, at: datetime, outcome: Outcome | None) -> Counts:
    """One outcome as counts in its minute: exactly what is stored of it. None is a slot nobody knows about."""
    minute = at.replace(second=0, microsecond=0)
    if outcome is None or not outcome.has_data:
        return Counts(check_id, minute, unknown=1, expected=1)
    latency = outcome.latency_ms
    return Counts(
        check_id,
        minute,
        ok=int(outcome.ok),
        err=int(not outcome.ok),
        expected=1,
        c429=int(outcome.error is ErrorClass.STATUS_429),
        c5xx=int(outcome.error is ErrorClass.STATUS_5XX),
        errors={outcome.error.value: 1} if outcome.error else {},
        lat_sum=latency or 0.0,
        lat_min=latency,
        lat_max=latency,
        hist=histogram.encode([latency]) if latency is not None else b"",
    )


_VALUES = attrgetter(*(one.name for one in fields(Counts)))
_INSERT = """
INSERT INTO {table} AS kept (hist_v, check_id, bucket, ok, err, unknown, expected, maint, c429, c5xx,
                             errors, lat_sum, lat_min, lat_max, hist{names})
SELECT %s, * FROM unnest(
  %s::bigint[], %s::timestamptz[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
  %s::jsonb[], %s::float8[], %s::float8[], %s::float8[], %s::bytea[]{values})
ON CONFLICT (check_id, bucket) DO UPDATE SET
"""
_ADD = """
  ok = kept.ok + EXCLUDED.ok, err = kept.err + EXCLUDED.err, unknown = kept.unknown + EXCLUDED.unknown,
  expected = kept.expected + EXCLUDED.expected, maint = kept.maint + EXCLUDED.maint,
  c429 = kept.c429 + EXCLUDED.c429, c5xx = kept.c5xx + EXCLUDED.c5xx,
  errors = CASE WHEN EXCLUDED.errors = '{}' THEN kept.errors WHEN kept.errors = '{}' THEN EXCLUDED.errors ELSE (
    SELECT jsonb_object_agg(class, number) FROM (
      SELECT class, sum(number::int) AS number
      FROM (SELECT * FROM jsonb_each_text(kept.errors) UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.errors))
        AS both_maps (class, number) GROUP BY class) AS summed) END,
  lat_sum = kept.lat_sum + EXCLUDED.lat_sum, lat_min = least(kept.lat_min, EXCLUDED.lat_min),
  lat_max = greatest(kept.lat_max, EXCLUDED.lat_max), hist = kept.hist || EXCLUDED.hist
"""
_REPLACE = """
  ok = EXCLUDED.ok, err = EXCLUDED.err, unknown = EXCLUDED.unknown, expected = EXCLUDED.expected,
  maint = EXCLUDED.maint, c429 = EXCLUDED.c429, c5xx = EXCLUDED.c5xx, errors = EXCLUDED.errors,
  lat_sum = EXCLUDED.lat_sum, lat_min = EXCLUDED.lat_min, lat_max = EXCLUDED.lat_max, hist = EXCLUDED.hist
"""
_REPLACE_WEEK = f"""{_REPLACE},
  p50_ms = EXCLUDED.p50_ms, p95_ms = EXCLUDED.p95_ms, p95_low_ms = EXCLUDED.p95_low_ms,
  p95_high_ms = EXCLUDED.p95_high_ms
"""
_QUANTILES = quantiles.Quantiles._fields
# In order of check and hour, like the minutes before: two writers never wait for each other in a circle.
_RUNNING = """
INSERT INTO checks_running_hour AS kept (check_id, hour, ok, err, asked, answered, lat_sum)
SELECT check_id, date_trunc('hour', bucket, 'UTC'), sum(ok), sum(err), sum(asked), sum(answered), sum(lat_sum)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[], %s::int[], %s::int[], %s::int[], %s::float8[])
  AS n (check_id, bucket, ok, err, asked, answered, lat_sum)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (check_id, hour) DO UPDATE SET ok = kept.ok + EXCLUDED.ok, err = kept.err + EXCLUDED.err,
  asked = kept.asked + EXCLUDED.asked, answered = kept.answered + EXCLUDED.answered,
  lat_sum = kept.lat_sum + EXCLUDED.lat_sum
"""


def add_minutes(rows: Iterable[Counts]) -> None:
    """Add to minute buckets and running hours. Not safe to run twice: the caller's lease token sees to that."""
    added = list(rows)
    _write("checks_bucket_m", _ADD, added)
    if added:
        figures = [
            (one.check_id, one.bucket, one.ok, one.err, one.expected - one.maint, one.answered, one.lat_sum)
            for one in added
        ]
        with connection.cursor() as cursor:
            cursor.execute(_RUNNING, [list(column) for column in zip(*figures, strict=True)])


def add_hours(rows: Iterable[Counts]) -> None:
    """Add to hours whose minutes are no longer kept. Not safe to run twice, as `add_minutes`."""
    _write("checks_bucket_h", _ADD, rows)


def replace_hours(rows: Iterable[Counts]) -> None:
    """Put recomputed hours in place of what was there. Safe to run twice."""
    _write("checks_bucket_h", _REPLACE, rows)


def replace_days(rows: Iterable[Counts]) -> None:
    """Put recomputed days in place of what was there. Safe to run twice."""
    _write("checks_bucket_d", _REPLACE, rows)


def replace_weeks(rows: Iterable[Counts]) -> None:
    """Put recomputed weeks in place of what was there. Safe to run twice."""
    _write("checks_bucket_w", _REPLACE_WEEK, rows, with_quantiles=True)


def _write(table: str, rule: str, rows: Iterable[Counts], *, with_quantiles: bool = False) -> None:
    """In order of check and time, so that two writers never wait for each other in a circle."""
    ordered = sorted(rows, key=lambda row: (row.check_id, row.bucket))
    if not ordered:
        return
    columns: list[list[Any]] = [list(column) for column in zip(*map(_VALUES, ordered), strict=True)]
    columns[9] = [json.dumps(errors) for errors in columns[9]]
    more = _QUANTILES if with_quantiles else ()
    if more:
        columns += map(list, zip(*(quantiles.of(row.hist) for row in ordered), strict=True))
    names, values = "".join(f", {name}" for name in more), ", %s::float8[]" * len(more)
    insert = _INSERT.format(table=table, names=names, values=values)
    with connection.cursor() as cursor:
        cursor.execute(insert + rule, [histogram.VERSION, *columns])
