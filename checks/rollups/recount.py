"""Make what ran inside planned work count as planned, also when the work was recorded afterwards. Safe to run twice.

Only whole minutes and, where minutes are gone, whole hours inside the work move. What a minute held is set aside, and
is given back when no work covers it any more: work that was made shorter, or did not take place after all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection

from checks.rollups.buckets import ADD
from checks.rollups.models import SetAside
from checks.rollups.roll_up import HOUR, roll_again

_COLUMNS = "ok, err, unknown, c429, c5xx, errors, lat_sum, lat_min, lat_max, hist, hist_v"
# Whoever adds to a minute meanwhile is waited for, and is in what is set aside.
_SET_ASIDE = f"""
WITH held AS (
  SELECT * FROM checks_bucket_m WHERE check_id = ANY(%s) AND bucket >= %s AND bucket <= %s AND ok + err + unknown > 0
  ORDER BY check_id, bucket FOR UPDATE
)
INSERT INTO checks_set_aside AS kept (check_id, bucket, expected, maint, {_COLUMNS})
SELECT check_id, bucket, 0, 0, {_COLUMNS} FROM held
ON CONFLICT (check_id, bucket) DO UPDATE SET {ADD}
"""  # noqa: S608 - our own constants
_GIVE_BACK = f"""
WITH back AS (
  DELETE FROM checks_set_aside WHERE (check_id, bucket) IN (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]))
  RETURNING check_id, bucket, 0 AS expected, -(ok + err + unknown) AS maint, {_COLUMNS}
)
UPDATE checks_bucket_m AS kept SET {ADD.replace("EXCLUDED", "back")}
FROM back WHERE kept.check_id = back.check_id AND kept.bucket = back.bucket
"""  # noqa: S608 - our own constants
_MOVE = """
UPDATE {table} SET maint = maint + ok + err + unknown, ok = 0, err = 0, unknown = 0, c429 = 0, c5xx = 0,
  errors = '{{}}', lat_sum = 0, lat_min = NULL, lat_max = NULL, hist = ''
WHERE check_id = ANY(%s) AND bucket >= %s AND bucket <= %s AND ok + err + unknown > 0
RETURNING bucket
"""
_MINUTE = timedelta(minutes=1)
# So long minutes are there for certain.
KEPT = timedelta(days=13)


def as_planned(check_ids: Sequence[int], start: datetime, end: datetime) -> int:
    """Move the checks' totals between two moments; how many buckets moved. Hours, days and weeks follow."""
    if not check_ids or end <= start:
        return 0
    ids = sorted(check_ids)
    with connection.cursor() as cursor:
        cursor.execute(_SET_ASIDE, [ids, start, end - _MINUTE])
    minutes = _moved("checks_bucket_m", ids, start, end - _MINUTE)
    hours = _moved("checks_bucket_h", ids, start, end - HOUR)
    if not minutes and not hours:
        return 0
    touched = {one.replace(minute=0, second=0, microsecond=0) for one in minutes}
    roll_again(ids, hours=touched - set(hours), days={one.replace(hour=0) for one in touched | set(hours)})
    return len(minutes) + len(hours)


def give_back(minutes: Iterable[tuple[int, datetime]]) -> int:
    """Let these minutes of these checks count as they would have; how many. Hours, days and weeks follow."""
    found = sorted(minutes)
    if not found:
        return 0
    ids, buckets = [one for one, _ in found], [bucket for _, bucket in found]
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [ids, buckets])
    hours = {bucket.replace(minute=0, second=0, microsecond=0) for bucket in buckets}
    roll_again(sorted(set(ids)), hours=hours, days={hour.replace(hour=0) for hour in hours})
    return len(found)


def forget(*, at: datetime) -> None:
    """What is set aside goes with its minutes."""
    SetAside.objects.filter(bucket__lt=at - KEPT).delete()


def _moved(table: str, ids: list[int], first: datetime, last: datetime) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(table=table), [ids, first, last])
        return [row[0] for row in cursor.fetchall()]
