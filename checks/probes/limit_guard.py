"""Does a limit still hold? A body, a batch and a number of requests that are too large have to be refused.

Bounded itself: at most MOST_BYTES a run, MOST_REQUESTS a run, and one deadline for all of it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from checks.probes import asking, json_path
from checks.probes.asking import Reply, Unanswered, judge_status, parse_statuses
from checks.probes.client import Request
from checks.probes.context import Context, Spec, setting
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

FEWEST_BYTES, MOST_BYTES = 1024, 8 * 1024 * 1024
MOST_REQUESTS = 1000
DEADLINE_SECONDS = 20.0
DEFAULT_CODE, DEFAULT_CODE_PATH = "PAYLOAD_TOO_LARGE", "error.code"
BATCH_STATUSES = "400, 413, 422"
# Few at a time, so that no more are sent than it takes.
_AT_ONCE = 4
_CHUNK = 64 * 1024
# So long a server may take to refuse after the head, before the rest follows.
_PATIENCE_SECONDS = 0.3


async def probe(spec: Spec, context: Context) -> Outcome:
    """Passes when the limit answers; a service that lets everything through fails with `no_limit`."""
    try:
        mode = {"body": _body, "batch": _batch, "rate": _rate}[str(spec["mode"])]
        headers = asking.headers(spec, context)
        turn = context.turn(str(spec["url"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return failed(ErrorClass.CONFIG)
    async with turn:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await mode(spec, context, headers)
        except TimeoutError:
            return failed(ErrorClass.TIMEOUT)
        except Unanswered as nothing:
            return failed(nothing.error)
        except (KeyError, ValueError, TypeError):
            return failed(ErrorClass.CONFIG)


async def _body(spec: Spec, context: Context, headers: dict[str, str]) -> Outcome:
    """One JSON body of so many bytes has to get a 413 with its code."""
    size = int(spec["bytes"])
    if not FEWEST_BYTES <= size <= MOST_BYTES:
        raise ValueError("too many bytes")
    sent = {**headers, "Content-Type": "application/json", "Content-Length": str(size)}
    request = Request(str(spec["url"]), "POST", headers=sent, body=_padding(size), is_fresh=True)
    return await _refused(spec, context, request, frozenset({413}))


async def _padding(size: int) -> AsyncIterator[bytes]:
    """A JSON text of exactly that size. Its head waits for a refusal, which a line that is closed early might lose."""
    head, tail = b'{"padding": "', b'"}'
    yield head
    await asyncio.sleep(_PATIENCE_SECONDS)
    left = size - len(head) - len(tail)
    while left > 0:
        yield b"x" * min(_CHUNK, left)
        left -= _CHUNK
    yield tail


async def _batch(spec: Spec, context: Context, headers: dict[str, str]) -> Outcome:
    """One list of so many items has to be refused as a whole."""
    body = batch_body(spec)
    sent = {**headers, "Content-Type": "application/json"}
    request = Request(str(spec["url"]), "POST", headers=sent, body=body, is_fresh=True)
    return await _refused(spec, context, request, parse_statuses(str(spec.get("expect") or BATCH_STATUSES)))


def batch_body(spec: Spec) -> bytes:
    """The list as it is sent, in an object when `list_name` names it; ValueError when it would be too long."""
    item: Any = json.loads(str(spec.get("item") or "{}"))
    count, name = int(spec["items"]), str(spec.get("list_name") or "")
    if not 1 <= count <= MOST_BYTES or count * (len(json.dumps(item)) + 2) > MOST_BYTES:
        raise ValueError("too many items")
    items = [item] * count
    return json.dumps({name: items} if name else items).encode()


async def _refused(spec: Spec, context: Context, request: Request, expected: frozenset[int]) -> Outcome:
    reply = await asking.ask(context.client, request, seconds=DEADLINE_SECONDS, wanted=expected)
    error = judge_status(reply.status, expected) or _judge_code(spec, reply)
    if reply.status < 300:
        error = ErrorClass.NO_LIMIT
    return failed(error, latency_ms=reply.latency_ms) if error else passed(latency_ms=reply.latency_ms)


def _judge_code(spec: Spec, reply: Reply) -> ErrorClass | None:
    """The machine's word for the refusal, at its path; no word wanted is fine with any."""
    code = str(spec.get("code") or "")
    if not code:
        return None
    try:
        path = json_path.parse_path(str(spec.get("code_path") or DEFAULT_CODE_PATH))
        found = json_path.find(json_path.load(reply.body), path)
    except (ValueError, LookupError):
        return ErrorClass.ASSERTION
    return None if found == code else ErrorClass.ASSERTION


async def _rate(spec: Spec, context: Context, headers: dict[str, str]) -> Outcome:
    """A 429 has to come within so many requests, and not before so many were let through; its number is kept.

    Any other failure ends the run.
    """
    most, least = int(spec["within"]), int(setting(spec, "let_through", 1))
    if not 1 <= least <= most <= MOST_REQUESTS:
        raise ValueError("too many requests")
    request = Request(str(spec["url"]), headers=headers)
    started, sent, let_through = time.perf_counter(), 0, 0
    while sent < most:
        burst = min(_AT_ONCE, most - sent)
        asked = (asking.ask(context.client, request, seconds=DEADLINE_SECONDS) for _ in range(burst))
        statuses = [one.status for one in _whole(await asyncio.gather(*asked, return_exceptions=True))]
        sent += burst
        latency = (time.perf_counter() - started) * 1000 / sent
        let_through += sum(one in asking.SUCCESS for one in statuses)
        if 429 in statuses:
            error = None if let_through >= least else ErrorClass.STATUS_429
            return Outcome(error is None, error, latency_ms=latency, value=float(sent))
        error = next((error for one in statuses if (error := judge_status(one, asking.SUCCESS))), None)
        if error:
            return failed(error, latency_ms=latency)
    return failed(ErrorClass.NO_LIMIT, latency_ms=latency, value=float(sent))


def _whole(replies: list[Reply | BaseException]) -> list[Reply]:
    """All of them, or the first trouble; none is left running behind it."""
    for one in replies:
        if isinstance(one, BaseException):
            raise one
    return [one for one in replies if isinstance(one, Reply)]
