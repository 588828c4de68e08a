"""The page that must never go down: engines stopped under a running portal."""

import os
import signal
import time
import urllib.request
from collections.abc import Callable

import psycopg
import pytest

from tests.portals import Portal, descendants, signal_one

pytestmark = [pytest.mark.serial]
POST = """---
status: investigating
title: Trouble with everything
next update: 30 min
---
We cannot reach our own database. We are on it.
"""


def get(portal: Portal, path: str) -> tuple[int, str, dict[str, str]]:
    with urllib.request.urlopen(portal.url + path, timeout=5) as answer:
        return answer.status, answer.read().decode(), dict(answer.headers)


DOCUMENTS = (
    *("summary", "status", "components", "incidents", "incidents/unresolved", "scheduled-maintenances"),
    *("scheduled-maintenances/upcoming", "scheduled-maintenances/active"),
)
PUBLIC = (
    *("/status/", "/status/history/", "/status/maintenance.ics", "/status/badge.svg", "/history.atom", "/history.rss"),
    *(f"/api/v2/{name}.json" for name in DOCUMENTS),
)


def test_the_status_page_answers_while_postgresql_redis_and_all_workers_are_stopped(fresh_portal):
    portal = fresh_portal()
    before = get(portal, "/status/")
    assert before[0] == 200
    children = portal.children()
    # A stopped postmaster alone leaves its servers answering those who are connected already.
    others = [pid for name, pid in children.items() if name != "web"]
    stopped = [pid for first in others for pid in (first, *descendants(first))]
    for pid in stopped:
        signal_one(pid, signal.SIGSTOP)  # a server of a closed connection ends by itself meanwhile
    try:
        for path in PUBLIC * 2:
            status, body, headers = get(portal, path)
            assert status == 200
            assert "Set-Cookie" not in headers
            if path == "/status/":
                assert "<time" in body
        assert portal.status_of("/health/ready") == 503
        said = portal.manage("statuspage_post", "--from-file", "-", stdin=POST)
        assert said.returncode == 0, said.stderr
        incident = said.stdout.split("incident=")[1].split()[0]
        wait_until(lambda: "Trouble with everything" in get(portal, "/status/")[1], portal)
    finally:
        for pid in stopped:
            signal_one(pid, signal.SIGCONT)

    wait_until(lambda: portal.status_of("/health/ready") == 200, portal)
    # What was said meanwhile becomes a row, and keeps the address that readers know.
    queue = portal.data_dir / "host_posts"
    wait_until(lambda: not list(queue.glob("*")), portal)
    with psycopg.connect(portal.database_url()) as connection:
        rows = connection.execute(
            "SELECT p.public_id, p.name FROM incidents_statusupdate u JOIN incidents_publicincident p"
            " ON p.id = u.public_incident_id WHERE u.state = 'published'"
        ).fetchall()
    assert rows == [(incident, "Trouble with everything")]
    assert "Trouble with everything" in get(portal, f"/status/incidents/{incident}/")[1]


def wait_until(holds: Callable[[], bool], portal: Portal) -> None:
    limit = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < limit, portal.log
        time.sleep(0.2)


@pytest.mark.full
def test_the_status_page_answers_with_its_time_after_both_engines_died_for_good(fresh_portal):
    portal = fresh_portal()
    children = portal.children()
    supervisor = portal.process.pid
    os.kill(supervisor, signal.SIGSTOP)  # so that it does not start them again
    for name in ("postgres", "redis"):
        os.kill(children[name], signal.SIGKILL)
    try:
        status, body, _ = get(portal, "/status/")

        assert status == 200
        assert "<time" in body

        form = b"channel=webhook&address=https%3A%2F%2Fhooks.example.org%2Fx&scope=all"
        with urllib.request.urlopen(f"{portal.url}/status/subscribe/", data=form, timeout=30) as answer:
            assert answer.status == 202
            assert "Written down" in answer.read().decode()
        (kept,) = (portal.data_dir / "readers").iterdir()
        assert b"example.org" not in kept.read_bytes()
    finally:
        os.kill(supervisor, signal.SIGCONT)
