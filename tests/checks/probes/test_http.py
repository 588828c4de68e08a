"""The HTTP probe against real servers, good and hostile."""

import asyncio
import socket
import time
from typing import Any

import pytest

from checks.probes import http
from checks.probes.asking import BODY_CAP, parse_statuses
from checks.probes.outcome import ErrorClass, Outcome
from opsportal.network import Forbidden, Guard
from opsportal.network_client import GuardedResolver, Lookups
from tests.checks.conftest import run_async, run_probe
from tests.checks.probes.servers import serving
from tests.targets import HttpTarget

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def ask(url: str, *, allowed: str = "127.0.0.0/8", **spec: Any) -> Outcome:
    outcome = run_probe(http.probe, {"url": url, **spec}, allowed=allowed)
    assert outcome is not None
    return outcome


def test_a_good_answer_passes_with_its_latency(http_target: HttpTarget) -> None:
    outcome = ask(http_target.url)

    assert outcome.ok
    assert outcome.error is None
    assert outcome.latency_ms is not None and 0 < outcome.latency_ms < 1000


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, ErrorClass.STATUS_4XX),
        (429, ErrorClass.STATUS_429),
        (500, ErrorClass.STATUS_5XX),
        (503, ErrorClass.STATUS_5XX),
        (304, ErrorClass.ASSERTION),
    ],
)
def test_an_unexpected_status_is_named_by_its_class(http_target: HttpTarget, status: int, error: ErrorClass) -> None:
    http_target.status, http_target.body = status, b""

    assert ask(http_target.url).error is error


def test_an_expected_status_passes_whatever_it_is(http_target: HttpTarget) -> None:
    http_target.status = 401

    assert ask(http_target.url, expect="200, 401").ok


def test_a_keyword_is_looked_for(http_target: HttpTarget) -> None:
    http_target.body = b"status=ok"

    assert ask(http_target.url, keyword="status=ok").ok
    assert ask(http_target.url, keyword="status=bad").error is ErrorClass.ASSERTION


def test_a_redirect_is_an_answer_and_is_not_followed(http_target: HttpTarget) -> None:
    http_target.status, http_target.headers = 302, {"Location": "http://169.254.169.254/latest/meta-data/"}

    assert ask(http_target.url).error is ErrorClass.ASSERTION
    assert ask(http_target.url, expect="302").ok
    assert len(http_target.requests) == 2


def test_an_answer_slower_than_allowed_fails_but_keeps_its_latency(http_target: HttpTarget) -> None:
    http_target.latency = 0.15

    outcome = ask(http_target.url, max_latency_ms=50)

    assert outcome.error is ErrorClass.OUT_OF_BOUNDS
    assert outcome.latency_ms is not None and outcome.latency_ms >= 150


def test_a_server_that_does_not_answer_is_a_timeout(http_target: HttpTarget) -> None:
    http_target.latency = 3

    assert ask(http_target.url, timeout_ms=200).error is ErrorClass.TIMEOUT


def test_a_slow_drip_ends_at_the_deadline() -> None:
    def drip(caller: socket.socket) -> None:
        caller.sendall(OK_HEAD + b"Content-Length: 100000\r\n\r\n")
        for _ in range(100):
            caller.sendall(b"x")
            time.sleep(0.05)

    with serving(drip) as port:
        started = time.monotonic()
        outcome = ask(f"http://127.0.0.1:{port}/", timeout_ms=300)

    assert outcome.error is ErrorClass.TIMEOUT
    assert time.monotonic() - started < 4  # the drip takes five seconds


def test_an_endless_body_is_read_to_the_cap_only() -> None:
    sent = 0

    def flood(caller: socket.socket) -> None:
        nonlocal sent
        caller.sendall(OK_HEAD + b"\r\n")
        while True:
            sent += caller.send(b"x" * 65536)

    with serving(flood) as port:
        assert ask(f"http://127.0.0.1:{port}/").ok
        assert ask(f"http://127.0.0.1:{port}/", keyword="needle").error is ErrorClass.TOO_LARGE

    assert sent < 1000 * BODY_CAP


def test_a_compressed_bomb_stays_as_small_as_it_came(http_target: HttpTarget) -> None:
    import zlib

    http_target.body, http_target.headers = zlib.compress(b"0" * 50_000_000), {"Content-Encoding": "deflate"}

    assert ask(http_target.url).ok
    assert http_target.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_port_nobody_listens_on_is_no_connection(http_target: HttpTarget) -> None:
    http_target.stop()

    assert ask(http_target.url).error is ErrorClass.CONNECT


def test_a_caller_that_is_hung_up_on_has_no_connection() -> None:
    with serving(lambda caller: None) as port:
        assert ask(f"http://127.0.0.1:{port}/").error is ErrorClass.CONNECT


def test_an_answer_that_is_not_http_is_no_connection() -> None:
    with serving(lambda caller: caller.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        assert ask(f"http://127.0.0.1:{port}/").error is ErrorClass.CONNECT


def test_headers_without_end_are_no_connection() -> None:
    def flood(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            caller.send(b"x" * 65536)

    with serving(flood) as port:
        assert ask(f"http://127.0.0.1:{port}/").error is ErrorClass.CONNECT


def test_plain_http_behind_https_is_a_tls_failure(http_target: HttpTarget) -> None:
    assert ask(http_target.url.replace("http:", "https:")).error in (ErrorClass.TLS, ErrorClass.CONNECT)


def test_a_name_that_does_not_exist_is_dns() -> None:
    assert ask("http://nowhere.invalid/").error is ErrorClass.DNS


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "ftp://127.0.0.1/",
        "http://user:word@127.0.0.1:{port}/",
    ],
)
def test_an_address_inside_is_refused_and_never_called(http_target: HttpTarget, url: str) -> None:
    outcome = ask(url.format(port=http_target.port), allowed="")

    assert outcome.error is ErrorClass.FORBIDDEN
    assert http_target.requests == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001"])
