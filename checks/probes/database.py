"""Can a PostgreSQL database be reached, does it answer, and is it in the state it should be in?

The connection string stays in the environment.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from checks.probes import postgres
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from checks.probes.postgres import Connection, number, one_row

DEADLINE_SECONDS = 5.0
STATEMENT_MS = 3000
ROLE_WRITES = "This role may write. A read-only role is enough, and safer."
ROLE_IS_BLIND = "This role sees its own sessions only: grant it pg_read_all_stats to see how long others take."
NO_REPLICA = "No replica is connected."


@dataclass(frozen=True)
class Wanted:
    """What must be there, and the ceilings of figures; the figure in `measure` is kept."""

    tables: tuple[str, ...]
    migrations: tuple[str, ...]
    least_migrations: int
    ceilings: Mapping[str, float]
    measure: str

    @classmethod
    def of(cls, spec: Spec) -> "Wanted":
        """ValueError for a configuration that nobody could have saved."""
        names = tuple(str(spec.get("migrations") or "").split())
        is_number = len(names) == 1 and names[0].isdecimal()
        limits = {"lag": "max_lag_ms", "query": "max_query_ms", "pool": "max_pool_percent"}
        return cls(
            tables=tuple(str(spec.get("tables") or "").split()),
            migrations=() if is_number else names,
            least_migrations=int(names[0]) if is_number else 0,
            ceilings={figure: float(spec[name]) for figure, name in limits.items() if spec.get(name)},
            measure=str(spec.get("measure") or ""),
        )


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """Connect and `SELECT 1`, then what else is wanted, within five seconds in all. Latency is that of the first."""
    dsn = context.variable(str(spec.get("dsn_env", "")))
    try:
        wanted = Wanted.of(spec)
    except (ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    if not dsn:
        return failed(ErrorClass.CONFIG)
    started = time.perf_counter()

    async def look(connection: Connection) -> Outcome:
        await connection.execute("SELECT 1")
        latency = (time.perf_counter() - started) * 1000
        return await _look(connection, wanted, latency, is_trial=context.is_trial)

    return await postgres.ask(dsn, look, seconds=DEADLINE_SECONDS, statement_ms=STATEMENT_MS)


async def _look(connection: Connection, wanted: Wanted, latency: float, *, is_trial: bool) -> Outcome:
    notes = (ROLE_WRITES,) if is_trial and await _may_write(connection) else ()
    if absent := await _names(connection, _ABSENT, wanted.tables):
        return failed(ErrorClass.MISSING, notes=(*notes, f"Not there: {', '.join(absent)}."))
    if pending := await _pending(connection, wanted):
        return failed(ErrorClass.PENDING, notes=(*notes, pending))
    figures: dict[str, float] = {}
    for figure in {*wanted.ceilings, wanted.measure} & _FIGURES.keys():
        found = await _FIGURES[figure](connection)
        if isinstance(found, Outcome):
            return Outcome(False, found.error, notes=(*notes, *found.notes))
        figures[figure] = found
    value = figures.get(wanted.measure)
    if over := [figure for figure, most in wanted.ceilings.items() if figures[figure] > most]:
        said = tuple(f"{_SAID[figure]}: {figures[figure]:.1f}, at most {wanted.ceilings[figure]:g}." for figure in over)
        return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=latency, value=value, notes=(*notes, *said))
    return passed(latency_ms=latency, value=value, notes=notes)


_ABSENT = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL ORDER BY name"
_NOT_APPLIED = """
SELECT wanted FROM unnest(%s::text[]) AS wanted
WHERE NOT EXISTS (SELECT FROM django_migrations WHERE app || '.' || name = wanted) ORDER BY wanted
"""
_SAID = {"lag": "Replication lag in ms", "query": "Longest running query in ms", "pool": "Connections in per cent"}


async def _names(connection: Connection, query: str, names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    cursor = await connection.execute(query.encode(), [list(names)])
    return [str(row[0]) for row in await cursor.fetchall()]


async def _pending(connection: Connection, wanted: Wanted) -> str:
    """What is not applied, in a sentence; empty when nothing is wanting."""
    if wanted.least_migrations:
        (applied,) = await one_row(connection, "SELECT count(*) FROM django_migrations")
        missing = wanted.least_migrations - int(number(applied) or 0)
        return f"{missing} fewer are applied than the {wanted.least_migrations} expected." if missing > 0 else ""
    names = await _names(connection, _NOT_APPLIED, wanted.migrations)
    return f"Not applied: {', '.join(names)}." if names else ""


# On the primary the slowest replica, whose lag is unknown while it has caught up and rests; on a replica its own.
_LAG = """
SELECT pg_is_in_recovery(), count(*), count(state), coalesce(max(extract(epoch FROM replay_lag)) * 1000, 0),
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver)
         THEN 0 ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) * 1000 END
FROM pg_stat_replication
"""
_LONGEST = """
SELECT pg_has_role('pg_read_all_stats', 'USAGE'),
       coalesce(max(extract(epoch FROM clock_timestamp() - query_start)) * 1000, 0)
FROM pg_stat_activity
WHERE state = 'active' AND backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
"""
_POOL = """
SELECT 100.0 * sum(numbackends) / greatest(1, current_setting('max_connections')::int
  - current_setting('superuser_reserved_connections')::int) FROM pg_stat_database
"""
_WRITES = """
SELECT rolsuper OR EXISTS (
  SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace NOT IN
    ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    AND has_table_privilege(pg_class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') LIMIT 1)
FROM pg_roles WHERE rolname = current_user
"""


async def _lag(connection: Connection) -> float | Outcome:
    is_replica, replicas, visible, slowest, own = await one_row(connection, _LAG)
    if is_replica:
        return number(own) or 0.0
    if not replicas:
        return failed(ErrorClass.MISSING, notes=(NO_REPLICA,))
    return number(slowest) or 0.0 if visible else failed(ErrorClass.DENIED, notes=(ROLE_IS_BLIND,))


async def _longest(connection: Connection) -> float | Outcome:
    sees_all, longest = await one_row(connection, _LONGEST)
    return number(longest) or 0.0 if sees_all else failed(ErrorClass.DENIED, notes=(ROLE_IS_BLIND,))


async def _pool(connection: Connection) -> float | Outcome:
    (share,) = await one_row(connection, _POOL)
    return number(share) or 0.0


_FIGURES = {"lag": _lag, "query": _longest, "pool": _pool}


async def _may_write(connection: Connection) -> bool:
    (writes,) = await one_row(connection, _WRITES)
    return bool(writes)
