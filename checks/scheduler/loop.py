"""One event loop for each worker process, kept between batches, so that connections to targets stay open."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import uvloop
from celery.signals import worker_process_shutdown
from django.utils import timezone

from checks.catalogue import beforehand, surroundings
from checks.probes.client import HttpClient
from checks.runs.batch import Flight, Result
from checks.scheduler.claim import Claim

# So long the quick ones of a lease wait for the slow ones; then they are written without them.
PATIENCE_SECONDS = 1.0


@dataclass
class Lease:
    """What was claimed and has not come back; the token is that of what is left."""

    token: UUID
    at: datetime
    flight: Flight


@dataclass(frozen=True)
class Landed:
    """Some results of a lease; `rest` is the token under which the others come later, if there are any."""

    token: UUID
    at: datetime
    results: list[Result]
    rest: UUID | None


class Loop:
    """An event loop with the HTTP client that lives on it. Used from one thread.

    What hangs goes on while others are claimed, run and written: it moves whenever this is asked to land something.
    """

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.client: HttpClient = self.loop.run_until_complete(_open())
        self._leases: list[Lease] = []

    @property
    def under_way(self) -> int:
        """How many runs have not come back."""
        return sum(len(one.flight) for one in self._leases)

    def launch(self, claim: Claim) -> None:
        """Begin a batch. What it needs of the database is read before it, in the thread that has the database."""
        context = surroundings.context(self.client, surroundings.known(one.spec for one in claim.runs))
        specs = beforehand.with_known(claim.runs, timezone.now())
        runs = [replace(one, spec=specs[one.check_id]) for one in claim.runs]
        self._leases.append(Lease(claim.token, claim.at, Flight(runs, context, loop=self.loop)))

    def land(self) -> list[Landed]:
        """What has come back; the newest batch is waited for a little."""
        self.loop.run_until_complete(self._wait())
        landed = [part for one in self._leases if (part := _part(one))]
        self._leases = [one for one in self._leases if len(one.flight)]
        return landed

    async def _wait(self) -> None:
        *older, newest = self._leases
        await asyncio.gather(newest.flight.wait(PATIENCE_SECONDS), *(one.flight.wait(0) for one in older))

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


def _part(lease: Lease) -> Landed | None:
    """Those that have ended; what is left goes on under a token of its own, since each is written once."""
    results, token = lease.flight.take(), lease.token
    if not results:
        return None
    rest = uuid4() if len(lease.flight) else None
    lease.token = rest or token
    return Landed(token, lease.at, results, rest)


async def _open() -> HttpClient:
    return surroundings.client()


_loops: list[Loop] = []


def of_this_process() -> Loop:
    """Made at the first batch, after the worker forked."""
    if not _loops:
        _loops.append(Loop())
    return _loops[0]


@worker_process_shutdown.connect
def close(**_: object) -> None:
    """Close connections in order when the worker ends. Safe to run twice."""
    while _loops:
        _loops.pop().close()
