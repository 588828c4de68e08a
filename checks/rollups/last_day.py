"""Keep each check's last 24 hours ready as one row: written when an hour is rolled up, so that a list reads no hours.

The hours that run stand beside it as sums of their minutes (RunningHour; buckets.add_minutes adds to them).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from checks.probes.outcome import UNANSWERED

HOURS = 24
_HOUR = timedelta(hours=1)

# Runs without an answer have no latency, so they do not count in a mean.
_ANSWERED = """ok + err - CASE WHEN errors = '{}' THEN 0 ELSE (
  SELECT coalesce(sum(number::int), 0) FROM jsonb_each_text(errors) AS one (class, number)
  WHERE class = ANY(%(unanswered)s)) END"""
_KEEP = f"""
INSERT INTO checks_last_day (check_id, newest, hours)
SELECT check_id, max(bucket), string_agg(concat_ws(',',
  extract(epoch FROM bucket)::int / 3600, ok, err, expected - maint,
  CASE WHEN lat_sum > 0 THEN (lat_sum / nullif({_ANSWERED}, 0))::real END), ';' ORDER BY bucket)
FROM checks_bucket_h WHERE check_id = ANY(%(ids)s) AND bucket >= %(since)s AND bucket < %(until)s GROUP BY check_id
ON CONFLICT (check_id) DO UPDATE SET newest = EXCLUDED.newest, hours = EXCLUDED.hours
"""  # noqa: S608 - our own constants
# Whoever adds to a running hour holds its row until the commit: those are waited for, and their minutes are seen.
_HOLD = """
SELECT min(hour) FROM (
  SELECT hour FROM checks_running_hour WHERE check_id = ANY(%(ids)s) ORDER BY check_id, hour FOR UPDATE) AS held
"""
_RECOUNT = f"""
UPDATE checks_running_hour AS kept
SET ok = n.ok, err = n.err, asked = n.asked, answered = n.answered, lat_sum = n.lat_sum
FROM (
  SELECT check_id, date_trunc('hour', bucket, 'UTC') AS hour, sum(ok) AS ok, sum(err) AS err,
         sum(expected - maint) AS asked, sum({_ANSWERED}) AS answered, sum(lat_sum) AS lat_sum
  FROM checks_bucket_m WHERE check_id = ANY(%(ids)s) AND bucket >= %(since)s GROUP BY 1, 2
) AS n WHERE kept.check_id = n.check_id AND kept.hour = n.hour
"""  # noqa: S608 - our own constants
_CLASSES = sorted(UNANSWERED)


def keep(ids: Sequence[int], *, until: datetime) -> None:
    """Write the last closed hours of these checks, all before `until`. Safe to run twice."""
    since = until - HOURS * _HOUR
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"ids": list(ids), "since": since, "until": until, "unanswered": _CLASSES})


def close(hour: datetime) -> None:
    """Forget what ran in an hour that is rolled up now, and checks that no longer run. Safe to run twice."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM checks_running_hour WHERE hour <= %s", [hour])
        cursor.execute("DELETE FROM checks_last_day WHERE newest <= %s", [hour - HOURS * _HOUR])


def recount(ids: Sequence[int]) -> None:
    """Sum the running hours of these checks anew, whose minutes changed. Safe to run twice, also while they run."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"ids": list(ids)})
        (since,) = cursor.fetchone()
        if since is not None:
            cursor.execute(_RECOUNT, {"ids": list(ids), "since": since, "unanswered": _CLASSES})
