"""A machine that has no socket left knows nothing about those it wanted to ask."""

import errno
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import dns.asyncresolver
import psycopg
import pytest
from aiohttp import TCPConnector

from checks.catalogue import trial
from checks.catalogue.kinds import KINDS
from checks.probes import ours, running, sockets
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


@pytest.mark.parametrize(("number", "error"), [(errno.EMFILE, None), (None, ErrorClass.CONNECT)])
def test_a_database_that_could_not_be_asked_for_want_of_a_socket_is_unknown(
    monkeypatch: pytest.MonkeyPatch, number: int | None, error: ErrorClass | None
) -> None:
    """libpq says so only in words, and words are never looked at."""

    async def connect(*_: Any, **__: Any) -> None:
        raise psycopg.OperationalError("could not create socket: Too many open files")

    def full() -> None:
        raise OSError(number, "hunter2")

    async def as_a_batch(spec: Spec, context: Context) -> Outcome | None:
        return await running.run(KINDS["database"].probe, "database", spec, context)

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", connect)
    if number is not None:
        monkeypatch.setattr(ours, "socket", SimpleNamespace(socket=full))

    outcome = run_probe(as_a_batch, {"dsn_env": "ANY"}, variable=lambda _: "postgresql://watcher@db.example/shop")

    assert (outcome.error if outcome else None) is error


@pytest.mark.django_db
def test_who_tries_a_check_on_a_full_machine_reads_that_it_is_full(at: datetime) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.EMFILE, "hunter2")

    tried = trial.run_once(replace(KINDS["tcp"], probe=full), {"host": "127.0.0.1", "port": 9}, at)

    assert tried.sentence == "It is unknown."
    assert tried.notes == ("This portal has no memory, thread or socket left.",)
