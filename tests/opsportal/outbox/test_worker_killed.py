"""The whole worker, as bin/up runs it under its supervisor, killed by kill -9 while it sends; and started again."""

import io
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from incidents.oncall.models import Holder
from incidents.ownership.models import Domain
from incidents.paging import calling
from incidents.paging.models import CallLine, Reach
from opsportal import launch
from opsportal.models import User
from opsportal.outbox import actions, destinations
from opsportal.outbox.models import Delivery, Route
from opsportal.roles import Role
from opsportal.secrets.sealed import seal
from opsportal.supervisor import Console, Supervisor
from tests.incidents.cast import open_incident
from tests.opsportal.outbox import sinks, storm
from tests.portals import descendants, wait_gone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]

IS_FULL = bool(os.environ.get("OPSPORTAL_FULL"))
# Each kill costs the restart of a worker.
KILLS, MAILS = (20, 2000) if IS_FULL else (2, 60)


@dataclass
class Worker:
    """The child worker-default and who looks after it."""

    keeper: Supervisor
    lock: threading.Lock = field(default_factory=threading.Lock)
    kills: int = 0

    @property
    def pid(self) -> int:
        return self.keeper.pids()["worker-default"]

    def kill(self) -> None:
        """kill -9 of the main process alone; its children are left to the supervisor."""
        with self.lock:
            os.kill(self.pid, signal.SIGKILL)
            self.kills += 1

    def is_other_than(self, pids: list[int]) -> bool:
        """It was started again."""
        return self.pid not in pids

    def until(self, is_done: Callable[[], bool], *, within: float = 60) -> None:
        """Look after it until something is true. The kernel ties children to this thread."""
        if not self.keeper.wait_until(is_done, within=within):
            raise AssertionError(Counter(Delivery.objects.values_list("state", "attempts", "last_error")))


@contextmanager
def worker(**environment: str) -> Iterator[Worker]:
    """The very child that bin/up starts; the pauses before a restart are short."""
    portal = launch.Portal(launch.parse([]))
    portal.environment = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
    keeper = Supervisor(Console(io.StringIO()), first_pause=0.2, longest_pause=0.2)
    keeper.start(portal._worker("worker-default", "default", 1))
    try:
        yield Worker(keeper)
    finally:
        keeper.stop()


def gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def has(things: list[str], count: int) -> bool:
    return len(things) >= count


@dataclass
class Strike:
    """The receiver has a message and says nothing until its sender is dead. It falls once."""

    victim: Worker
    killed: threading.Event = field(default_factory=threading.Event)
    children: list[int] = field(default_factory=list)

    def __call__(self) -> None:
        if not self.killed.is_set():
            self.killed.set()
            self.children += [self.victim.pid, *descendants(self.victim.pid)]
            self.victim.kill()
            wait_gone(self.children)

    def lands_on(self, delivery: Delivery) -> None:
        """It was sent and not marked; the next worker sends it, once the lease of the dead one is over."""
        self.victim.until(self.killed.is_set)
        self.victim.until(gone(self.children))
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("waiting", 1)
        leases_are_over()
        self.victim.until(lambda: not Delivery.objects.waiting().exists())


def leases_are_over() -> None:
    """The clock is moved in the rows: a minute has passed since the worker was lost."""
    Delivery.objects.filter(state="waiting").update(lease_until=timezone.now() - timedelta(seconds=1))


