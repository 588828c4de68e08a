"""A machine that has no socket left knows nothing about those it wanted to ask."""

import errno
from typing import Any

import dns.asyncresolver
import pytest
from aiohttp import TCPConnector

from checks.catalogue.kinds import KINDS
from checks.probes import running, sockets
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import run_probe
from tests.targets import HttpTarget


@pytest.mark.parametrize(
    ("number", "error"), [(errno.EMFILE, None), (errno.ENOMEM, None), (errno.ECONNREFUSED, ErrorClass.CONNECT)]
)
@pytest.mark.parametrize("kind", ["http", "tcp", "dns"])
def test_no_socket_left_here_is_unknown_and_a_refusal_is_not(
    http_target: HttpTarget, monkeypatch: pytest.MonkeyPatch, kind: str, number: int, error: ErrorClass | None
) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise OSError(number, "hunter2")

    monkeypatch.setattr(TCPConnector, "_create_direct_connection", full)
    monkeypatch.setattr(sockets, "_open_one", full)
    monkeypatch.setattr(dns.asyncresolver.Resolver, "resolve", full)
    host, port = http_target.url.removeprefix("http://").rstrip("/").split(":")
    specs: dict[str, Spec] = {
        "http": {"url": http_target.url},
        "tcp": {"host": host, "port": int(port)},
        "dns": {"name_asked": "shop.example", "record": "A"},
    }

    async def as_a_batch(spec: Spec, context: Context) -> Outcome | None:
        return await running.run(KINDS[kind].probe, kind, spec, context)

    outcome = run_probe(as_a_batch, dict(specs[kind]))

    assert (outcome.error if outcome else None) is error
