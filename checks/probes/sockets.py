"""Open a line to a host and port that the guard allows; the address that was judged is the one connected to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from checks.probes import ours
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass
from checks.probes.turns import Turn
from opsportal.network import Forbidden
from opsportal.network_client import GuardedResolver

DEADLINE_SECONDS = 5.0
# So long an address may keep quiet before the next one of the same name is tried beside it (RFC 8305).
AHEAD_SECONDS = 0.25


def target(spec: Spec) -> tuple[str, int]:
    """Host and port; ValueError when they are none."""
    host, port = str(spec["host"]), int(spec["port"])
    if not host or not 1 <= port <= 65535:
        raise ValueError("no such port")
    return host, port


@asynccontextmanager
async def connected(
    context: Context, host: str, port: int, *, trust: ssl.SSLContext | None = None, name: str = ""
) -> AsyncIterator[asyncio.StreamWriter]:
    """The first address of the name that answers, with TLS when `trust` is given. Raises what `classify` reads."""
    guard = context.client.guard
    guard.check_host(host, port)
    found = await GuardedResolver(guard, context.client.lookups).resolve(host, port, socket.AF_UNSPEC)
    writer = await _open([one["host"] for one in found], port, trust, name or host)
    try:
        yield writer
    finally:
        writer.transport.abort()


async def _open(addresses: list[str], port: int, trust: ssl.SSLContext | None, name: str) -> asyncio.StreamWriter:
    """The first address that answers; each begins when one has failed, or when those before keep quiet for a while.

    When none does, the trouble with the last is the one that is told; a certificate that is refused is told at once.
    """
    tasks: list[asyncio.Task[asyncio.StreamWriter]] = []
    won: asyncio.StreamWriter | None = None
    try:
        while won is None:
            if len(tasks) < len(addresses):
                tasks.append(asyncio.create_task(_open_one(addresses[len(tasks)], port, trust, name)))
            waiting, are_more = [one for one in tasks if not one.done()], len(tasks) < len(addresses)
            if not waiting:
                return tasks[-1].result()
            patience = AHEAD_SECONDS if are_more else None
            await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            won = _winner(tasks)
        return won
    finally:
        for one in tasks:
            one.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, asyncio.StreamWriter) and ended is not won:
                ended.transport.abort()


def _winner(tasks: list[asyncio.Task[asyncio.StreamWriter]]) -> asyncio.StreamWriter | None:
    """The first line that is open, if there is one; a refused certificate is raised."""
    for one in tasks:
        if one.done() and (not (problem := one.exception()) or isinstance(problem, ssl.SSLError)):
            return one.result()
    return None


async def _open_one(address: str, port: int, trust: ssl.SSLContext | None, name: str) -> asyncio.StreamWriter:
    server_name = name if trust else None
    _, writer = await asyncio.open_connection(address, port, ssl=trust, server_hostname=server_name, limit=4096)
    return writer


def classify(problem: BaseException) -> ErrorClass:
    """The class of a failure, from its type only."""
    if isinstance(problem, TimeoutError):
        return ErrorClass.TIMEOUT
    if isinstance(problem, Forbidden):
        return ErrorClass.FORBIDDEN
    if isinstance(problem, socket.gaierror | UnicodeError):
        return ErrorClass.DNS
    return ErrorClass.TLS if isinstance(problem, ssl.SSLError) else ErrorClass.CONNECT


def told(turn: Turn, problem: BaseException) -> ErrorClass:
    """The class, and to the host's gate whether it was silence. Trouble of our own machine is raised again."""
    if ours.is_ours(problem):
        raise problem
    error = classify(problem)
    turn.gate.note(is_silent=error is ErrorClass.TIMEOUT)
    return error


CLASSIFIED = (Forbidden, OSError, UnicodeError)
