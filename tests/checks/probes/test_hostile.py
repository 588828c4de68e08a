"""Every kind that asks an address, against servers that mean harm: bounded in time and memory, and never led inside."""

import asyncio
import socket
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from checks.probes import age, http, json_metrics, limit_guard, prometheus
from checks.probes.asking import BODY_CAP
from checks.probes.context import Probe
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import run_probe
from tests.checks.probes.certificates import Authority, secured
from tests.checks.probes.servers import serving
from tests.targets import HttpTarget

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
KINDS: dict[str, tuple[Probe, dict[str, Any]]] = {
    "http": (http.probe, {"json_path": "status"}),
    "json_metrics": (json_metrics.probe, {"numbers": "delivered_total >= 1"}),
    "prometheus": (prometheus.probe, {"query": "up", "most": 1}),
    "limit_body": (limit_guard.probe, {"mode": "body", "bytes": 2048, "code": "PAYLOAD_TOO_LARGE"}),
    "limit_rate": (limit_guard.probe, {"mode": "rate", "within": 4}),
    "backup_age": (age.probe, {"source": "address"}),
}
# What a 200 with nothing usable in it comes to.
UNUSABLE = {
    "http": ErrorClass.ASSERTION,
    "json_metrics": ErrorClass.NO_NUMBER,
    "prometheus": ErrorClass.NO_NUMBER,
    "limit_body": ErrorClass.NO_LIMIT,
    "limit_rate": ErrorClass.NO_LIMIT,
    "backup_age": ErrorClass.ASSERTION,
}
# These judge a 200 without its body.
HEAD_ONLY = ("limit_body", "backup_age")
MEGABYTES = 16 * 2**20
BOMB = zlib.compress(b" " * 40_000_000)


def meet(kind: str, port: int, *, allowed: str = "127.0.0.0/8", host: str = "127.0.0.1", **more: Any) -> Outcome:
    probe, spec = KINDS[kind]
    outcome = run_probe(probe, {"url": f"http://{host}:{port}/", **spec, **more}, allowed=allowed)
    assert outcome is not None
    return outcome


@pytest.fixture
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_guard, "DEADLINE_SECONDS", 0.8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("short_deadlines")
def test_a_slow_drip_ends_at_the_deadline(kind: str) -> None:
    def drip(caller: socket.socket) -> None:
        caller.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        for _ in range(600):
            caller.sendall(b" ")
            time.sleep(0.05)

    with serving(drip) as port:
        started = time.monotonic()
        outcome = meet(kind, port, timeout_ms=300)

    if kind not in HEAD_ONLY:
        assert outcome.error is ErrorClass.TIMEOUT
    assert time.monotonic() - started < 20  # the drip takes thirty seconds


@pytest.mark.parametrize("kind", KINDS)
def test_an_endless_answer_is_left_at_the_cap(kind: str) -> None:
    sent = 0

    def flood(caller: socket.socket) -> None:
        nonlocal sent
        caller.sendall(HEAD + b"\r\n")
        while True:
            sent += caller.send(b" " * 65536)

    with serving(flood) as port:
        tracemalloc.start()
        outcome = meet(kind, port)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert outcome.error is (UNUSABLE[kind] if kind in (*HEAD_ONLY, "limit_rate") else ErrorClass.TOO_LARGE)
    assert peak < MEGABYTES
    assert sent < 1000 * BODY_CAP


@pytest.mark.parametrize("kind", KINDS)
def test_a_compressed_bomb_stays_as_small_as_it_came(http_target: HttpTarget, kind: str) -> None:
    http_target.body, http_target.headers = BOMB, {"Content-Encoding": "deflate"}
    tracemalloc.start()
    outcome = meet(kind, http_target.port)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert outcome.error is UNUSABLE[kind]
    assert peak < MEGABYTES
    assert {one.headers["Accept-Encoding"] for one in http_target.requests} == {"identity"}


@pytest.mark.parametrize("kind", KINDS)
def test_headers_without_end_are_no_connection(kind: str) -> None:
    def flood(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            caller.send(b"x" * 65536)

    with serving(flood) as port:
        assert meet(kind, port).error is ErrorClass.CONNECT


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_leads_nowhere(http_target: HttpTarget, sink: HttpTarget, kind: str) -> None:
    http_target.status, http_target.headers = 307, {"Location": sink.url}

    assert meet(kind, http_target.port).error is ErrorClass.ASSERTION
    assert sink.requests == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "2130706433"])
def test_an_address_inside_is_never_called(http_target: HttpTarget, kind: str, host: str) -> None:
    outcome = meet(kind, http_target.port, allowed="", host=host)

    assert outcome.error in (ErrorClass.FORBIDDEN, ErrorClass.CONFIG)
    assert http_target.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_moved_inside_since_it_was_saved_is_refused_when_it_connects(
    http_target: HttpTarget, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async def inside(self: object, host: str, *args: object, **kwargs: object) -> list[Any]:
        address = (http_target.url.split("/")[2].split(":")[0], http_target.port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", inside)

    assert meet(kind, http_target.port, allowed="", host="shop.example").error is ErrorClass.FORBIDDEN
    assert http_target.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_for_another_name_is_told_nothing(tmp_path: Path, kind: str) -> None:
    authority = Authority(tmp_path)
    probe, spec = KINDS[kind]
    with secured(authority.server(days=20, name="other.example")) as target:
        url = target.url.replace("http:", "https:")
        outcome = run_probe(probe, {"url": url, **spec}, trust=authority.trust)

    assert outcome is not None and outcome.error is ErrorClass.TLS
    assert target.requests == []
