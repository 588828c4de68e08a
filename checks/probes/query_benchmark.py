"""How fast are named queries? Mean and p95 of several rounds against thresholds, and against last week."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from checks.probes import postgres
from checks.probes.context import KNOWN, Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from checks.probes.postgres import Connection

MEAN_MS, P95_MS = 250.0, 400.0  # the operating documents' own thresholds
ROUNDS = 10
DEADLINE_SECONDS = 20.0
# After so long no new round begins, so that slow queries are judged by fewer rounds and not by the deadline.
ROUNDS_SECONDS = 15.0
LEAST_ROUNDS = 3
STATEMENT_MS = 5000
# Of an answer so many rows are fetched; more would measure the network.
ROWS = 1000
# Fewer runs of last week are no base to compare with.
LEAST_RUNS = 20


@dataclass(frozen=True)
class Timing:
    """One query's rounds in ms."""

    name: str
    rounds: tuple[float, ...]

    @property
    def mean(self) -> float:
        return math.fsum(self.rounds) / len(self.rounds)

    @property
    def p95(self) -> float:
        """The nearest rank."""
        return sorted(self.rounds)[math.ceil(0.95 * len(self.rounds)) - 1]


def parse(text: str) -> dict[str, str]:
    """`name: SELECT …` line by line; ValueError says which line is not.

    >>> parse("open_orders: SELECT 1")
    {'open_orders': 'SELECT 1'}
    """
    found: dict[str, str] = {}
    for place, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            name, colon, query = line.partition(":")
            if not colon or not name.strip().isidentifier() or not query.strip() or name.strip() in found:
                raise ValueError(f"Line {place} is not a new name, a colon and a query.")
            found[name.strip()] = query.strip()
    return found


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """Latency is the mean over all queries, the value kept is the worst p95."""
    dsn = context.variable(str(spec.get("dsn_env", "")))
    try:
        queries, rounds = parse(str(spec["queries"])), int(spec.get("rounds") or ROUNDS)
        most_mean, most_p95 = float(spec.get("max_mean_ms") or MEAN_MS), float(spec.get("max_p95_ms") or P95_MS)
        slower = float(spec.get("max_slower_percent") or 0)
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    if not dsn or not queries:
        return failed(ErrorClass.CONFIG)

    async def look(connection: Connection) -> Outcome:
        timings = await _timings(connection, queries, rounds)
        notes = tuple(
            f"{one.name}: mean {one.mean:.1f} ms, p95 {one.p95:.1f} ms."
            for one in timings
            if one.mean > most_mean or one.p95 > most_p95
        )
        mean = math.fsum(one.mean for one in timings) / len(timings)
        before = _last_week(spec)
        if slower and before and mean > before * (1 + slower / 100):
            notes = (*notes, f"Mean {mean:.1f} ms; {before:.1f} ms in the week before.")
        worst = max(one.p95 for one in timings)
        if notes:
            return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=mean, value=worst, notes=notes)
        return passed(latency_ms=mean, value=worst)

    return await postgres.ask(dsn, look, seconds=DEADLINE_SECONDS, statement_ms=STATEMENT_MS)


async def _timings(connection: Connection, queries: Mapping[str, str], rounds: int) -> list[Timing]:
    """Round by round, each query in turn, for as long as there is time."""
    found: dict[str, list[float]] = {name: [] for name in queries}
    until = time.monotonic() + ROUNDS_SECONDS
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.monotonic() > until:
            break
        for name, query in queries.items():
            found[name].append(await _time(connection, query))
    return [Timing(name, tuple(times)) for name, times in found.items()]


async def _time(connection: Connection, query: str) -> float:
    """One round in a read-only transaction; a cursor takes one SELECT and nothing else."""
    async with connection.transaction(), connection.cursor(name="opsportal") as cursor:
        await connection.execute("SET TRANSACTION READ ONLY")
        started = time.perf_counter()
        await cursor.execute(query.encode())
        await cursor.fetchmany(ROWS)
        return (time.perf_counter() - started) * 1000


def _last_week(spec: Spec) -> float | None:
    """What a run usually took in the week before, when there were enough: the median, which few slow ones move."""
    known = spec.get(KNOWN)
    if known is None or known.samples < LEAST_RUNS:
        return None
    usual: float | None = known.p50_ms or known.mean_ms
    return usual


def fits(queries: Mapping[str, str], most_mean: float) -> bool:
    """Whether the least rounds end in time while each query takes as long as it may."""
    return len(queries) * LEAST_ROUNDS * most_mean / 1000 <= ROUNDS_SECONDS
