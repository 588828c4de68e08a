"""Make what ran inside planned work count as planned, also when the work was recorded afterwards. Safe to run twice.

Only whole minutes and, where minutes are gone, whole hours inside the work move; what counted as planned stays so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from checks.rollups.roll_up import HOUR, roll_again

_MOVE = """
UPDATE {table} SET maint = maint + ok + err + unknown, ok = 0, err = 0, unknown = 0, c429 = 0, c5xx = 0,
  errors = '{{}}', lat_sum = 0, lat_min = NULL, lat_max = NULL, hist = ''
WHERE check_id = ANY(%s) AND bucket >= %s AND bucket <= %s AND ok + err + unknown > 0
RETURNING bucket
"""
_MINUTE = timedelta(minutes=1)


def as_planned(check_ids: Sequence[int], start: datetime, end: datetime) -> int:
    """Move the checks' totals between two moments; how many buckets moved. Hours, days and weeks follow."""
    if not check_ids or end <= start:
        return 0
    ids = sorted(check_ids)
    minutes = _moved("checks_bucket_m", ids, start, end - _MINUTE)
    hours = _moved("checks_bucket_h", ids, start, end - HOUR)
    if not minutes and not hours:
        return 0
    touched = {one.replace(minute=0, second=0, microsecond=0) for one in minutes}
    roll_again(ids, hours=touched - set(hours), days={one.replace(hour=0) for one in touched | set(hours)})
    return len(minutes) + len(hours)


def _moved(table: str, ids: list[int], first: datetime, last: datetime) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(table=table), [ids, first, last])
        return [row[0] for row in cursor.fetchall()]
