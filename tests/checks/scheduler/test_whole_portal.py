"""A whole portal whose Redis is flushed, stopped and frozen, and whose workers freeze: no slot is lost or counted
twice, runs go on by themselves as soon as they can, and meanwhile the portal says how it stands.
"""

import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from tests.flows.test_deliveries import come_in
from tests.portals import Portal, descendants, end, new_data_dir, signal_one
from tests.targets import HttpTarget

pytestmark = [pytest.mark.serial, pytest.mark.full]

CHECKS, EVERY, GONE_SECONDS, FROZEN_SECONDS = 40, 5, 60, 180
# Limits of a test on a busy machine; what was measured stands in docs/decisions/0027-redis-comes-and-goes.md.
BACK_WITHIN = 20.0
# One job of each queue.
JOBS = ["checks.tick", "checks.tick_slow", "incidents.carry_news"]
_ADD = """
from checks.models import Check
from incidents.models import Component, Domain

domain = Domain.objects.get(slug="backend")
part = Component.objects.create(name="Fault part", domain=domain, follows="set")
Check.objects.bulk_create(
    Check(
        key=f"fault-{{n}}", name=f"Fault {{n}}", kind="http", domain=domain, component=part, every_seconds={every},
        spec={{"url": f"http://127.0.0.1:{port}/{{n}}"}},
    )
    for n in range({checks})
)
"""
# One statement sees one moment: what is leased is a slot that has begun and is not counted yet.
_SLOTS = """
SELECT c.id, c.next_due, (c.lease_token IS NOT NULL)::int + coalesce(b.counted, 0), coalesce(b.expected, 0),
       coalesce(b.unknown, 0)
FROM checks_check AS c LEFT JOIN (
  SELECT check_id, sum(ok + err + unknown)::int AS counted, sum(expected)::int AS expected, sum(unknown)::int AS unknown
  FROM checks_bucket_m GROUP BY check_id
) AS b ON b.check_id = c.id
WHERE c.key LIKE 'fault-%' ORDER BY c.id
"""


@dataclass(frozen=True)
class Slots:
    """Of one check: the next slot of its grid, and how many slots before it have an end or are about to."""

    next_due: datetime
    counted: int
    unknown: int


@dataclass
class Watched:
    """A portal with checks that run each five seconds, seen through its database."""

    portal: Portal
    connection: "psycopg.Connection[tuple[object, ...]]"

    def slots(self) -> dict[int, Slots]:
        rows = self.connection.execute(_SLOTS).fetchall()
        assert len(rows) == CHECKS
        return {row[0]: Slots(row[1], row[2], row[4]) for row in rows}  # type: ignore[arg-type, misc]

    def batch_after(self, moment: datetime) -> datetime | None:
        """When the first checks were claimed since a moment."""
        found = self.connection.execute(
            "SELECT min(written_at) FROM checks_batch WHERE written_at >= %s", [moment]
        ).fetchone()
        assert found is not None
        return found[0]  # type: ignore[return-value]

    def now(self) -> datetime:
        """The clock of the schedule."""
        found = self.connection.execute("SELECT clock_timestamp()").fetchone()
        assert found is not None
        return found[0]  # type: ignore[return-value]

    def wait_for_batch(self, since: datetime, *, within: float) -> float:
        """Seconds from a moment to the first batch after it."""
        wait_until(lambda: self.batch_after(since) is not None, self.portal, within=within)
        found = self.batch_after(since)
        assert found is not None
        return (found - since).total_seconds()


def wait_until(holds: Callable[[], bool], portal: Portal, *, within: float) -> None:
    limit = time.monotonic() + within
    while not holds():
        assert time.monotonic() < limit, portal.log
        time.sleep(0.05)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    """One portal for all faults: each begins when every check runs on its grid."""
    portal = Portal(new_data_dir(), environment={"PROBE_ALLOWED_INTERNAL": "127.0.0.0/8"})
    with HttpTarget() as target:
        try:
            portal.start()
            added = portal.manage("shell", "-c", _ADD.format(every=EVERY, port=target.port, checks=CHECKS))
            assert added.returncode == 0, added.stderr
            with psycopg.connect(portal.database_url(), autocommit=True) as connection:
                yield Watched(portal, connection)
        finally:
            end(portal)


@contextmanager
def fault(watched: Watched, name: str) -> Iterator[list[datetime]]:
    """Something happens to Redis in here, and the moment at which it was back is appended; then slots are counted."""
    started = watched.now()
    wait_until(lambda: watched.batch_after(started) is not None, watched.portal, within=60)
    wait_until(lambda: all(one.counted > 1 for one in watched.slots().values()), watched.portal, within=60)
    before, back = watched.slots(), list[datetime]()
    yield back
    returned = watched.wait_for_batch(back[0], within=BACK_WITHIN * 6)
    settled = watched.now()
    wait_until(lambda: every_check_ran(watched, settled), watched.portal, within=120)
    wait_until(lambda: each_queue_works(watched, settled), watched.portal, within=120)
    after = watched.slots()
    unknown = sum(after[one].unknown - before[one].unknown for one in before)
    due = sum(slots_between(before[one], after[one]) for one in before)
    print(f"{name}: next batch {returned:.2f} s after the return; {due} slots, {unknown} unknown")
    for one in before:
        assert after[one].counted - before[one].counted == slots_between(before[one], after[one])
    assert returned < BACK_WITHIN


