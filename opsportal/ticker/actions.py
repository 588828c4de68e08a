"""Claim the period of a job, so that any number of tickers runs it once."""

from datetime import timedelta

from django.db import connection

# Insert or move forward in one statement; the database's clock decides, and only one of many callers gets the row.
_CLAIM = """
INSERT INTO opsportal_jobclaim AS job (name, claimed_at) VALUES (%s, now())
ON CONFLICT (name) DO UPDATE SET claimed_at = now()
WHERE job.claimed_at <= now() - make_interval(secs => %s)
RETURNING name
"""


def claim(name: str, *, every: timedelta) -> bool:
    """True for the one caller who may run this period of the job. A tenth of a period is forgiven to ticker jitter."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [name, every.total_seconds() * 0.9])
        return cursor.fetchone() is not None


def done(name: str) -> None:
    """The job's heartbeat: this period was run to its end."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE opsportal_jobclaim SET done_at = now() WHERE name = %s", [name])
