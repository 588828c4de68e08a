"""Ports and certificates, against real listeners on loopback."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from checks.probes import sockets, tcp, tls
from checks.probes.outcome import ErrorClass, Outcome
from opsportal.network_client import GuardedResolver
from tests.checks.conftest import run_probe
from tests.checks.probes.certificates import Authority, secured
from tests.checks.probes.servers import serving
from tests.targets import HttpTarget


def knock(port: Any, host: Any = "127.0.0.1", **around: Any) -> Outcome:
    outcome = run_probe(tcp.probe, {"host": host, "port": port}, **around)
    assert outcome is not None
    return outcome


def test_an_open_port_passes_with_the_time_it_took(http_target: HttpTarget) -> None:
    outcome = knock(http_target.port)

    assert outcome.ok and outcome.latency_ms is not None
    assert http_target.requests == []
    assert knock(http_target.port, "localhost", allowed=f"localhost:{http_target.port}").ok


def test_a_closed_port_is_no_connection(http_target: HttpTarget) -> None:
    http_target.stop()

    assert knock(http_target.port).error is ErrorClass.CONNECT


def test_a_name_that_does_not_exist_is_dns() -> None:
    assert knock(80, "nowhere.invalid").error is ErrorClass.DNS


def test_a_name_that_no_host_can_have_is_not_looked_up() -> None:
    assert knock(80, "a" * 70 + ".example").error is ErrorClass.FORBIDDEN


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "169.254.169.254", "0.0.0.0"])
def test_a_host_inside_is_never_called(host: str) -> None:
    with serving(lambda caller: pytest.fail("it was called")) as port:
        assert knock(port, host, allowed="").error is ErrorClass.FORBIDDEN


def test_a_metadata_service_is_refused_even_when_listed() -> None:
    assert knock(80, "169.254.169.254", allowed="0.0.0.0/0").error is ErrorClass.FORBIDDEN


def test_an_address_that_keeps_quiet_does_not_hide_the_next_one(
    http_target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet, call = "192.0.2.1", sockets._open_one

    async def resolve(*_: object) -> list[dict[str, str]]:
        return [{"host": one} for one in (quiet, "127.0.0.1")]

    async def open_one(address: str, *rest: Any) -> asyncio.StreamWriter:
        if address == quiet:
            await asyncio.sleep(60)
        return await call(address, *rest)

    monkeypatch.setattr(GuardedResolver, "resolve", resolve)
    monkeypatch.setattr(sockets, "_open_one", open_one)

    assert knock(http_target.port, "two.example").ok


@pytest.mark.parametrize("port", [0, 70000, "x", None])
def test_a_port_that_is_none_is_a_matter_of_configuration(port: Any) -> None:
    assert knock(port).error is ErrorClass.CONFIG
    assert knock(80, "").error is ErrorClass.CONFIG
    assert knock(80, "[").error is ErrorClass.CONFIG


def handshake(port: int, authority: Authority | None = None, **spec: Any) -> Outcome:
    trust = authority.trust if authority else None
    outcome = run_probe(tls.probe, {"host": "127.0.0.1", "port": port, **spec}, trust=trust)
    assert outcome is not None
    return outcome


def test_a_certificate_passes_with_the_days_it_has_left(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with secured(authority.server(days=30.5)) as target:
        outcome = handshake(target.port, authority)
        short = handshake(target.port, authority, min_days=31)

    assert outcome.ok and outcome.latency_ms is not None
    assert outcome.value is not None and 30 < outcome.value < 31
    assert short.error is ErrorClass.EXPIRES_SOON and short.value is not None


def test_a_certificate_of_nobody_we_trust_is_refused(tmp_path: Path) -> None:
    with secured(Authority(tmp_path).server(days=30)) as target:
        assert handshake(target.port).error is ErrorClass.TLS


def test_a_certificate_that_has_ended_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with secured(authority.server(days=-1)) as target:
        assert handshake(target.port, authority).error is ErrorClass.TLS


def test_a_certificate_for_another_name_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with secured(authority.server(days=30, name="shop.example")) as target:
        assert handshake(target.port, authority).error is ErrorClass.TLS
        assert handshake(target.port, authority, server_name="shop.example").ok


def test_what_is_no_tls_is_told_apart(http_target: HttpTarget) -> None:
    assert handshake(http_target.port).error in (ErrorClass.TLS, ErrorClass.CONNECT)
    with serving(lambda caller: caller.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        assert handshake(port).error in (ErrorClass.TLS, ErrorClass.CONNECT)


def test_a_handshake_that_never_ends_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "DEADLINE_SECONDS", 0.3)

    def drip(caller: socket.socket) -> None:
        for _ in range(20):
            caller.sendall(b"\x16")
            time.sleep(0.1)

    with serving(lambda caller: time.sleep(1)) as port:
        assert handshake(port).error is ErrorClass.TIMEOUT
    with serving(drip) as port:
        assert handshake(port).error in (ErrorClass.TIMEOUT, ErrorClass.TLS, ErrorClass.CONNECT)
