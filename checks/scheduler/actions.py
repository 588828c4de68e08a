"""One tick: claim what is due, run it, write it; again while there is more. And the hourly upkeep of partitions."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Min

from checks.catalogue import actions as catalogue
from checks.catalogue.kinds import KINDS
from checks.catalogue.models import Check
from checks.runs import actions as runs
from checks.runs import blocking
from checks.scheduler import grid, loop
from checks.scheduler.claim import AT_ONCE, claim, database_now, reap
from opsportal.ticker import actions as ticker


@dataclass(frozen=True)
class Lane:
    """Checks that may hold each other up, and nobody else: the name of its tick, and its kinds."""

    tick: str
    kinds: tuple[str, ...]
    at_once: int = AT_ONCE


# A slow check costs its own lane time: twenty at once end within the deadline of a batch.
FAST = Lane("checks.tick", tuple(slug for slug, kind in KINDS.items() if not kind.is_slow))
SLOW = Lane("checks.tick_slow", tuple(slug for slug, kind in KINDS.items() if kind.is_slow), at_once=20)
# A tick looks for more work this long, then leaves it to the next; with the deadline of what it took last it ends
# before the workers' soft limit.
TICK_SECONDS = 15.0
_KEPT, _AHEAD = timedelta(days=13), timedelta(days=7)


def tick(lane: Lane = FAST) -> int:
    """Run what is due in a lane; how many results were written. Any number of ticks may run at a time.

    Before each look pauses end whose time has come, and what stands on something that is down is blocked. Quick results
    are written while slow ones are still awaited: a target that hangs costs nobody else a slot.
    """
    until, written, flying = time.monotonic() + TICK_SECONDS, 0, loop.of_this_process()
    while True:
        _settle()
        room = lane.at_once - flying.at_work
        if room > 0 and time.monotonic() < until and (claimed := claim(limit=room, kinds=lane.kinds)):
            flying.launch(claimed)
        if not flying.under_way:
            break
        written += _write(flying.land(), lane)
    _beat(lane)
    return written


def _write(landed: list[loop.Landed], lane: Lane) -> int:
    """Each part in its own transaction: one that cannot be written costs the others nothing, and is raised at the end.

    Its runs stay leased and are unknown; what is left of its lease goes on under the token that the database knows.
    """
    written, problem = 0, None
    for part in landed:
        try:
            written += runs.write(part.lease.token, part.results, at=part.lease.at, rest=part.rest)
            part.mark_written()
            _beat(lane)
        except DatabaseError as found:
            problem = problem or found
    if problem is not None:
        raise problem
    return written


def _settle() -> None:
    """What does not wait for a result; while something hangs, a tick goes on for long."""
    reap()
    catalogue.resume_ended(at=database_now())
    blocking.settle()


def _beat(lane: Lane) -> None:
    """After each batch: what /health/ready, the Checks screen and the public page look at.

    Ticks do not claim a period, so the row may have to be made.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO opsportal_jobclaim (name, claimed_at, done_at) VALUES (%s, now(), now()) "
            "ON CONFLICT (name) DO UPDATE SET claimed_at = now(), done_at = now()",
            [lane.tick],
        )


def upkeep(*, at: datetime, every: timedelta = timedelta(hours=1)) -> None:
    """Partitions for the time that comes, none for the time that is over. Claims its hour."""
    if not ticker.claim("checks.upkeep", every=every):
        return
    with connection.cursor() as cursor:
        _make_partitions(cursor, at)
        cursor.execute("SELECT checks_drop_partitions(%s)", [at])
    runs.forget_batches(at=at)
    ticker.done("checks.upkeep")


def _make_partitions(cursor: CursorWrapper, at: datetime) -> None:
    """Of far away months one day each: minutes before that are not kept, and are dropped again at once."""
    since = _since(at)
    if since < at - _KEPT:
        cursor.execute(
            "SELECT checks_make_partitions(month, month) FROM "
            "generate_series(date_trunc('month', %s::timestamptz, 'UTC'), %s, interval '1 month') AS month",
            [since, at - _KEPT],
        )
    cursor.execute("SELECT checks_make_partitions(%s, %s)", [at - _KEPT, at + _AHEAD])


def _since(at: datetime) -> datetime:
    """After a long stop hours are needed as far back as slots were missed."""
    oldest = Check.objects.enabled().filter(kind__in=list(KINDS)).aggregate(due=Min("next_due"))["due"] or at
    return min(at - _KEPT, max(oldest, at - grid.FORGOTTEN))
