"""Does a Redis answer, how full is it, and how much waits in one of Celery's queues?

The address stays in the environment.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import redis.asyncio
from redis import exceptions

from checks.probes import json_path, ours
from checks.probes.context import Context, Spec, setting
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

DEADLINE_SECONDS = 5.0
MEMORY_PERCENT = 90.0
BACKLOG, AGE_SECONDS = 1000, 300.0
NO_LIMIT = "It has no maxmemory, so there is no share of it to measure."
NO_TIME = "Its oldest message says nothing of when it was sent, so only the backlog is measured."
# kombu keeps a queue's messages in one list for each step of priority.
_STEPS = ("", "\x06\x163", "\x06\x166", "\x06\x169")
# The oldest message, unless it is so long that reading it would be a burden.
_OLDEST = """
local message = redis.call('LINDEX', KEYS[1], -1)
if message and #message <= 65536 then return message end
return false
"""
Client = redis.asyncio.Redis
# All that one run may be told: four oldest messages and what INFO says are less.
MOST_BYTES = 512 * 1024


async def probe_redis(spec: Spec, context: Context) -> Outcome | None:
    """PING, then the share of memory in use, which is the value kept."""
    most = float(spec.get("max_memory_percent") or MEMORY_PERCENT)

    async def look(client: Client) -> Outcome:
        started = time.perf_counter()
        await client.ping()
        latency = (time.perf_counter() - started) * 1000
        memory = await client.info("memory")
        if not (limit := int(memory.get("maxmemory") or 0)):
            return passed(latency_ms=latency, notes=(NO_LIMIT,))
        share = 100 * int(memory["used_memory"]) / limit
        if share > most:
            return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=latency, value=share)
        return passed(latency_ms=latency, value=share)

    return await _ask(spec, context, look)


async def probe_celery_queue(spec: Spec, context: Context) -> Outcome | None:
    """Messages that wait, which is the value kept, and how long the oldest has waited."""
    queue, most = str(spec.get("queue") or "celery"), int(setting(spec, "max_backlog", BACKLOG))
    longest, at = float(spec.get("max_age_seconds") or AGE_SECONDS), context.now()

    async def look(client: Client) -> Outcome:
        keys, started = [queue + step for step in _STEPS], time.perf_counter()
        backlog = sum([int(await client.llen(key)) for key in keys])
        latency = (time.perf_counter() - started) * 1000
        ages = [await _age(client, key, at) for key in keys] if backlog else []
        known = [age for age in ages if age is not None]
        notes = (NO_TIME,) if backlog and not known else ()
        if backlog > most or any(age > longest for age in known):
            said = (f"The oldest has waited {max(known):.0f} s.",) if known else notes
            return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=latency, value=float(backlog), notes=said)
        return passed(latency_ms=latency, value=float(backlog), notes=notes)

    return await _ask(spec, context, look)


async def _age(client: Client, key: str, at: datetime) -> float | None:
    """Seconds since the oldest message was sent, as its header `sent_at` says in seconds of the epoch."""
    message = await client.eval(_OLDEST, 1, key)
    try:
        return max(0.0, at.timestamp() - json_path.number(json_path.load(message), ("headers", "sent_at")))
    except (TypeError, ValueError, LookupError):
        return None


def _bounded(kind: type[Any]) -> type[Any]:
    """A connection that ends when it is told too much: who announces gigabytes would be believed."""

    class Bounded(kind):  # type: ignore[misc]
        async def _connect(self) -> None:
            await super()._connect()
            reader, told = self._reader, 0
            take = reader.feed_data

            def feed(data: bytes) -> None:
                nonlocal told
                told += len(data)
                if told > MOST_BYTES:
                    reader.set_exception(ConnectionError())
                else:
                    take(data)

            reader.feed_data = feed

    return Bounded


async def _ask(spec: Spec, context: Context, look: Callable[[Client], Awaitable[Outcome]]) -> Outcome:
    """Connect, ask, close, within five seconds in all; failures by their type only."""
    address = context.variable(str(spec.get("url_env", ""))).replace("redis+socket://", "unix://", 1)
    try:
        client = redis.asyncio.Redis.from_url(address, socket_connect_timeout=4)
        client.connection_pool.connection_class = _bounded(client.connection_pool.connection_class)
    except (ValueError, TypeError, exceptions.RedisError):
        return failed(ErrorClass.CONFIG)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await look(client)
    except (TimeoutError, exceptions.TimeoutError):
        return failed(ErrorClass.TIMEOUT)
    except (exceptions.AuthenticationError, exceptions.NoPermissionError):
        return failed(ErrorClass.DENIED)
    except (exceptions.ConnectionError, OSError) as problem:
        if ours.is_ours(problem):
            raise
        is_sign_in = isinstance(problem.__cause__, exceptions.AuthenticationError)
        return failed(ErrorClass.DENIED if is_sign_in else ErrorClass.CONNECT)
    except exceptions.RedisError:
        return failed(ErrorClass.CONFIG)
    except (ValueError, TypeError, KeyError, AttributeError):
        return failed(ErrorClass.CONNECT)  # it says it is Redis and answers otherwise
    finally:
        await client.connection_pool.disconnect()
