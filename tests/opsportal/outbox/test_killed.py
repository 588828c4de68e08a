"""A real worker, killed the moment the receiver has the message and before it is marked, again and again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from opsportal.outbox import actions
from opsportal.outbox.models import Delivery, Route
from tests.portals import ROOT, descendants, signal_one

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]

# Each kill costs the restart of a worker; the whole number is for OPSPORTAL_FULL=1.
KILLS = 20 if os.environ.get("OPSPORTAL_FULL") else 4


@contextmanager
def worker(**environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Celery as the portal starts it, for the queue of the outbox only."""
    argv = [
        *(sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "opsportal.celery", "worker"),
        *("--queues", "default", "--pool", "prefork", "--concurrency", "1", "--hostname", "killed@%h"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
    ]
    env = {**os.environ, "OPSPORTAL_PROCESS": "worker", **environment}
    process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        for pid in [*descendants(process.pid), process.pid]:
            signal_one(pid, signal.SIGKILL)
        process.wait()


class Trap:
    """A receiver that has the message, and kills whoever sent it before it answers; later it is kind."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.killed: set[str] = set()
        self.sender = 0
        self.lock = threading.Lock()
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if trap.take(self.headers["Idempotency-Key"]):
                    return
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The counter is what is read."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, key: str) -> bool:
        with self.lock:
            self.seen[key] += 1
            if key in self.killed or len(self.killed) >= KILLS:
                return False
            self.killed.add(key)
            for pid in list(descendants(self.sender)):
                signal_one(pid, signal.SIGKILL)
            return True


@pytest.mark.full
def test_a_worker_killed_between_send_and_mark_loses_nothing():
    trap = Trap()
    keys = [f"incident:{number}:opened" for number in range(KILLS)]
    with worker(SLACK_WEBHOOK_URL=trap.url) as process:
        trap.sender = process.pid
        for key in keys:
            actions.enqueue(
                key=key, channel="slack", destination="SLACK_WEBHOOK_URL", subject=key, body="b", at=timezone.now()
            )
            _until(lambda key=key: key in trap.killed, "the message did not reach the receiver")
            # The clock is moved in the row: the lease is over.
            Delivery.objects.filter(state="waiting").update(lease_until=timezone.now() - timedelta(seconds=1))
        _until(lambda: not Delivery.objects.exclude(state="sent").exists(), "not all were sent", wake=True)
    trap.server.shutdown()

    assert len(trap.killed) == KILLS
    assert set(trap.seen) == set(keys)
    assert all(count >= 2 for count in trap.seen.values())
    assert Delivery.objects.count() == KILLS
    assert Route.objects.get(name="SLACK_WEBHOOK_URL").open_until is None


def _until(is_done, otherwise: str, *, wake: bool = False, within: float = 180) -> None:
    limit = time.monotonic() + within
    while not is_done():
        assert time.monotonic() < limit, (
            f"{otherwise}: {list(Delivery.objects.values_list('key', 'state', 'attempts'))}"
        )
        if wake:
            Delivery.objects.filter(state="waiting").update(lease_until=None)
        time.sleep(0.1)
