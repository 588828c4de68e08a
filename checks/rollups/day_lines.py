"""The last 24 hours of many checks as a list shows them: a share, what it covers, and one figure an hour for a line.

One row a check comes back from PostgreSQL, not one an hour, and its figures as text: a page has a hundred checks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from checks.probes.outcome import UNANSWERED
from opsportal.questions import planned_once

HOURS = 24
_HOUR = timedelta(hours=1)
_NOBODY = (None,) * HOURS

# Runs without an answer have no latency, so they do not count in a mean.
_UNANSWERED = """CASE WHEN errors = '{}' THEN 0 ELSE (
  SELECT coalesce(sum(number::int), 0) FROM jsonb_each_text(errors) AS one (class, number)
  WHERE class = ANY(%(unanswered)s)) END"""
# Closed hours come from the hour table; minutes are read from where the roll-up stands, the running hour as a rule.
_LINES = f"""
WITH closed AS (
  SELECT check_id, bucket, ok, err, expected - maint AS asked, lat_sum, {_UNANSWERED} AS unanswered
  FROM checks_bucket_h WHERE check_id = ANY(%(ids)s) AND bucket >= %(since)s AND bucket < %(until)s
), running AS (
  SELECT check_id, date_trunc('hour', bucket, 'UTC') AS bucket, sum(ok) AS ok, sum(err) AS err,
         sum(expected - maint) AS asked, sum(lat_sum) AS lat_sum, sum({_UNANSWERED}) AS unanswered
  FROM checks_bucket_m WHERE check_id = ANY(%(ids)s) AND bucket < %(until)s
    AND bucket >= greatest(%(since)s, (SELECT coalesce(min(until), %(since)s) FROM checks_watermark WHERE grain = 'h'))
  GROUP BY 1, 2
), hours AS (
  SELECT * FROM closed
  UNION ALL
  SELECT * FROM running WHERE NOT EXISTS (
    SELECT FROM closed WHERE closed.check_id = running.check_id AND closed.bucket = running.bucket)
)
SELECT check_id, sum(ok)::int, sum(err)::int, sum(asked)::int,
       array_agg((extract(epoch FROM bucket - %(since)s) / 3600)::int)::text,
       array_agg(CASE WHEN lat_sum > 0 THEN lat_sum / nullif(ok + err - unanswered, 0) END)::text,
       array_agg(100.0::float8 * ok / nullif(ok + err, 0))::text
FROM hours GROUP BY check_id
"""  # noqa: S608 - our own constants


@dataclass(frozen=True, slots=True)
class DayLine:
    """One check's day: runs that ended well and badly, and the mean latency of each hour, or the share of good runs.

    `asked` is how many slots were to be run, without those of planned work.
    """

    ok: int
    err: int
    asked: int
    means: tuple[float | None, ...]
    shares: tuple[float | None, ...]

    @property
    def samples(self) -> int:
        """Runs that ended, well or badly."""
        return self.ok + self.err

    @property
    def availability(self) -> float | None:
        """Per cent of them that ended well; None when none ended."""
        return 100 * self.ok / self.samples if self.samples else None

    @property
    def coverage(self) -> float | None:
        """Per cent of the slots that were run at all; None when none was to be run."""
        return 100 * self.samples / self.asked if self.asked > 0 else None

    @property
    def line(self) -> tuple[float | None, ...]:
        """Mean latency hour by hour, or availability for what has none."""
        return self.means if any(self.means) else self.shares


NO_DAY = DayLine(0, 0, 0, _NOBODY, _NOBODY)


def day_lines(ids: Iterable[int], at: datetime) -> dict[int, DayLine]:
    """24 hours for each check that has any, the current one as far as it has come. One query however many there are."""
    since = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * _HOUR
    wanted: dict[str, Any] = {"ids": list(ids), "since": since, "until": since + HOURS * _HOUR, "unanswered": _CLASSES}
    with planned_once() as cursor:
        cursor.execute(_LINES, wanted)
        rows = cursor.fetchall()
    return {check_id: _day_line(*figures) for check_id, *figures in rows}


@lru_cache(maxsize=8192)
def _day_line(ok: int, err: int, asked: int, hours: str, means: str, shares: str) -> DayLine:
    """Most checks have not run since the last look, and reading 24 figures costs more than knowing them again."""
    places = [int(hour) for hour in _parts(hours)]
    return DayLine(ok, err, asked, _by_hour(places, _parts(means)), _by_hour(places, _parts(shares)))


def _parts(array: str) -> list[str]:
    """The members of a PostgreSQL array of numbers."""
    return array[1:-1].split(",")


def _by_hour(places: Sequence[int], figures: Sequence[str]) -> tuple[float | None, ...]:
    """Oldest first; hours without rows are empty."""
    found: list[float | None] = [None] * HOURS
    for place, figure in zip(places, figures, strict=True):
        found[place] = None if figure == "NULL" else float(figure)
    return tuple(found)


_CLASSES = sorted(UNANSWERED)
