"""One event loop for each worker process, kept between batches, so that connections to targets stay open."""

from collections.abc import Iterable
from dataclasses import replace

import uvloop
from celery.signals import worker_process_shutdown
from django.utils import timezone

from checks.catalogue import beforehand, surroundings
from checks.probes.client import HttpClient
from checks.runs import batch
from checks.runs.batch import Result, Run


class Loop:
    """An event loop with the HTTP client that lives on it. Used from one thread."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.client: HttpClient = self.loop.run_until_complete(_open())

    def run(self, runs: Iterable[Run]) -> list[Result]:
        """One batch. What it needs of the database is read before it, in the thread that has the database."""
        runs = list(runs)
        context = surroundings.context(self.client, surroundings.known(one.spec for one in runs))
        specs = beforehand.with_known(runs, timezone.now())
        runs = [replace(one, spec=specs[one.check_id]) for one in runs]
        return self.loop.run_until_complete(batch.run(runs, context))

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


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
