"""One read-only question of a database that answers with one row of numbers; one of them is held against bounds."""

import time
from dataclasses import dataclass

from checks.probes import postgres
from checks.probes.context import Context, Spec, setting
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from checks.probes.postgres import NUMBERS, Connection, number

TIMEOUT_MS = 5000
# Connecting and reading the row beside the statement itself.
BESIDE_SECONDS = 4.0


@dataclass(frozen=True)
class Bounds:
    """Between what the column must lie, and how much there must be before it says anything."""

    column: str
    low: float | None
    high: float | None
    volume_column: str
    least_volume: float

    @classmethod
    def of(cls, spec: Spec) -> "Bounds":
        low, high = spec.get("low"), spec.get("high")
        return cls(
            column=str(spec["column"]),
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            volume_column=str(spec.get("volume_column") or ""),
            least_volume=float(setting(spec, "least_volume", 1)),
        )


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """None while there is too little volume, or while the column is empty: neither good nor bad."""
    dsn = context.variable(str(spec.get("dsn_env", "")))
    try:
        bounds, query, limit = Bounds.of(spec), str(spec["query"]), int(spec.get("timeout_ms") or TIMEOUT_MS)
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    if not dsn:
        return failed(ErrorClass.CONFIG)

    async def look(connection: Connection) -> Outcome | None:
        started = time.perf_counter()
        row = await _only_row(connection, query)
        latency = (time.perf_counter() - started) * 1000
        return failed(ErrorClass.SHAPE) if row is None else judge(row, bounds, latency)

    return await postgres.ask(dsn, look, seconds=limit / 1000 + BESIDE_SECONDS, statement_ms=limit)


async def _only_row(connection: Connection, query: str) -> dict[str, float | None] | None:
    """The one row by column; None when there are more or fewer, or anything but numbers.

    A cursor takes one SELECT and nothing else, and of an endless answer two rows are read; none of words, which may be
    as long as memory.
    """
    async with connection.transaction(), connection.cursor(name="opsportal") as cursor:
        await connection.execute("SET TRANSACTION READ ONLY")
        await cursor.execute(query.encode())
        columns = cursor.description or []
        if any(column.type_code not in NUMBERS for column in columns):
            return None
        rows = await cursor.fetchmany(2)
    if len(rows) != 1:
        return None
    return {column.name: number(value) for column, value in zip(columns, rows[0], strict=True)}


def judge(row: dict[str, float | None], bounds: Bounds, latency: float) -> Outcome | None:
    """The row against the bounds."""
    if wanting := [name for name in (bounds.column, bounds.volume_column) if name and name not in row]:
        return failed(ErrorClass.CONFIG, notes=(f"The query has no column {wanting[0]}.",))
    value, volume = row[bounds.column], row.get(bounds.volume_column)
    if value is None or (bounds.volume_column and (volume or 0) < bounds.least_volume):
        return None
    is_low = bounds.low is not None and value < bounds.low
    is_high = bounds.high is not None and value > bounds.high
    if is_low or is_high:
        return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=latency, value=value)
    return passed(latency_ms=latency, value=value)
