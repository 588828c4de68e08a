"""Asking a PostgreSQL: read-only, with a deadline for all of it and a timeout for each statement."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict

from checks.probes import ours
from checks.probes.outcome import ErrorClass, Outcome, failed

Connection = psycopg.AsyncConnection[tuple[object, ...]]
NUMBERS = frozenset({20, 21, 23, 700, 701, 1700})  # int8, int2, int4, float4, float8, numeric
LEFT_AFTER_SECONDS = 1.0
_REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InvalidAuthorizationSpecification,
    psycopg.errors.InvalidPassword,
    psycopg.errors.ReadOnlySqlTransaction,
)


async def ask(
    dsn: str, question: Callable[[Connection], Awaitable[Outcome | None]], *, seconds: float, statement_ms: int
) -> Outcome | None:
    """Connect, ask, close. What goes wrong is named by its type; the text of an error is never looked at."""
    try:
        return await _within(seconds, _asked(dsn, question, statement_ms))
    except (TimeoutError, psycopg.errors.QueryCanceled, psycopg.errors.ConnectionTimeout):
        return failed(ErrorClass.TIMEOUT)
    except _REFUSED:
        return failed(ErrorClass.DENIED)
    except psycopg.errors.UndefinedTable:
        return failed(ErrorClass.MISSING)
    except (psycopg.ProgrammingError, psycopg.DataError):
        return failed(ErrorClass.CONFIG)
    except psycopg.Error as problem:
        if _is_sign_in(problem):
            return failed(ErrorClass.DENIED)
        # libpq says only in words that this machine had no socket for it.
        ours.require_room()
        return failed(ErrorClass.CONNECT)
    except (OSError, ValueError) as problem:
        if ours.is_ours(problem):
            raise
        return failed(ErrorClass.CONNECT)


async def _within(seconds: float, work: Coroutine[Any, Any, Outcome | None]) -> Outcome | None:
    """The result, or TimeoutError.

    psycopg asks the server to cancel and waits for it, ten seconds at worst; one that is frozen is left after one.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        is_late = not task.done()
    finally:
        for _ in range(2):
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=LEFT_AFTER_SECONDS)
    if is_late:
        raise TimeoutError
    return task.result()


async def _asked(
    dsn: str, question: Callable[[Connection], Awaitable[Outcome | None]], statement_ms: int
) -> Outcome | None:
    """A cursor is read to its end, so it is planned for that (cursor_tuple_fraction).

    What the address itself asks for stays, such as a search path; of two that say the same ours comes last and counts.
    """
    wanted = f"-c statement_timeout={statement_ms} -c default_transaction_read_only=on -c cursor_tuple_fraction=1"
    options = f"{conninfo_to_dict(dsn).get('options') or ''} {wanted}".strip()
    connection = await psycopg.AsyncConnection.connect(
        dsn, connect_timeout=4, autocommit=True, options=options, application_name="opsportal-check"
    )
    try:
        return await question(connection)
    finally:
        await connection.close()


def _is_sign_in(problem: psycopg.Error) -> bool:
    """A refused sign-in has no code in libpq; that a password was asked for says it."""
    return problem.pgconn is not None and (problem.pgconn.needs_password or problem.pgconn.used_password)


async def one_row(connection: Connection, query: LiteralString) -> tuple[object, ...]:
    """The first row of a question that always has one."""
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    return row or ()


def number(value: object) -> float | None:
    """A finite number, or None."""
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        return None
    found = float(value)
    return found if math.isfinite(found) else None
