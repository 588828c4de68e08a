"""Circuits, budgets, priorities and leases, as all workers see them in the rows."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from opsportal.outbox import actions, queries, sending
from opsportal.outbox.models import Delivery, Route
from tests.targets import HttpTarget

pytestmark = pytest.mark.django_db


def test_five_failures_close_the_way_and_the_rest_wait_without_a_try(queue, http_target, settings):
    settings.SLACK_WEBHOOK_URL = http_target.url
    http_target.status = 500
    for number in range(30):
        queue(f"k{number}")

    actions.deliver_due()

    assert 5 <= len(http_target.requests) <= 8
    assert Route.objects.get(name="SLACK_WEBHOOK_URL").open_until is not None
    assert Delivery.objects.filter(attempts=0).count() == 30 - len(http_target.requests)
    assert queries.oldest_due_seconds() == 0.0


def test_one_message_tries_after_the_pause_and_success_lets_all_leave(queue, http_target, settings, send_again):
    settings.SLACK_WEBHOOK_URL = http_target.url
    http_target.status = 500
    for number in range(10):
        queue(f"k{number}")
    actions.deliver_due()
    http_target.status, before = 200, len(http_target.requests)
    Route.objects.update(open_until=timezone.now() - timedelta(seconds=1))

    send_again()

    assert len(http_target.requests) == before + 10
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert Route.objects.get(name="SLACK_WEBHOOK_URL").failures == 0


def test_what_is_on_its_way_is_marked_though_another_cannot_be(
    queue, add_destination, http_target, sink, settings, monkeypatch
):
    settings.SLACK_WEBHOOK_URL = http_target.url
    other = add_destination(sink.url)
    lost = queue("lost")
    for number in range(6):
        queue(f"k{number}", channel="webhook", destination="Partner", to=other)
    mark = sending._mark

    def fail_once(delivery, answer, *, at):
        if delivery == lost:
            raise DatabaseError("a deadlock")
        mark(delivery, answer, at=at)

    monkeypatch.setattr(sending, "_mark", fail_once)

    with pytest.raises(DatabaseError, match="a deadlock"):
        actions.deliver_due()

    assert list(Delivery.objects.exclude(state="sent")) == [lost]
    assert (len(http_target.requests), len(sink.requests)) == (1, 6)


def test_a_way_that_cannot_be_asked_holds_up_no_other(queue, add_destination, sink, settings, monkeypatch):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    other, claim = add_destination(sink.url), sending._claim
    stuck = queue("stuck")
    queue("free", channel="webhook", destination="Partner", to=other)

    def fail(name, *rest, at):
        if name == "SLACK_WEBHOOK_URL":
            raise DatabaseError("a deadlock")
        return claim(name, *rest, at=at)

    monkeypatch.setattr(sending, "_claim", fail)

    with pytest.raises(DatabaseError, match="a deadlock"):
        actions.deliver_due()

    assert list(Delivery.objects.exclude(state="sent")) == [stuck]


@contextmanager
def quiet_until(others: HttpTarget, count: int, quiet: HttpTarget) -> Iterator[None]:
    """A receiver that answers nobody before another has so many requests."""
    quiet.held = held = threading.Event()

    def let_go() -> None:
        try:
            others.wait_for_requests(count, within=30)
        finally:
            held.set()

    watcher = threading.Thread(target=let_go)
    watcher.start()
    yield
    watcher.join()


def all_are_sent_at_the_first_try() -> bool:
    """Also to the quiet: had others waited for them, their patience would have ended first."""
    return set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_quiet_receiver_slows_nobody_else(add_destination, queue, sink, http_target):
    slow, quick = add_destination(http_target.url, name="slow"), add_destination(sink.url, name="quick")
    for number in range(4):
        queue(f"slow{number}", channel="webhook", destination="slow", to=slow)
    for number in range(40):
        queue(f"quick{number}", channel="webhook", destination="quick", to=quick)

    with quiet_until(sink, 40, quiet=http_target):
        actions.deliver_due()

    assert all_are_sent_at_the_first_try()
    assert len(http_target.requests) == 4


def test_many_receivers_in_trouble_leave_room_for_the_others(add_destination, queue, sink, http_target):
    for name in "abcde":
        slow = add_destination(http_target.url, name=name)
        for number in range(4):
            queue(f"{name}{number}", channel="webhook", destination=name, to=slow)
    quick = add_destination(sink.url, name="quick")
    for number in range(20):
        queue(f"quick{number}", channel="webhook", destination="quick", to=quick)

    with quiet_until(sink, 20, quiet=http_target):
        actions.deliver_due()

    assert all_are_sent_at_the_first_try()
    assert len(http_target.requests) == 20


def test_a_way_in_trouble_holds_one_hand_only(queue, http_target, settings):
    settings.SLACK_WEBHOOK_URL = http_target.url
    http_target.status, http_target.latency = 500, 0.2
    for number in range(9):
        queue(f"k{number}")
    Route.objects.update(failures=1)
    began = time.monotonic()

    actions.deliver_due()

    assert len(http_target.requests) == 4  # one after the other, and the fifth failure closes the way
    assert time.monotonic() - began >= 0.8


def test_what_people_wrote_leaves_first(queue, sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    for number in range(20):
        queue(f"machine{number}", subject=f"machine {number}")
    queue("written", subject="written", priority=Delivery.Priority.WRITTEN)

    actions.deliver_due()

    assert any(b"written" in request.body for request in sink.requests[:4])


def test_a_storm_keeps_to_the_budget_and_says_so(queue, sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    queue("first")
    Route.objects.update(per_minute=10)
    for number in range(50):
        queue(f"k{number}")
    at = timezone.now()

    actions.deliver_due()

    assert len(sink.requests) <= (8 if at.minute == timezone.now().minute else 16)
    waiting = queries.newest(state="waiting", route="", limit=1)
    assert (
        "budget of 10 a minute" in queries.lines(waiting, at=timezone.now())[0].how
        or at.minute != timezone.now().minute
    )


def test_a_lost_lease_is_taken_up_under_the_same_key(queue, sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    delivery = queue()
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1), attempts=1)

    actions.deliver_due()

    assert [request.headers["Idempotency-Key"] for request in sink.requests] == [delivery.key]


def test_what_waited_a_day_behind_a_closed_way_is_given_up_with_its_reason(queue, settings, sink):
    settings.SLACK_WEBHOOK_URL = sink.url
    delivery = queue()
    now = timezone.now()
    Route.objects.update(open_until=now + timedelta(minutes=5), last_error="timeout")
    Delivery.objects.update(give_up_at=now - timedelta(seconds=1))

    actions.deliver_due()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == ("dead", "expired")
    assert "its time was over" in queries.lines([delivery], at=now)[0].how


def test_every_state_is_explained(queue, settings, http_target):
    settings.SLACK_WEBHOOK_URL = http_target.url
    http_target.status = 503
    delivery = queue(because="INC-1 was declared")
    now = timezone.now()
    told = [queries.lines([delivery], at=now)[0]]

    actions.deliver_due()
    delivery.refresh_from_db()
    told.append(queries.lines([delivery], at=now)[0])
    delivery.state, delivery.failed_at = "dead", now
    told.append(queries.lines([delivery], at=now)[0])
    delivery.state, delivery.sent_at = "sent", now
    told.append(queries.lines([delivery], at=now)[0])

    assert {one.why for one in told} == {"INC-1 was declared (event incident:1:opened)"}
    assert told[0].how == "Waits for a worker."
    assert told[1].how.startswith("First try failed: an error on its side. Next try at ")
    assert "Given up at" in told[2].how and "after 1 try: an error on its side." in told[2].how
    assert told[3].how.startswith("Taken at")
