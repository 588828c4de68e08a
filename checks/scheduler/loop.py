"""One event loop for each worker process, kept between batches, so that connections to targets stay open."""

import asyncio
import os
import resource
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Thread
from typing import Any, TypeVar
from uuid import UUID, uuid4

import uvloop
from celery.signals import worker_process_shutdown
from django.utils import timezone

from checks.catalogue import beforehand, surroundings
from checks.probes.client import HttpClient
from checks.runs.batch import Flight, Result
from checks.scheduler.claim import AT_ONCE, Claim

T = TypeVar("T")
# So long the quick ones of a lease wait for the slow ones; then they are written without them.
PATIENCE_SECONDS = 1.0
# So many names are looked up at a time.
LOOKUPS = 16


@dataclass
class Lease:
    """What was claimed and has not come back; the token is that of what is left, as the database knows it."""

    token: UUID
    at: datetime
    flight: Flight


@dataclass(frozen=True)
class Landed:
    """Some results of a lease; `rest` is the token under which the others come later, if there are any."""

    lease: Lease
    results: list[Result]
    rest: UUID | None

    def mark_written(self) -> None:
        """Only now the database knows the token of the rest."""
        if self.rest is not None:
            self.lease.token = self.rest


class Loop:
    """An event loop in a thread of its own, with the HTTP client that lives on it. Asked from one thread.

    It goes on while that thread is at the database: a probe is timed and judged by its target, not by our writing.
    """

    def __init__(self) -> None:
        _allow_sockets(2 * AT_ONCE)
        _allow_lookups()
        self._loop = uvloop.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="probes", daemon=True)
        self._thread.start()
        self.client: HttpClient = self.ask(_open())
        self._leases: list[Lease] = []

    def ask(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def under_way(self) -> int:
        """How many runs have not come back."""
        return sum(len(one.flight) for one in self._leases)

    @property
    def at_work(self) -> int:
        """Those of them that do not just wait for their host's turn."""
        return sum(len(one.flight) - one.flight.waiting for one in self._leases)

    def launch(self, claim: Claim) -> None:
        """Begin a batch. What it needs of the database is read before it, in the thread that has the database."""
        context = surroundings.context(self.client, surroundings.known(one.spec for one in claim.runs))
        specs = beforehand.with_known(claim.runs, timezone.now())
        runs = [replace(one, spec=specs[one.check_id]) for one in claim.runs]

        async def begin() -> Flight:
            return Flight(runs, context, loop=self._loop)

        self._leases.append(Lease(claim.token, claim.at, self.ask(begin())))

    def land(self) -> list[Landed]:
        """What has come back; the newest batch is waited for a little."""
        landed = self.ask(self._land())
        self._leases = [one for one in self._leases if len(one.flight)]
        return landed

    async def _land(self) -> list[Landed]:
        *older, newest = self._leases
        await asyncio.gather(newest.flight.wait(PATIENCE_SECONDS), *(one.flight.wait(0) for one in older))
        return [part for one in self._leases if (part := _part(one))]

    def close(self) -> None:
        self.ask(_end_all())
        self.ask(self.client.close())
        self.ask(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _part(lease: Lease) -> Landed | None:
    """Those that have ended; what is left goes on under a token of its own, since each is written once."""
    results = lease.flight.take()
    return Landed(lease, results, uuid4() if len(lease.flight) else None) if results else None


def _allow_sockets(number: int) -> None:
    """All that hang hold a socket each, and many systems give a process a thousand unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _allow_lookups() -> None:
    """libuv looks names up in half of its threads, two unless it is told otherwise before it makes them.

    A name whose servers are silent keeps its thread for many seconds, and everybody behind it would time out. All of
    them are made at the first name, and the process ends where one cannot be: an operator may ask for fewer.
    """
    os.environ["UV_THREADPOOL_SIZE"] = os.environ.get("UV_THREADPOOL_SIZE") or str(2 * LOOKUPS)


async def _open() -> HttpClient:
    return surroundings.client()


async def _end_all() -> None:
    """What is still under way when the worker ends has no outcome; its lease is taken back."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


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