def every_check_ran(watched: Watched, since: datetime) -> bool:
    found = watched.connection.execute("SELECT min(last_run_at) FROM checks_check WHERE key LIKE 'fault-%%'").fetchone()
    return found is not None and found[0] is not None and found[0] > since  # type: ignore[operator]


def each_queue_works(watched: Watched, since: datetime) -> bool:
    found = watched.connection.execute(
        "SELECT count(*) FROM opsportal_jobclaim WHERE name = ANY(%s) AND done_at > %s", [JOBS, since]
    ).fetchone()
    return found == (len(JOBS),)


def slots_between(before: Slots, after: Slots) -> int:
    """How many slots the grid had."""
    return round((after.next_due - before.next_due).total_seconds() / EVERY)


def redis_address(portal: Portal) -> str:
    return unquote(urlsplit(portal.published()["REDIS_URL"]).path)


def tell(portal: Portal, command: bytes) -> bytes:
    """What Redis answers to one command; nothing when it does not."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(redis_address(portal))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
    except OSError:
        return b""


def test_redis_flushed(watched):
    for _ in range(3):
        with fault(watched, "flushed") as back:
            assert tell(watched.portal, b"FLUSHALL").startswith(b"+OK")
            back.append(watched.now())


def test_redis_frozen_for_a_minute(watched):
    redis = watched.portal.children()["redis"]
    with fault(watched, "frozen") as back:
        os.kill(redis, signal.SIGSTOP)
        try:
            time.sleep(GONE_SECONDS)
        finally:
            back.append(watched.now())
            os.kill(redis, signal.SIGCONT)


def test_redis_killed_and_started_again_at_once(watched):
    with fault(watched, "killed") as back:
        os.kill(watched.portal.children()["redis"], signal.SIGKILL)
        wait_until(lambda: tell(watched.portal, b"PING").startswith(b"+PONG"), watched.portal, within=30)
        back.append(watched.now())


def test_redis_away_for_a_minute(watched):
    portal = watched.portal
    with fault(watched, "away") as back:
        portal.supervisor.send_signal(signal.SIGSTOP)  # so that it does not start it again
        try:
            os.kill(portal.children()["redis"], signal.SIGKILL)
            time.sleep(GONE_SECONDS)
        finally:
            portal.supervisor.send_signal(signal.SIGCONT)
        wait_until(lambda: tell(portal, b"PING").startswith(b"+PONG"), portal, within=30)
        back.append(watched.now())


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Processes that live and do nothing."""
    for pid in pids:
        signal_one(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            signal_one(pid, signal.SIGCONT)


def tree(portal: Portal, *names: str) -> list[int]:
    roots = [portal.children()[name] for name in names]
    return [pid for root in roots for pid in (root, *descendants(root))]


@dataclass(frozen=True)
class Said:
    """Who must say that nobody runs checks, and by which words."""

    name: str
    words: str
    ask: Callable[[], str]


def public_page(portal: Portal) -> str:
    with urllib.request.urlopen(f"{portal.url}/status/", timeout=10) as answer:
        return str(answer.read().decode())


def readiness(portal: Portal) -> str:
    with urllib.request.urlopen(f"{portal.url}/health/ready", timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("workers", [("worker",), ("worker", "worker-slow", "worker-default")])
def test_workers_frozen_for_three_minutes(watched, workers):
    portal = watched.portal
    person = come_in(portal)
    # Before its checks have spoken once, the public page shows what people set.
    observed = "SELECT count(*) FROM incidents_observation"
    wait_until(lambda: watched.connection.execute(observed).fetchone() == (1,), portal, within=120)
    # Without the worker that builds the public page, the page says of itself that it is old.
    public = "Unknown since" if workers == ("worker",) else "This page is not up to date"
    who = [
        Said("the portal", "No worker runs checks", lambda: person.get("/checks/")),
        Said("its health", '"late"', lambda: readiness(portal)),
        Said("the status page", public, lambda: public_page(portal)),
    ]
    with fault(watched, f"frozen {' '.join(workers)}") as back:
        assert not [one.name for one in who if one.words in one.ask()]
        began, after = time.monotonic(), dict[str, float]()
        with stopped(tree(portal, *workers)):
            while len(after) < len(who):
                assert time.monotonic() - began < FROZEN_SECONDS, f"only {after}"
                for one in who:
                    if one.name not in after and one.words in one.ask():
                        after[one.name] = time.monotonic() - began
                time.sleep(0.2)
            print(f"frozen {workers}:", ", ".join(f"{name} {seconds:.0f} s" for name, seconds in after.items()))
            time.sleep(max(0.0, began + FROZEN_SECONDS - time.monotonic()))
            back.append(watched.now())
    wait_until(lambda: not [one.name for one in who if one.words in one.ask()], portal, within=120)
