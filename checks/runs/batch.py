"""Run many probes at once: a bounded number in flight, few for each host, one deadline for all."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checks.probes import running
from checks.probes.context import Context, Probe
from checks.probes.outcome import Outcome
from checks.probes.turns import Places, Seat

IN_FLIGHT = 150
DEADLINE_SECONDS = 25.0


@dataclass(frozen=True)
class Run:
    """One claimed check, ready to be run."""

    check_id: int
    kind: str
    spec: Mapping[str, Any]
    probe: Probe


@dataclass(frozen=True)
class Result:
    """What came of it; no outcome means that nobody knows, and the slot counts as unknown."""

    check_id: int
    outcome: Outcome | None


class Flight:
    """Runs under way on a loop. Those that have ended are taken off in parts, so that one that hangs keeps nobody.

    What has not ended at the deadline is cancelled and has no outcome, unless its host answered nobody all that time.
    """

    def __init__(
        self,
        runs: Iterable[Run],
        context: Context,
        *,
        loop: asyncio.AbstractEventLoop,
        seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._places = Places(IN_FLIGHT)
        self._until = loop.time() + seconds
        self._tasks = {loop.create_task(_one(one, context, Seat(self._places))): one for one in runs}

    def __len__(self) -> int:
        """How many have not been taken off yet."""
        return len(self._tasks)

    @property
    def waiting(self) -> int:
        """How many of them wait for a host that is busy with others: they hold neither socket nor processor."""
        return self._places.waiting

    async def wait(self, seconds: float) -> None:
        """Until all have ended, but so long at most."""
        left = self._until - asyncio.get_running_loop().time()
        if self._tasks:
            _, under_way = await asyncio.wait(self._tasks, timeout=max(0.0, min(seconds, left)))
            if left <= seconds:
                await self._end(under_way)

    async def _end(self, late: set[asyncio.Task[Outcome | None]]) -> None:
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def take(self) -> list[Result]:
        """Those that have ended since the last time."""
        ended = [task for task in self._tasks if task.done()]
        return [Result(self._tasks.pop(task).check_id, None if task.cancelled() else task.result()) for task in ended]


async def _one(one: Run, context: Context, seat: Seat) -> Outcome | None:
    await seat.take()
    try:
        return await running.run(one.probe, one.kind, one.spec, replace(context, seat=seat))
    finally:
        seat.leave()
