"""The door of a real portal with all its web processes: lowered limits, and who really asks behind a proxy."""

import http.client
import re
import socket
import time
from collections.abc import Callable

import psycopg
import pytest
import requests

from opsportal.degrade.posted import NAME
from tests.flows.test_deliveries import PASSWORD, come_in
from tests.portals import Portal

pytestmark = [pytest.mark.serial]

SIZE = 40_000
# Connections are spread over the web processes; so many reach each of them.
MANY = 16


def announced(portal: Portal) -> str:
    """The answer to headers alone: the body they announce is never sent. Empty when the portal waits for it."""
    head = f"POST /health/live HTTP/1.1\r\nHost: localhost:{portal.port}\r\nContent-Length: {SIZE}\r\n"
    with socket.create_connection(("127.0.0.1", portal.port), timeout=1) as door:
        door.sendall(f"{head}X-Request-Id: surge-2026-11-21\r\n\r\n".encode())
        try:
            return door.recv(4096).decode()
        except TimeoutError:
            return ""


def sent(portal: Portal) -> int:
    """The answer to a whole request."""
    return requests.post(f"{portal.url}/health/live", data=b"x" * SIZE, timeout=10).status_code


def eventually(question: Callable[[], bool], *, within: float) -> None:
    limit = time.monotonic() + within
    while not question():
        assert time.monotonic() < limit, f"not within {within:g} s"
        time.sleep(0.5)


def post(browser: requests.Session, address: str, **fields: str) -> None:
    """Fill in the form of a page and send it, as a browser would."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(address, timeout=10).text)
    assert token
    answer = browser.post(address, data={"csrfmiddlewaretoken": token[1], **fields}, timeout=10)
    assert answer.ok, answer.status_code


def test_lowered_limits_hold_in_every_process_survive_a_restart_and_end_by_themselves(lived_in_portal):
    portal, browser = lived_in_portal, requests.Session()
    come_in(portal)
    post(browser, f"{portal.url}/login/", login="night", password=PASSWORD)
    assert sent(portal) != 413
    assert "413" not in announced(portal)[:12]

    address = f"{portal.url}/settings/limits/"
    post(browser, address, body_kib="16", batch_items="10", minutes="15", reason="A client in a loop")
    time.sleep(2)
    answers = [announced(portal) for _ in range(MANY)]
    assert all(one.startswith("HTTP/1.1 413") and "PAYLOAD_TOO_LARGE" in one for one in answers), answers
    assert "surge-2026-11-21" in answers[0]

    portal.stop()
    portal.start()
    assert {announced(portal)[:12] for _ in range(MANY)} == {"HTTP/1.1 413"}

    # Nobody ends it: the time is over, here after a quarter of an hour that the test does not wait for.
    with psycopg.connect(portal.database_url()) as database:
        database.execute("UPDATE opsportal_loweredlimits SET until = now()")
    eventually(lambda: 413 not in {sent(portal) for _ in range(MANY)}, within=120)
    assert not (portal.data_dir / NAME).exists()
    with psycopg.connect(portal.database_url()) as database:
        lines = database.execute("SELECT act, actor FROM opsportal_auditevent WHERE act LIKE 'limits.%' ORDER BY id")
        assert lines.fetchall() == [("limits.lower", "night"), ("limits.restore", "portal")]


def asked(portal: Portal, *, peer: str, forwarded: str) -> int:
    """The answer to a stranger who comes from an address of this machine and tells of another."""
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=10, source_address=(peer, 0))
    headers = {"Host": f"localhost:{portal.port}", "X-Forwarded-For": forwarded}
    connection.request("GET", "/api/v1/me", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.full
def test_limits_count_who_asks_behind_a_trusted_proxy_and_believe_nobody_else(fresh_portal):
    portal = fresh_portal(TRUSTED_PROXIES="127.0.0.1", API_STRANGER_REQUESTS_PER_MINUTE="3")

    through_proxy = [asked(portal, peer="127.0.0.1", forwarded=f"192.0.2.{n}, 203.0.113.9") for n in range(5)]
    other_person = asked(portal, peer="127.0.0.1", forwarded="203.0.113.10")
    past_the_proxy = [asked(portal, peer="127.0.0.2", forwarded=f"203.0.113.{n}") for n in range(20, 25)]

    assert through_proxy == [401, 401, 401, 429, 429]
    assert other_person == 401
    assert past_the_proxy == [401, 401, 401, 429, 429]
