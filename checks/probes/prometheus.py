"""Is a number that Prometheus knows within its bounds, or near what it was at this hour in the last four weeks?

One number leaves the answer. Names and labels of series are never looked at.
"""

import asyncio
import math
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from checks.probes import asking, json_path
from checks.probes.asking import Unanswered, judge_status
from checks.probes.bounds import Bounds
from checks.probes.client import Request
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

DEADLINE_SECONDS = 15.0
WEEK_SECONDS = 7 * 86400
WEEKS = 4
ABOVE, BELOW, BOTH = "", "below", "both"
# With fewer weeks there is nothing to compare with.
_FEWEST_WEEKS = 2
UNREADABLE = "Prometheus cannot read the query, or cannot work it out. Try it in Prometheus itself."


@dataclass(frozen=True)
class Baseline:
    """So many times more, or less, than the median of the weeks before.

    Up to `floor` nothing is too much, and less is not judged while that median is at most `floor`.
    """

    factor: float
    floor: float
    direction: str = ABOVE

    def bounds(self, weeks: list[float]) -> Bounds:
        """
        >>> Baseline(factor=2, floor=0.01).bounds([0.001, 0.02, 0.03, 0.9]).most
        0.05
        >>> Baseline(factor=4, floor=10, direction="below").bounds([80, 100, 120])
        Bounds(least=25.0, most=None)
        >>> Baseline(factor=2, floor=10, direction="both").bounds([4, 6])
        Bounds(least=None, most=10)
        """
        usual = median(weeks)
        least = usual / self.factor if self.direction != ABOVE and usual > self.floor else None
        most = max(self.floor, self.factor * usual) if self.direction != BELOW else None
        return Bounds(least, most)


class _NoNumber(Unanswered):
    """The query was answered, and not with one number."""


@dataclass(frozen=True)
class _Server:
    spec: Spec
    context: Context
    headers: dict[str, str]

    async def ask(self, query: str, *, at: float | None = None) -> float:
        """The number a query has, now or at a time; _NoNumber when it has none, or several."""
        params = {"query": query} if at is None else {"query": query, "time": f"{at:.0f}"}
        address = str(self.spec["url"]).rstrip("/") + "/api/v1/query"
        request = Request(address, headers=self.headers, params=params)
        reply = await asking.ask(self.context.client, request, seconds=asking.seconds(self.spec))
        if reply.status in (400, 422):  # a query that cannot be read, or cannot be worked out
            raise Unanswered(ErrorClass.CONFIG)
        error = judge_status(reply.status, asking.SUCCESS)
        if error:
            raise Unanswered(error, reply.latency_ms)
        if reply.is_longer:
            raise Unanswered(ErrorClass.TOO_LARGE, reply.latency_ms)
        try:
            return read(reply.body)
        except _NoNumber as nothing:
            raise _NoNumber(nothing.error, reply.latency_ms) from None


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """One instant query, its volume first. None while there is too little volume, or too little past.

    It has one turn at its host for all it asks, so that waiting for it counts neither as time nor as latency.
    """
    try:
        server = _Server(spec, context, asking.headers(spec, context))
        judge = _baseline(spec) or Bounds.of(spec.get("least"), spec.get("most"))
        turn = context.turn(str(spec["url"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return failed(ErrorClass.CONFIG)
    async with turn:
        return await _within(server, judge)


async def _within(server: _Server, judge: Baseline | Bounds) -> Outcome | None:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await _probe(server, judge)
    except TimeoutError:
        return failed(ErrorClass.TIMEOUT)
    except Unanswered as nothing:
        notes = (UNREADABLE,) if nothing.error is ErrorClass.CONFIG else ()
        return failed(nothing.error, latency_ms=nothing.latency_ms, notes=notes)
    except (KeyError, ValueError, TypeError, AttributeError):
        return failed(ErrorClass.CONFIG)


def _baseline(spec: Spec) -> Baseline | None:
    if spec.get("judge") != "baseline":
        return None
    factor, floor = float(spec.get("factor") or 2), float(spec.get("floor") or 0)
    return Baseline(factor, floor, str(spec.get("direction") or ABOVE))


async def _probe(server: _Server, judge: Baseline | Bounds) -> Outcome | None:
    if server.spec.get("volume_query") and not await _has_volume(server):
        return None
    started = time.perf_counter()
    value = await server.ask(str(server.spec["query"]))
    latency = (time.perf_counter() - started) * 1000
    if isinstance(judge, Baseline):
        weeks = await _weeks(server)
        if len(weeks) < _FEWEST_WEEKS:
            return None
        judge = judge.bounds(weeks)
    if judge.hold(value):
        return passed(latency_ms=latency, value=value)
    return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=latency, value=value)


async def _has_volume(server: _Server) -> bool:
    """Whether there is enough to judge; no number of it is no volume."""
    try:
        return await server.ask(str(server.spec["volume_query"])) >= float(server.spec.get("volume_least") or 0)
    except _NoNumber as nothing:
        if nothing.error is ErrorClass.NO_NUMBER:
            return False
        raise


async def _weeks(server: _Server) -> list[float]:
    """The same query at this hour of the last four weeks; weeks without a number are left out."""
    now, found = time.time(), []
    for week in range(1, WEEKS + 1):
        try:
            found.append(await server.ask(str(server.spec["query"]), at=now - week * WEEK_SECONDS))
        except _NoNumber as nothing:
            if nothing.error is not ErrorClass.NO_NUMBER:
                raise
    return found


def read(body: bytes) -> float:
    """The one finite number of an answer; _NoNumber for an empty one, NaN, several series and anything else."""
    try:
        data = json_path.load(body)["data"]
        return _finite(_sample(data["resultType"], data["result"]))
    except (ValueError, LookupError, TypeError):
        raise _NoNumber(ErrorClass.NO_NUMBER) from None


def _sample(kind: Any, result: Any) -> Any:
    if kind == "scalar":
        return result[1]
    if kind != "vector":
        raise ValueError("no instant value")
    if len(result) > 1:
        raise _NoNumber(ErrorClass.MANY_SERIES)
    return result[0]["value"][1]


def _finite(sample: Any) -> float:
    value = json_path.as_float(sample)
    if not math.isfinite(value):
        raise ValueError("not a number")
    return value
