"""Does a port accept a connection? Nothing is sent and nothing is read."""

import asyncio
import time

from checks.probes import sockets
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed


async def probe(spec: Spec, context: Context) -> Outcome:
    """Connect within five seconds, the name's resolution included."""
    try:
        host, port = sockets.target(spec)
        turn = context.turn(f"tcp://{host}:{port}")
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    async with turn:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(sockets.DEADLINE_SECONDS), sockets.connected(context, host, port):
                latency = (time.perf_counter() - started) * 1000
        except sockets.CLASSIFIED as problem:
            return failed(sockets.told(turn, problem))
        turn.gate.note(is_silent=False)
        return passed(latency_ms=latency)
