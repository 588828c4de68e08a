"""Does an address answer as it should? Status, an optional keyword and an optional longest time.

The body is read to 64 KiB, judged and dropped.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass

import aiohttp

from checks.probes.client import HttpClient
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from opsportal.network import Forbidden

BODY_CAP = 64 * 1024
DEADLINE_SECONDS = 10.0
DEFAULT_EXPECT = "200-299"


@dataclass(frozen=True)
class Expectation:
    """What a good answer looks like."""

    statuses: frozenset[int]
    keyword: bytes = b""
    max_latency_ms: float | None = None


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


async def probe(spec: Spec, context: Context) -> Outcome:
    """Ask once, within `timeout_ms` from the moment it is this request's turn at its host."""
    try:
        expectation = _expectation(spec)
        address, seconds = str(spec["url"]), float(spec.get("timeout_ms", DEADLINE_SECONDS * 1000)) / 1000
        turn = context.client.gate(address)
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    async with turn:
        return await _ask(context.client, address, expectation, seconds, is_fresh=spec.get("connection") == "fresh")


def _expectation(spec: Spec) -> Expectation:
    limit = spec.get("max_latency_ms")
    return Expectation(
        statuses=parse_statuses(str(spec.get("expect") or DEFAULT_EXPECT)),
        keyword=str(spec.get("keyword") or "").encode(),
        max_latency_ms=float(limit) if limit else None,
    )


async def _ask(client: HttpClient, address: str, wanted: Expectation, seconds: float, *, is_fresh: bool) -> Outcome:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(seconds), client.get(address, is_fresh=is_fresh) as response:
            error = _judge_status(response.status, wanted.statuses) or await _judge_body(response, wanted.keyword)
    except _CLASSIFIED as problem:
        return failed(classify(problem))
    latency = (time.perf_counter() - started) * 1000
    if error is None and wanted.max_latency_ms is not None and latency > wanted.max_latency_ms:
        error = ErrorClass.ASSERTION
    return failed(error, latency_ms=latency) if error else passed(latency_ms=latency)


def _judge_status(status: int, expected: frozenset[int]) -> ErrorClass | None:
    if status in expected:
        return None
    if status == 429:
        return ErrorClass.STATUS_429
    return {4: ErrorClass.STATUS_4XX, 5: ErrorClass.STATUS_5XX}.get(status // 100, ErrorClass.ASSERTION)


async def _judge_body(response: aiohttp.ClientResponse, keyword: bytes) -> ErrorClass | None:
    """Read to the cap; a longer answer is only a failure when the keyword was to be found and was not in reach."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_CAP:
            response.close()
            break
    if not keyword or keyword in body[:BODY_CAP]:
        return None
    return ErrorClass.TOO_LARGE if len(body) > BODY_CAP else ErrorClass.ASSERTION


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
_CLASSIFIED = (Forbidden, aiohttp.ClientError, OSError, ValueError)


def classify(problem: BaseException) -> ErrorClass:
    """The class of a failure, from its type only; its text is never looked at."""
    return next(error for types, error in _CLASSES if isinstance(problem, types))
