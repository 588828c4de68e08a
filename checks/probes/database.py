"""Can a PostgreSQL database be reached and does it answer? The connection string stays in the environment."""

import asyncio
import time

import psycopg

from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

DEADLINE_SECONDS = 5.0


async def probe(spec: Spec, context: Context) -> Outcome:
    """Connect and `SELECT 1`, with a statement timeout, within five seconds in all."""
    dsn = context.dsn(str(spec.get("dsn_env", "")))
    if not dsn:
        return failed(ErrorClass.CONFIG)
    started = time.perf_counter()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await _select_one(dsn)
    except (TimeoutError, psycopg.errors.QueryCanceled):
        return failed(ErrorClass.TIMEOUT)
    except psycopg.ProgrammingError:
        return failed(ErrorClass.CONFIG)
    except (psycopg.Error, OSError):
        return failed(ErrorClass.CONNECT)
    return passed(latency_ms=(time.perf_counter() - started) * 1000)


async def _select_one(dsn: str) -> None:
    connection = await psycopg.AsyncConnection.connect(
        dsn, connect_timeout=4, autocommit=True, options="-c statement_timeout=3000", application_name="opsportal-check"
    )
    try:
        await connection.execute("SELECT 1")
    finally:
        await connection.close()
