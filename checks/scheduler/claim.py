"""Take due checks under a lease, and take leases back that died. PostgreSQL's clock is the only one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from checks.catalogue.kinds import KINDS
from checks.catalogue.states import SILENT_PERIODS, SILENT_SECONDS
from checks.rollups import buckets
from checks.rollups.buckets import Counts
from checks.rollups.roll_up import note_late
from checks.runs.batch import Run
from checks.scheduler import grid

LEASE_SECONDS = 60
AT_ONCE = 1000

# next_due moves to the next slot of the check's grid, computed as in grid.next_slot; silent_from by what is known of
# the last run now, which is early enough, since the result of this one only moves that moment on.
_CLAIM = """
WITH due AS (
  SELECT id, next_due FROM checks_check
  WHERE next_due <= now() AND state <> 'paused' AND lease_token IS NULL AND kind = ANY(%(kinds)s)
  ORDER BY next_due LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), phased AS (
  SELECT due.id, due.next_due AS was_due,
         (('x' || left(encode(sha256(convert_to(key, 'UTF8')), 'hex'), 8))::bit(32)::bigint & 4294967295)
           %% every_seconds AS phase
  FROM due JOIN checks_check USING (id)
)
UPDATE checks_check AS c
SET lease_until = now() + make_interval(secs => %(lease)s), lease_token = %(token)s,
    next_due = to_timestamp(phase + (floor((extract(epoch FROM now()) - phase) / every_seconds) + 1) * every_seconds),
    silent_from = coalesce(c.last_run_at, c.created_at)
                  + make_interval(secs => greatest(%(periods)s * c.every_seconds, %(seconds)s))
FROM phased WHERE c.id = phased.id
RETURNING c.id, c.kind, c.spec, c.every_seconds, phased.was_due, now()
"""


@dataclass(frozen=True)
class Claim:
    """Checks that are ours to run until the lease ends."""

    token: UUID
    at: datetime
    runs: list[Run]


@transaction.atomic
def claim(*, limit: int = AT_ONCE, kinds: Sequence[str] = tuple(KINDS)) -> Claim | None:
    """What is due and nobody has, of some kinds; slots that nobody came for are counted as unknown.

    None when nothing is due.
    """
    token = uuid4()
    wanted: dict[str, Any] = {
        "limit": limit,
        "lease": LEASE_SECONDS,
        "token": token,
        "kinds": list(kinds),
        "periods": SILENT_PERIODS,
        "seconds": SILENT_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, wanted)
        rows = cursor.fetchall()
    if not rows:
        return None
    at = rows[0][-1]
    _count_missed([(row[0], row[3], row[4]) for row in rows], at)
    return Claim(token, at, [Run(row[0], row[1], json.loads(row[2]), KINDS[row[1]].probe) for row in rows])


def _count_missed(claimed: Iterable[tuple[int, int, datetime]], at: datetime) -> None:
    """Slots for which nobody came, however long ago: their hours, days and weeks are computed anew."""
    minutes, hours = list[Counts](), list[Counts]()
    for check_id, every, was_due in claimed:
        for found, missed in ((minutes, grid.missed_by_bucket), (hours, grid.missed_long_ago)):
            counted = missed(was_due, every, at).items()
            found += [Counts(check_id, bucket, unknown=count, expected=count) for bucket, count in counted]
    buckets.add_minutes(minutes)
    buckets.add_hours(hours)
    note_late((one.bucket for one in (*minutes, *hours)), at=at)


_REAP = """
WITH dead AS (
  SELECT id, lease_until FROM checks_check WHERE lease_until < now() FOR UPDATE SKIP LOCKED
)
UPDATE checks_check AS c SET lease_until = NULL, lease_token = NULL FROM dead WHERE c.id = dead.id
RETURNING c.id, date_trunc('minute', dead.lease_until - make_interval(secs => %s)), now()
"""


@transaction.atomic
def reap() -> int:
    """Count the slots of leases that ended without a result as unknown, and free their checks; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_REAP, [LEASE_SECONDS])
        dead = cursor.fetchall()
    buckets.add_minutes(Counts(check_id, minute, unknown=1, expected=1) for check_id, minute, _ in dead)
    if dead:
        note_late((minute for _, minute, _ in dead), at=dead[0][-1])
    return len(dead)


def database_now() -> datetime:
    """The only clock of the schedule."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
        return now
