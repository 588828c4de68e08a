"""Open a line to a host and port that the guard allows; the address that was judged is the one connected to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass
from opsportal.network import Forbidden
from opsportal.network_client import GuardedResolver

DEADLINE_SECONDS = 5.0


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
    found = await GuardedResolver(guard).resolve(host, port, socket.AF_UNSPEC)
    writer = await _open([one["host"] for one in found], port, trust, name or host)
    try:
        yield writer
    finally:
        writer.transport.abort()


async def _open(addresses: list[str], port: int, trust: ssl.SSLContext | None, name: str) -> asyncio.StreamWriter:
    """Several addresses are tried in turn; the trouble with the last is the one that is told."""
    for address in addresses[:-1]:
        try:
            return await _open_one(address, port, trust, name)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return await _open_one(addresses[-1], port, trust, name)


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


CLASSIFIED = (Forbidden, OSError, UnicodeError)
