"""The Redis and queue probes, against the tests' own Valkey and against hostile ones."""

import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis

from checks.probes import stores
from checks.probes.outcome import ErrorClass, Outcome
from opsportal import background
from tests.checks.conftest import run_probe
from tests.checks.probes.servers import serving

NOW = datetime(2026, 11, 21, 3, 12, 30, tzinfo=UTC)
QUEUE = "probed"


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(os.environ["REDIS_URL"])
    yield found
    found.delete(QUEUE, f"{QUEUE}\x06\x163")
    found.config_set("maxmemory", 0)
    found.close()


def look(probe, spec, url=None, **fields) -> Outcome:
    outcome = run_probe(probe, {"url_env": "ANY", **spec}, variable=lambda _: url or os.environ["REDIS_URL"], **fields)
    assert outcome is not None
    return outcome


def message(sent_at: float | None) -> str:
    return json.dumps({"body": "x", "headers": {} if sent_at is None else {"sent_at": sent_at}})


def test_memory_is_a_share_of_what_is_allowed(client) -> None:
    free = look(stores.probe_redis, {})
    client.config_set("maxmemory", "1gb")
    fine = look(stores.probe_redis, {})
    full = look(stores.probe_redis, {"max_memory_percent": 0.0001})

    assert free.ok and free.value is None and free.notes == (stores.NO_LIMIT,)
    assert fine.ok and fine.value is not None and 0 < fine.value < 90 and fine.latency_ms
    assert full.error is ErrorClass.OUT_OF_BOUNDS


def test_a_backlog_is_counted_over_every_priority(client) -> None:
    client.lpush(QUEUE, message(None), message(None))
    client.lpush(f"{QUEUE}\x06\x163", message(None))

    assert look(stores.probe_celery_queue, {"queue": QUEUE}).value == 3
    assert look(stores.probe_celery_queue, {"queue": QUEUE}).notes == (stores.NO_TIME,)
    assert look(stores.probe_celery_queue, {"queue": QUEUE, "max_backlog": 2}).error is ErrorClass.OUT_OF_BOUNDS
    assert look(stores.probe_celery_queue, {"queue": QUEUE, "max_backlog": 0}).error is ErrorClass.OUT_OF_BOUNDS
    assert look(stores.probe_celery_queue, {"queue": "empty", "max_backlog": 0}).ok


@pytest.mark.parametrize(("age", "error"), [(300, None), (301, ErrorClass.OUT_OF_BOUNDS)])
def test_the_oldest_message_says_how_long_it_waits(client, age, error) -> None:
    client.lpush(QUEUE, message(NOW.timestamp() - age), message(NOW.timestamp()))

    assert look(stores.probe_celery_queue, {"queue": QUEUE}, now=lambda: NOW).error is error


ODD = {
    "no json": "not json",
    "no object": "[]",
    "no number": json.dumps({"headers": {"sent_at": "x"}}),
    "too long": "x" * 70_000,
    "huge": f'{{"headers": {{"sent_at": {"9" * 400}}}}}',
    "nested": "[" * 60_000,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_message_that_says_nothing_is_only_counted(client, odd) -> None:
    client.lpush(QUEUE, odd)

    assert look(stores.probe_celery_queue, {"queue": QUEUE}).value == 1


def test_the_portals_own_messages_say_when_they_were_sent(client) -> None:
    assert background.wake("opsportal.none", queue=QUEUE, expires=5.0)

    outcome = look(stores.probe_celery_queue, {"queue": QUEUE, "max_age_seconds": 60})
    late = look(stores.probe_celery_queue, {"queue": QUEUE}, now=lambda: datetime(2100, 1, 1, tzinfo=UTC))

    assert outcome.ok and outcome.notes == ()
    assert late.error is ErrorClass.OUT_OF_BOUNDS


def test_celerys_form_of_a_socket_is_understood() -> None:
    path = os.environ["REDIS_URL"].removeprefix("unix://")

    assert look(stores.probe_redis, {}, url=f"redis+socket://{path}").ok


def test_a_wrong_password_is_no_failed_connection(client) -> None:
    client.execute_command("ACL", "SETUSER", "probed", "on", ">right", "+ping", "+client|setinfo")
    path = os.environ["REDIS_URL"].removeprefix("unix://")
    try:
        wrong = look(stores.probe_redis, {}, url=f"unix://probed:wrong@{path}")
        narrow = look(stores.probe_redis, {}, url=f"unix://probed:right@{path}")
    finally:
        client.execute_command("ACL", "DELUSER", "probed")

    assert (wrong.error, narrow.error) == (ErrorClass.DENIED, ErrorClass.DENIED)


def freeze(caller: socket.socket) -> None:
    while caller.recv(1000):
        pass


def test_servers_that_are_absent_frozen_or_lie_are_told_apart(monkeypatch) -> None:
    monkeypatch.setattr(stores, "DEADLINE_SECONDS", 0.3)
    for probe in (stores.probe_redis, stores.probe_celery_queue):
        unset = run_probe(probe, {"url_env": "NOT_SET"})
        assert unset is not None and unset.error is ErrorClass.CONFIG
        assert look(probe, {}, url="postgresql://x").error is ErrorClass.CONFIG
        assert look(probe, {}, url="redis://127.0.0.1:1").error is ErrorClass.CONNECT
        with serving(freeze) as port:
            assert look(probe, {}, url=f"redis://127.0.0.1:{port}").error is ErrorClass.TIMEOUT
        with serving(lambda caller: caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n" * 9)) as port:
            assert not look(probe, {}, url=f"redis://127.0.0.1:{port}").ok


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        *((stores.probe_redis, begins) for begins in (b"$2000000000\r\n", b"+", b"*2000000000\r\n", b":1\r\n")),
        *((stores.probe_celery_queue, begins) for begins in (b"$2000000000\r\n", b"+", b"*2000000000\r\n")),
    ],
)
def test_an_endless_answer_is_left_at_the_cap(kind, begins) -> None:
    sent = 0

    def flood(caller: socket.socket) -> None:
        nonlocal sent
        caller.sendall(begins)
        while True:
            sent += caller.send(b":1\r\n" * 16384 if begins.startswith((b"*", b":")) else b"x" * 65536)

    with serving(flood) as port:
        assert not look(kind, {}, url=f"redis://127.0.0.1:{port}").ok

    assert sent < 100 * stores.MOST_BYTES
