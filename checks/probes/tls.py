"""Is a certificate trusted, made out for the name, and good for long enough? The days left are kept."""

import asyncio
import ssl
import time

from checks.probes import sockets
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

DEFAULT_MIN_DAYS = 14
_DAY = 86400.0


async def probe(spec: Spec, context: Context) -> Outcome:
    """One handshake within five seconds. Chain and name are judged by OpenSSL, with the authorities of the machine."""
    try:
        (host, port), least = sockets.target(spec), float(spec.get("min_days", DEFAULT_MIN_DAYS))
        turn = context.turn(f"tls://{host}:{port}")
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    name, trust = str(spec.get("server_name") or host), context.client.trust
    async with turn:
        started = time.perf_counter()
        try:
            async with (
                asyncio.timeout(sockets.DEADLINE_SECONDS),
                sockets.connected(context, host, port, trust=trust, name=name) as line,
            ):
                latency, days = (time.perf_counter() - started) * 1000, _days_left(line.get_extra_info("ssl_object"))
        except sockets.CLASSIFIED as problem:
            return failed(sockets.told(turn, problem))
    turn.gate.note(is_silent=False)
    if days < least:
        return failed(ErrorClass.EXPIRES_SOON, latency_ms=latency, value=days)
    return passed(latency_ms=latency, value=days)


def _days_left(secured: ssl.SSLObject) -> float:
    certificate = secured.getpeercert() or {}
    return (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / _DAY
