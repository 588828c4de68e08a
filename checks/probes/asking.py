"""Ask an address and keep what is judged: a status, at most 64 KiB of body, how long it took. Then it is dropped."""

import ssl
import time
from asyncio import timeout
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from checks.probes import ours
from checks.probes.client import Answer, HttpClient, Request
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass
from opsportal.network import Forbidden

BODY_CAP = 64 * 1024
DEADLINE_SECONDS = 10.0
SUCCESS = frozenset(range(200, 300))
# A header's value comes from a variable of the worker whose name begins so: no other secret can be sent anywhere.
HEADER_PREFIX = "CHECK_"
_DAY = 86400.0


@dataclass(frozen=True)
class Reply:
    """What came back. The body is empty unless the status was one of those wanted."""

    status: int
    latency_ms: float
    body: bytes = b""
    is_longer: bool = False
    days_left: float | None = None


class Unanswered(Exception):  # noqa: N818 - it is a finding
    """Nothing came back that can be judged; the class says why, and nothing else is kept."""

    def __init__(self, error: ErrorClass, latency_ms: float | None = None) -> None:
        super().__init__(error.value)
        self.error, self.latency_ms = error, latency_ms


async def ask(client: HttpClient, request: Request, *, seconds: float, wanted: frozenset[int] = SUCCESS) -> Reply:
    """One request within its time; Unanswered when there is no whole answer."""
    started = time.perf_counter()
    try:
        async with timeout(seconds), client.ask(request) as response:
            body, is_longer = await _read(response) if response.status in wanted else (b"", False)
            latency = (time.perf_counter() - started) * 1000
            client.gate(request.address).note(is_silent=False)
            return Reply(response.status, latency, body, is_longer, _days_left(response.not_after))
    except CLASSIFIED as problem:
        if ours.is_ours(problem):
            raise
        error = classify(problem)
        client.gate(request.address).note(is_silent=error is ErrorClass.TIMEOUT)
        raise Unanswered(error) from None


async def _read(response: Answer) -> tuple[bytes, bool]:
    """The body to the cap, and whether there is more of it; an endless one is hung up on."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_CAP:
            response.close()
            return bytes(body[:BODY_CAP]), True
    return bytes(body), False


def _days_left(not_after: str) -> float | None:
    return (ssl.cert_time_to_seconds(not_after) - time.time()) / _DAY if not_after else None


def judge_status(status: int, expected: frozenset[int]) -> ErrorClass | None:
    """Nothing when it was expected, else the class it belongs to."""
    if status in expected:
        return None
    if status == 429:
        return ErrorClass.STATUS_429
    return {4: ErrorClass.STATUS_4XX, 5: ErrorClass.STATUS_5XX}.get(status // 100, ErrorClass.ASSERTION)


def parse_statuses(text: str) -> frozenset[int]:
    """ "200-299, 401" as the set of statuses; ValueError when it is anything else.

    >>> sorted(parse_statuses("200-202, 404"))
    [200, 201, 202, 404]
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        low, high = int(first), int(last if dash else first)
        if not 100 <= low <= high <= 599:
            raise ValueError("no such status")
        found.update(range(low, high + 1))
    return frozenset(found)


def headers(spec: Spec, context: Context) -> dict[str, str]:
    """The headers a check sends, with values out of the environment; ValueError when one is unset or not allowed."""
    names: Mapping[str, Any] = spec.get("headers") or {}
    found = {name: context.variable(str(variable)) for name, variable in names.items()}
    if not all(found.values()) or not all(str(one).startswith(HEADER_PREFIX) for one in names.values()):
        raise ValueError("a header without a value")
    return found


def seconds(spec: Spec) -> float:
    """How long one request may take."""
    return float(spec.get("timeout_ms", DEADLINE_SECONDS * 1000)) / 1000


# Order matters: the first kind that fits names the failure.
_CLASSES: tuple[tuple[tuple[type[BaseException], ...], ErrorClass], ...] = (
    ((TimeoutError,), ErrorClass.TIMEOUT),
    ((Forbidden,), ErrorClass.FORBIDDEN),
    ((aiohttp.ClientConnectorDNSError,), ErrorClass.DNS),
    ((aiohttp.ClientSSLError, ssl.SSLError, ssl.CertificateError), ErrorClass.TLS),
    ((aiohttp.InvalidURL,), ErrorClass.CONFIG),
    ((aiohttp.ClientError, OSError), ErrorClass.CONNECT),
    ((ValueError,), ErrorClass.CONFIG),
)
CLASSIFIED = (Forbidden, aiohttp.ClientError, OSError, ValueError)


def classify(problem: BaseException) -> ErrorClass:
    """The class of a failure, from its type only; its text is never looked at."""
    return next(error for types, error in _CLASSES if isinstance(problem, types))
