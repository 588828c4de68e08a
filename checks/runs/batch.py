"""Run many probes at once: a bounded number in flight, few for each host, one deadline for all."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from checks.probes.context import Context, Probe
from checks.probes.outcome import Outcome

log = structlog.get_logger("checks.batch")
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


async def run(runs: Iterable[Run], context: Context, *, seconds: float = DEADLINE_SECONDS) -> list[Result]:
    """All outcomes; what is not done at the deadline is cancelled and has none."""
    gate = asyncio.Semaphore(IN_FLIGHT)
    tasks = {asyncio.ensure_future(_one(one, context, gate)): one for one in runs}
    if not tasks:
        return []
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [Result(one.check_id, _outcome(task, one) if task in done else None) for task, one in tasks.items()]


async def _one(one: Run, context: Context, gate: asyncio.Semaphore) -> Outcome | None:
    async with gate:
        return await one.probe(one.spec, context)


def _outcome(task: asyncio.Future[Outcome | None], one: Run) -> Outcome | None:
    """A mistake in a probe costs its own slot only; its type is logged, never its text."""
    problem = task.exception()
    if problem is not None:
        log.error("a probe broke", kind=one.kind, problem=type(problem).__name__)
        return None
    return task.result()