def test_kill_9_between_send_and_mark_loses_nothing_and_a_double_carries_its_key(settings):
    settings.PROBE_ALLOWED_INTERNAL, settings.EMAIL_CONFIGURED = ["127.0.0.0/8"], True
    with sinks.crowd() as crowd:
        environment = {"PROBE_ALLOWED_INTERNAL": "127.0.0.0/8", "EMAIL_URL": f"smtp://127.0.0.1:{crowd.mail.port}"}
        with worker(**environment) as victim:
            at = timezone.now()
            partner, _ = destinations.add(
                name="Partner", channel="webhook", address=f"{crowd.url}w", token="", by="admin", at=at
            )
            places: tuple[dict[str, Any], ...] = ({"channel": "webhook", "destination": "Partner", "to": partner},
                      {"channel": "email", "destination": "ops@example.org"})  # fmt: skip
            ours = set()
            receivers: tuple[Any, ...] = (crowd, crowd.mail)
            for place, receiver in zip(places, receivers, strict=True):
                crowd.strike = crowd.mail.strike = bool
                strike = Strike(victim)
                receiver.strike = strike
                delivery = actions.enqueue(key=f"killed:{place['channel']}", subject="s", body="b", at=at, **place)
                ours |= {delivery.key, storm.message_id(delivery)}
                strike.lands_on(delivery)
        # The portal may have news of its own meanwhile, and tells it to every destination.
        arrivals = [one for one in crowd.arrivals() if one.key in ours]

    assert victim.kills == 2
    assert Counter(one.place for one in arrivals) == {"w": 2, "mail": 2}
    assert len({one.key for one in arrivals}) == 2
    assert len({one.message_id for one in arrivals if one.place == "w"}) == 1
    sent = Delivery.objects.filter(key__startswith="killed:").values_list("state", "attempts")
    assert list(sent) == [("sent", 2), ("sent", 2)]
    assert not Route.objects.exclude(open_until=None).exists()


@pytest.mark.full
def test_a_page_whose_worker_is_killed_before_it_is_marked_comes_again_under_its_key(settings, responder):
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    at = timezone.now()
    called = User.objects.add("night-first", Role.RESPONDER)
    Domain.objects.update(primary="@first-handle", backup="")
    Holder.objects.create(handle="@first-handle", person=called)
    with sinks.crowd() as crowd, worker(PROBE_ALLOWED_INTERNAL="127.0.0.0/8") as victim:
        Reach.objects.create(
            person=called, name="Phone", channel="slack", address=seal(f"{crowd.url}phone"), created_at=at, proved_at=at
        )
        crowd.strike = strike = Strike(victim)
        calling.begin(open_incident(responder, at=at), at=at)
        page = CallLine.objects.exclude(delivery=None).select_related("delivery").get()
        assert page.delivery is not None
        strike.lands_on(page.delivery)

    arrivals = [one for one in crowd.arrivals() if one.place == "phone"]
    page.delivery.refresh_from_db()
    assert [one.key for one in arrivals] == [page.delivery.key] * 2
    assert (page.delivery.state, page.delivery.attempts) == ("sent", 2)
    assert CallLine.objects.count() == 1, "one call, however often it came"


@pytest.mark.full
def test_mails_while_the_worker_is_killed_again_and_again_all_arrive_and_few_are_doubled(settings):
    settings.EMAIL_CONFIGURED = True
    draw = random.Random(7)
    with sinks.crowd() as crowd, worker(EMAIL_URL=f"smtp://127.0.0.1:{crowd.mail.port}") as victim:
        for number in range(MAILS):
            actions.enqueue(
                key=f"mail:{number}", channel="email", destination="ops@example.org", subject=f"{number}", body="b",
                at=timezone.now(),
            )  # fmt: skip
        Route.objects.filter(name="EMAIL_URL").update(per_minute=100_000)
        for kill in range(1, KILLS + 1):
            goal = kill * MAILS // (KILLS + 1)
            victim.until(partial(has, crowd.mail.mails, goal))
            time.sleep(draw.uniform(0, 0.05))
            lost = [victim.pid, *descendants(victim.pid)]
            victim.kill()
            victim.until(gone(lost))
            leases_are_over()
            victim.until(partial(victim.is_other_than, lost))
        victim.until(lambda: not Delivery.objects.waiting().exists(), within=120)
        ids = crowd.mail.headers("Message-ID")

    doubles = len(ids) - len(set(ids))
    print(f"{MAILS} mails, {KILLS} kills, {doubles} doubled: {100 * doubles / MAILS:.2f} %")
    assert len(set(ids)) == MAILS
    assert doubles <= (MAILS // 100 if IS_FULL else 4 * KILLS)