def test_a_disguised_inner_address_is_never_called(http_target: HttpTarget, host: str) -> None:
    outcome = ask(f"http://{host}:{http_target.port}/", allowed="")

    assert not outcome.ok
    assert http_target.requests == []


def test_a_listed_target_is_allowed_by_host_and_port(http_target: HttpTarget) -> None:
    allowed = f"localhost:{http_target.port}"

    assert ask(f"http://localhost:{http_target.port}/", allowed=allowed).ok
    assert ask(f"http://localhost:{http_target.port + 1}/", allowed=allowed).error is ErrorClass.FORBIDDEN


@pytest.mark.parametrize("spec", [{"expect": "abc"}, {"url": "http://[::1"}, {"timeout_ms": "soon"}, {"expect": "99"}])
def test_a_configuration_nobody_can_read_says_so(http_target: HttpTarget, spec: dict[str, Any]) -> None:
    assert ask(**{"url": http_target.url, **spec}).error is ErrorClass.CONFIG


def test_the_short_way_to_the_portal_leads_nowhere_else(http_target: HttpTarget) -> None:
    inside = http_target.url.removeprefix("http://")

    assert ask(f"portal:@{inside}", allowed="").error is ErrorClass.CONFIG
    assert http_target.requests == []


def test_connections_are_kept_or_new_as_asked() -> None:
    import asyncio

    from tests.checks.conftest import context_for

    ports: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readuntil(b"\r\n\r\n")) != b"":
            ports.append(writer.get_extra_info("peername")[1])
            writer.write(OK_HEAD + b"Content-Length: 2\r\n\r\nok")

    async def three_times(connection: str) -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with context_for() as context:
            for _ in range(3):
                outcome = await http.probe({"url": url, "connection": connection}, context)
                assert outcome is not None and outcome.ok
        server.close()

    asyncio.run(three_times("reuse"))
    assert len(set(ports)) == 1
    ports.clear()
    asyncio.run(three_times("fresh"))
    assert len(set(ports)) == 3


def test_statuses_are_read_as_people_write_them() -> None:
    assert parse_statuses("200") == {200}
    assert parse_statuses("200-202 ,404") == {200, 201, 202, 404}
    for text in ("", "200-", "-200", "299-200", "600", "2xx"):
        with pytest.raises(ValueError, match=r"literal|status"):
            parse_statuses(text)


def test_a_name_that_leads_inside_is_refused_when_it_is_resolved() -> None:
    async def resolve(guard: Guard) -> list[str]:
        resolver = GuardedResolver(guard)
        return [one["host"] for one in await resolver.resolve("localhost", 80)]

    with pytest.raises(Forbidden):
        run_async(lambda: resolve(Guard()))
    assert run_async(lambda: resolve(Guard.from_list(["127.0.0.0/8"]))) == ["127.0.0.1"]


def test_a_name_is_looked_up_once_however_many_wait_and_leave() -> None:
    asked: list[str] = []
    released = asyncio.Event()

    class Slow:
        async def resolve(self, host: str, port: int, family: int) -> list[dict[str, str]]:
            asked.append(host)
            await released.wait()
            return [{"host": "127.0.0.1"}]

    async def many() -> list[str]:
        guard, lookups = Guard.from_list(["127.0.0.0/8"]), Lookups()
        lookups.resolver = Slow()  # type: ignore[assignment]
        resolvers = [GuardedResolver(guard, lookups) for _ in range(10)]
        tasks = [asyncio.create_task(one.resolve("dead.example", 80)) for one in resolvers]
        other = asyncio.create_task(resolvers[0].resolve("fine.example", 80))
        await asyncio.sleep(0)
        tasks[0].cancel()  # its time is over; the lookup goes on for the others
        await asyncio.sleep(0)
        released.set()
        found = await asyncio.gather(*tasks[1:], other)
        return [one[0]["host"] for one in found]

    assert asyncio.run(many()) == ["127.0.0.1"] * 10
    assert asked == ["dead.example", "fine.example"]


def test_nothing_a_server_says_can_be_in_an_outcome() -> None:
    with serving(
        lambda caller: caller.sendall(b"HTTP/1.1 500 secret-reason\r\nX-Secret: s\r\n\r\nsecret-body")
    ) as port:
        outcome = ask(f"http://127.0.0.1:{port}/?key=secret")

    assert "secret" not in repr(outcome)


@pytest.mark.parametrize(
    "host", ["\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127\u00ad.0.0.1", "127.1", "2130706433"]
)
def test_another_spelling_of_an_internal_address_does_not_get_past_the_guard(
    http_target: HttpTarget, host: str
) -> None:
    outcome = ask(http_target.url.replace("127.0.0.1", host), allowed="")

    assert outcome.error in (ErrorClass.FORBIDDEN, ErrorClass.CONFIG)
    assert not http_target.requests
