"""The last 24 hours of many checks as a list shows them: a share, what it covers, and one figure an hour for a line.

One row a check comes back from PostgreSQL (last_day.py keeps it), as text: a page has a hundred checks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from checks.rollups.last_day import HOURS
from opsportal.questions import planned_once

_HOUR = timedelta(hours=1)
_NOBODY = (None,) * HOURS

# Each day by its key: joined as a table, all of them were read for a hundred.
# What came late for an hour that is closed stands in its running row until it is rolled up again: it is left out.
_LINES = """
SELECT i.id, coalesce(day.hours, ''), coalesce((
  SELECT string_agg(concat_ws(',', extract(epoch FROM hour)::int / 3600, ok, err, asked,
                              CASE WHEN lat_sum > 0 THEN (lat_sum / nullif(answered, 0))::real END), ';' ORDER BY hour)
  FROM checks_running_hour WHERE check_id = i.id AND hour > coalesce(day.newest, '-infinity')
), '') FROM unnest(%(ids)s::bigint[]) AS i (id)
LEFT JOIN LATERAL (SELECT hours, newest FROM checks_last_day WHERE check_id = i.id LIMIT 1) AS day ON TRUE
"""


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
# Place in the day, ok, err, asked, mean latency.
_Hour = tuple[int, int, int, int, float | None]


def day_lines(ids: Iterable[int], at: datetime) -> dict[int, DayLine]:
    """24 hours for each check, the current one as far as it has come. One query however many there are."""
    since = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * _HOUR
    first = int(since.timestamp()) // 3600
    with planned_once() as cursor:
        # As PostgreSQL writes a list: handing over a hundred numbers one by one took as long as the answer's way back.
        cursor.execute(_LINES, {"ids": f"{{{','.join(map(str, ids))}}}"})
        rows = cursor.fetchall()
    return {check_id: _day_line(closed, running, first) for check_id, closed, running in rows}


@lru_cache(maxsize=8192)
def _day_line(closed: str, running: str, first: int) -> DayLine:
    """Most checks have not run since the last look, and reading 24 figures costs more than knowing them again."""
    if running:
        return _with(_day_line(closed, "", first), _hours(running, first))
    return _with(NO_DAY, _hours(closed, first))


def _with(day: DayLine, hours: Iterable[_Hour]) -> DayLine:
    """The day with hours that it has not got yet."""
    good, bad, due = day.ok, day.err, day.asked
    means, shares = list(day.means), list(day.shares)
    for place, ok, err, asked, mean in hours:
        good, bad, due = good + ok, bad + err, due + asked
        means[place] = mean
        shares[place] = 100.0 * ok / (ok + err) if ok + err else None
    return DayLine(good, bad, due, tuple(means), tuple(shares))


def _hours(groups: str, first: int) -> Iterator[_Hour]:
    """What is written of each hour (last_day.py), without those before the first: the day moves on, its row may not."""
    for group in groups.split(";") if groups else ():
        hour, ok, err, asked, *mean = group.split(",")
        place = int(hour) - first
        if 0 <= place < HOURS:
            yield place, int(ok), int(err), int(asked), float(mean[0]) if mean else None
