"""One check over any stretch in equal steps, and the last weeks of many: closed buckets, finer ones for the rest."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection

from checks.rollups.queries import Window
from checks.rollups.roll_up import DAY, HOUR, WEEK, merge_errors

# Each grain with its table, and how far back buckets may not be rolled up into the next one yet.
_GRAINS = (
    (timedelta(minutes=1), "checks_bucket_m", 3 * HOUR),
    (HOUR, "checks_bucket_h", 2 * DAY + HOUR),
    (DAY, "checks_bucket_d", 2 * WEEK + DAY),
    (WEEK, "checks_bucket_w", timedelta(0)),
)
# A Monday, as in checks.history.span: date_bin counts every step from here.
_BIN = "date_bin(make_interval(secs => {seconds}), {moment}, '2001-01-01 00:00+00')"
_PART = """
SELECT bucket, ok, err, unknown, expected, maint, errors, lat_sum, hist FROM {table} AS one
WHERE check_id = %(check)s AND bucket >= %(start)s AND bucket < %(end)s{fresh}{unless}"""
_UNLESS = """
  AND NOT EXISTS (SELECT FROM {table} AS whole WHERE whole.check_id = %(check)s AND whole.bucket >= %(start)s
                  AND whole.bucket < %(end)s AND whole.bucket = {moment})"""
_SERIES = """
SELECT {step} AS begins, sum(ok)::int, sum(err)::int, sum(unknown)::int, sum(expected)::int, sum(maint)::int,
       jsonb_agg(errors) FILTER (WHERE errors <> '{{}}'), sum(lat_sum), string_agg(hist, ''::bytea)
FROM ({parts}) AS parts GROUP BY begins ORDER BY begins
"""


def series(check_id: int, *, start: datetime, end: datetime, step: timedelta, at: datetime) -> list[Window]:
    """Every step from `start` to `end`, those without a bucket empty. One query; both ends are whole steps."""
    own = max(place for place, (width, _, _) in enumerate(_GRAINS) if step % width == timedelta(0))
    words: dict[str, int | datetime] = {"check": check_id, "start": start, "end": end}
    parts = []
    for place, (_, table, young) in enumerate(_GRAINS[: own + 1]):
        is_own = place == own
        wholes = [
            _UNLESS.format(table=coarser, moment=_BIN.format(seconds=width.total_seconds(), moment="one.bucket"))
            for width, coarser, _ in _GRAINS[place + 1 : own + 1]
        ]
        fresh = "" if is_own else f" AND bucket >= %(fresh_{place})s"
        words[f"fresh_{place}"] = at - young
        parts.append(_PART.format(table=table, fresh=fresh, unless="".join(wholes)))
    sql = _SERIES.format(
        step=_BIN.format(seconds=step.total_seconds(), moment="bucket"), parts="\nUNION ALL".join(parts)
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, words)
        found = {row[0]: _window(*row) for row in cursor.fetchall()}
    moments = (start + number * step for number in range((end - start) // step))
    return [found.get(moment) or Window(moment) for moment in moments]


_MINUTES_FROM = """
WITH first AS (SELECT coalesce(min(bucket), now()) AS at FROM checks_bucket_m WHERE check_id = %(check)s)
SELECT at FROM first
WHERE EXISTS (SELECT FROM checks_bucket_h WHERE check_id = %(check)s AND bucket < date_trunc('hour', first.at))
"""


def minutes_from(check_id: int) -> datetime | None:
    """The moment before which hours are known and minutes are not; None when minutes tell everything. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES_FROM, {"check": check_id})
        row = cursor.fetchone()
    return row[0] if row else None


_WEEKS = """
SELECT check_id, bucket, ok, err, unknown, expected, maint, lat_sum, hist FROM checks_bucket_w
WHERE check_id = ANY(%s) AND bucket >= %s AND bucket < %s ORDER BY check_id, bucket
"""


def weeks(ids: Iterable[int], at: datetime, *, number: int = 12) -> dict[int, list[Window]]:
    """The last closed ISO weeks of each check, oldest first; weeks without a row are left out, failures by class too.

    One query over one row a week and check, however many checks there are.
    """
    asked = list(ids)
    monday = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=at.weekday())
    found: dict[int, list[Window]] = {one: [] for one in asked}
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, [asked, monday - number * WEEK, monday])
        for check_id, begins, ok, err, unknown, expected, maint, lat_sum, hist in cursor.fetchall():
            window = Window(begins, ok, err, unknown, expected, maint, {}, lat_sum, bytes(hist))
            found[check_id].append(window)
    return found


def _window(
    begins: datetime, ok: int, err: int, unknown: int, expected: int, maint: int, errors: str | None, lat_sum: float,
    hist: bytes | None,
) -> Window:  # fmt: skip
    return Window(begins, ok, err, unknown, expected, maint, merge_errors(errors), lat_sum, bytes(hist or b""))
