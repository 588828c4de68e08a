"""Whole workers under real faults: each slot ends as one result or as one unknown, and runs go on by themselves."""

import io
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db.models import Sum
from django.utils import timezone

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups.models import MinuteBucket
from checks.scheduler import actions, grid
from incidents.models import Domain
from opsportal import launch
from opsportal.supervisor import Console, Supervisor
from tests.portals import descendants, signal_one

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial, pytest.mark.full]

CHECKS, KILLS, DAY = 60, 10, 86_400


@dataclass
class Target:
    """Answers the first `answers` requests of a round and holds the rest until it is let go."""

    answers: int = 0
    came: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, answers: int) -> None:
        with self.lock:
            self.held.set()  # whoever waits from before
            self.held, self.answers, self.came = threading.Event(), answers, 0

    def turn(self) -> None:
        with self.lock:
            self.came += 1
            held = None if self.came <= self.answers else self.held
        if held is not None:
            held.wait(30)


@contextmanager
def target() -> Iterator[tuple[Target, str]]:
    one = Target()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.turn()
            try:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                """Who asked is dead."""

        def log_message(self, format: str, *args: object) -> None:
            """The counter is what is read."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield one, f":{server.server_address[1]}/"
    finally:
        one.held.set()
        server.shutdown()
        server.server_close()


@contextmanager
def worker(**environment: str) -> Iterator[Supervisor]:
    """The very child that bin/up starts for the queue of checks; the pauses before a restart are short."""
    portal = launch.Portal(launch.parse([]))
    allowed = {"PROBE_ALLOWED_INTERNAL": "127.0.0.0/8"}
    portal.environment = {**os.environ, "PYTHONUNBUFFERED": "1", **allowed, **environment}
    keeper = Supervisor(Console(io.StringIO()), first_pause=0.2, longest_pause=0.2)
    keeper.start(portal._worker("worker", "checks", 1))
    try:
        yield keeper
    finally:
        keeper.stop()


def watch(port: str, *, every: int, number: int = CHECKS) -> list[int]:
    """Checks of many hosts, none of which has a slot of its own in the next hour when they run once a day."""
    Check.objects.update(state=State.PAUSED)
    actions.upkeep(at=timezone.now(), every=timedelta(0))
    soon, domain = timezone.now() + timedelta(hours=1), Domain.objects.get(slug="backend")
    keys = (f"fault-{n}" for n in range(10 * number))
    chosen = [key for key in keys if every < DAY or grid.next_slot(key, every, timezone.now()) > soon][:number]
    made = Check.objects.bulk_create(
        Check(
            key=key,
            name=key,
            kind="http",
            domain=domain,
            every_seconds=every,
            spec={"url": f"http://127.0.0.{n + 1}{port}"},
            next_due=timezone.now() + timedelta(days=1) if every == DAY else timezone.now(),
        )
        for n, key in enumerate(chosen)
    )
    return [one.pk for one in made]


def until(keeper: Supervisor, is_done: Callable[[], bool], otherwise: str, *, within: float = 120) -> None:
    """Look after the worker until something is true."""
    assert keeper.wait_until(is_done, within=within), otherwise


def counted() -> dict[int, tuple[int, int]]:
    """Of each check: how many results and unknowns are stored, and how many were expected."""
    rows = MinuteBucket.objects.values("check_id").annotate(
        runs=Sum("ok") + Sum("err") + Sum("unknown"), due=Sum("expected")
    )
    return {row["check_id"]: (row["runs"], row["due"]) for row in rows.order_by("check_id")}


def test_kill_9_of_the_worker_tree_in_mid_batch_leaves_each_slot_with_one_result_or_one_unknown():
    draw = random.Random(7)
    with target() as (one, port), worker() as keeper:
        ids, unanswered = watch(port, every=DAY), 0
        for number in range(KILLS):
            # Half of the kills come while some wait for their answer, half at any moment around the commit.
            is_held = number % 2 == 0
            one.begin(draw.randrange(CHECKS) if is_held else CHECKS)
            unanswered += CHECKS - one.answers
            Check.objects.filter(pk__in=ids).update(next_due=timezone.now())
            enough = one.answers + 1 if is_held else CHECKS
            until(keeper, partial(has_come, one, enough), "no batch came")
            if not is_held:
                time.sleep(draw.uniform(0, 0.5))
            victims = [keeper.pids()["worker"], *descendants(keeper.pids()["worker"])]
            for pid in victims:
                signal_one(pid, signal.SIGKILL)
            until(keeper, partial(are_gone, victims), "a child outlived its worker")
            one.begin(CHECKS)
            # The clock is moved in the rows: a minute has passed since the worker was lost.
            Check.objects.exclude(lease_token=None).update(lease_until=timezone.now() - timedelta(seconds=1))
            until(keeper, lambda: not Check.objects.exclude(lease_token=None).exists(), "nobody took the leases back")
            # What was due and not claimed yet, and nothing else, runs now.
            until(keeper, lambda: not Check.objects.filter(next_due__lte=timezone.now(), pk__in=ids).exists(), "late")
            until(keeper, lambda: not Check.objects.exclude(lease_token=None).exists(), "nobody wrote")
            assert counted() == dict.fromkeys(ids, (number + 1, number + 1))

    unknown = MinuteBucket.objects.aggregate(n=Sum("unknown"))["n"]
    print(f"{KILLS} kills, {KILLS * CHECKS} slots, {unknown} unknown")
    assert unknown >= unanswered > 0  # the others of those batches may have been written before the kill


def has_come(one: Target, enough: int) -> bool:
    return one.came >= enough


def are_gone(pids: list[int]) -> bool:
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)
