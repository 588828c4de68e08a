"""Names, asked of a real server on loopback that answers as a test tells it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import uvloop

from checks.probes import dns as probe
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import context_for, run_probe

Zone = dict[tuple[str, str], list[str]]
ZONE: Zone = {
    ("shop.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("shop.example.", "AAAA"): ["2001:db8::1"],
    ("www.example.", "CNAME"): ["Shop.Example."],
    ("shop.example.", "TXT"): ['"v=spf1 include:mail.example" " -all"', '"other, with comma"'],
}


def answer(wire: bytes) -> bytes | None:
    question = dns.message.from_wire(wire)
    reply = dns.message.make_response(question)
    asked = question.question[0]
    kind = asked.rdtype.name
    values = ZONE.get((asked.name.to_text().lower(), kind), [])
    if values:
        reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *values))
    elif not any(name == asked.name.to_text() for name, _ in ZONE):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@contextmanager
def name_server(reply: Callable[[bytes], bytes | None] = answer) -> Iterator[int]:
    """A UDP port that gives each question to `reply`; None is silence."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            with suppress(TimeoutError):
                wire, caller = listener.recvfrom(4096)
                said = reply(wire)
                if said is not None:
                    listener.sendto(said, caller)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        thread.join()
        listener.close()


def _after_its_number(said: bytes, wire: bytes) -> bytes:
    return wire[:2] + said


def ask(port: int, name: str, record: str = "A", **more: Any) -> Outcome:
    spec = {"name_asked": name, "record": record, "server": f"127.0.0.1:{port}", **more}
    outcome = run_probe(probe.probe, spec)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize(
    ("name", "record", "match", "expected", "error"),
    [
        ("shop.example", "A", "contains", "", None),
        ("shop.example", "A", "contains", "192.0.2.2", None),
        ("shop.example", "A", "contains", "192.0.2.9", ErrorClass.ASSERTION),
        ("shop.example", "A", "equals", "192.0.2.2, 192.0.2.1", None),
        ("shop.example", "A", "equals", "192.0.2.1", ErrorClass.ASSERTION),
        ("shop.example", "AAAA", "equals", "2001:DB8:0::1", None),
        ("www.example", "CNAME", "equals", "shop.example", None),
        ("www.example", "CNAME", "contains", "other.example", ErrorClass.ASSERTION),
        ("shop.example", "TXT", "contains", "include:mail.example", None),
        ("shop.example", "TXT", "equals", "v=spf1 include:mail.example -all\nother, with comma", None),
        ("shop.example", "TXT", "equals", "v=spf1", ErrorClass.ASSERTION),
        ("nowhere.example", "A", "contains", "", ErrorClass.DNS),
        ("www.example", "AAAA", "contains", "", ErrorClass.DNS),
    ],
)
def test_an_answer_is_held_against_what_is_expected(
    name: str, record: str, match: str, expected: str, error: ErrorClass | None
) -> None:
    with name_server() as port:
        outcome = ask(port, name, record, match=match, expected=expected)

    assert outcome.error is error
    assert outcome.ok is (error is None)


def test_it_works_on_the_loop_of_the_workers() -> None:
    async def once(port: int) -> Outcome | None:
        async with context_for() as context:
            spec = {"name_asked": "shop.example", "record": "A", "server": f"127.0.0.1:{port}"}
            return await probe.probe(spec, context)

    with name_server() as port, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(once(port))

    assert outcome is not None and outcome.ok


def test_silence_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.3)
    with name_server(lambda wire: None) as port:
        assert ask(port, "shop.example").error is ErrorClass.TIMEOUT


def test_noise_and_answers_to_other_questions_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.5)
    for said in (b"noise", b"\0" * 4000):
        with name_server(partial(_after_its_number, said)) as port:
            assert not ask(port, "shop.example").ok


def test_a_server_that_refuses_is_no_connection() -> None:
    def refuse(wire: bytes) -> bytes:
        reply = dns.message.make_response(dns.message.from_wire(wire))
        reply.set_rcode(dns.rcode.REFUSED)
        return reply.to_wire()

    with name_server(refuse) as port:
        assert ask(port, "shop.example").error is ErrorClass.CONNECT


def test_a_server_inside_is_never_asked() -> None:
    asked: list[bytes] = []
    with name_server(lambda wire: asked.append(wire)) as port:
        spec = {"name_asked": "shop.example", "record": "A", "server": f"127.0.0.1:{port}"}
        outcome = run_probe(probe.probe, spec, allowed="")

    assert outcome is not None and outcome.error is ErrorClass.FORBIDDEN
    assert asked == []


@pytest.mark.parametrize(
    "spec", [{"server": "ns1.example"}, {"record": "MX"}, {"name_asked": "a" * 80}, {"expected": "x"}, {"server": "::"}]
)
def test_a_configuration_nobody_can_read_is_told(spec: dict[str, Any]) -> None:
    outcome = run_probe(probe.probe, {"name_asked": "shop.example", "record": "A", **spec})

    assert outcome is not None and outcome.error in (ErrorClass.CONFIG, ErrorClass.FORBIDDEN)


def test_servers_are_read_as_people_write_them() -> None:
    assert probe.parse_server("192.0.2.53:5353") == ("192.0.2.53", 5353)
    assert probe.parse_server("2001:db8::53") == ("2001:db8::53", 53)
    for text in ("", "ns1", "192.0.2.53:0", "192.0.2.53:x"):
        with pytest.raises(ValueError, match=r"."):
            probe.parse_server(text)
