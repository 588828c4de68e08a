"""Receivers that take, fail, hang, redirect, drip and are gone; the same message is recognised at every try."""

import json
import time

import aiohttp
import pytest
from django.utils import timezone

from opsportal.errors import Refused
from opsportal.network import Guard
from opsportal.outbox import actions, destinations
from opsportal.outbox.channels import mail, web
from opsportal.outbox.models import Delivery, Destination
from opsportal.outbox.signing import signature
from tests.opsportal.outbox import sinks
from tests.portals import free_port

pytestmark = pytest.mark.django_db


def error_after_a_try(delivery: Delivery) -> str:
    actions.deliver_due()
    delivery.refresh_from_db()
    return delivery.last_error


def test_mail_arrives_with_one_message_id_at_every_try(mail_sink, queue, send_again):
    mail_sink.mood = "drop"
    delivery = queue(channel="email", destination="ops@example.org")

    error = error_after_a_try(delivery)
    mail_sink.mood = "take"
    send_again()

    delivery.refresh_from_db()
    assert (error, delivery.state) == ("connect", Delivery.State.SENT)
    assert len(mail_sink.mails) == 2
    assert len(set(mail_sink.headers("Message-ID"))) == 1


def test_a_recipient_nobody_knows_is_given_up_at_once_and_the_way_stays_open(mail_sink, queue):
    mail_sink.mood = "unknown"
    deliveries = [queue(f"k{number}", channel="email", destination="ops@example.org") for number in range(7)]

    actions.deliver_due()

    assert {one.state for one in Delivery.objects.all()} == {"dead"}
    assert {one.last_error for one in Delivery.objects.all()} == {"recipient"}
    mail_sink.mood = "take"
    assert error_after_a_try(queue("after", channel="email", destination="ops@example.org")) == ""
    assert len(deliveries) == 7


def test_a_subject_of_two_lines_is_one_and_no_header_of_its_own(mail_sink, queue):
    delivery = queue(channel="email", destination="ops@example.org", subject="INC-1 API\r\nBcc: everybody")

    assert error_after_a_try(delivery) == ""
    assert delivery.state == Delivery.State.SENT
    assert mail_sink.headers("Subject") == ["INC-1 API Bcc: everybody"]


def test_a_recipient_put_off_is_tried_again(mail_sink, queue):
    mail_sink.mood = "later"
    delivery = queue(channel="email", destination="ops@example.org")

    assert error_after_a_try(delivery) == "deferred"
    assert delivery.state == Delivery.State.WAITING


def test_a_mail_server_that_is_away_or_wants_no_mail_is_tried_again(mail_sink, queue, settings):
    mail_sink.mood = "reject"
    rejected = queue("rejected", channel="email", destination="ops@example.org")
    assert error_after_a_try(rejected) == "refused"

    settings.EMAIL_PORT = free_port()
    lost = queue("lost", channel="email", destination="ops@example.org")
    assert error_after_a_try(lost) == "connect"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}


@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_a_mail_server_that_never_ends_is_cut_off(mail_sink, queue, monkeypatch, settings, mood):
    monkeypatch.setattr(mail, "TOTAL_SECONDS", 1.0)
    mail_sink.mood = mood
    delivery = queue(channel="email", destination="ops@example.org")
    began = time.monotonic()

    error = error_after_a_try(delivery)

    assert error == "timeout"
    assert time.monotonic() - began < 25  # the server would take thirty seconds and more


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((302, "redirect"), (307, "redirect"), (401, "unauthorized"), (404, "not_found")),
        *((422, "status_4xx"), (503, "status_5xx")),
    ],
)
def test_bad_answers_are_tokens_and_redirects_are_never_followed(
    add_destination, queue, sink, http_target, status, error
):
    sink.status, sink.headers = status, {"Location": http_target.url}
    to = add_destination(sink.url)

    delivery = queue(channel="webhook", destination=to.name, to=to)

    assert error_after_a_try(delivery) == error
    assert http_target.requests == []


def test_a_receiver_that_hangs_or_drips_is_left(add_destination, queue, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", aiohttp.ClientTimeout(total=1))
    with (
        sinks.raw_server(b"", pause=10) as hanging,
        sinks.raw_server(*[b"H"] * 100, pause=0.2) as dripping,
    ):
        first = add_destination(hanging, name="hangs")
        second = add_destination(dripping, name="drips")
        both = [queue(one.name, channel="webhook", destination=one.name, to=one) for one in (first, second)]
        began = time.monotonic()

        actions.deliver_due()

        for one in both:
            one.refresh_from_db()
    assert time.monotonic() - began < 9  # one of them would take ten seconds
    assert [one.last_error for one in both] in (["timeout", "timeout"], ["timeout", "connect"])


def test_nobody_listening_is_said_and_tried_again(add_destination, queue):
    to = add_destination(f"http://127.0.0.1:{free_port()}/")

    delivery = queue(channel="webhook", destination=to.name, to=to)

    assert error_after_a_try(delivery) == "connect"
    assert delivery.state == Delivery.State.WAITING


def test_an_answer_without_an_end_is_not_read_by_a_webhook(add_destination, queue):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with sinks.raw_server(head, *[b"x" * 65_536] * 200, pause=0.05) as endless:
        to = add_destination(endless)
        delivery = queue(channel="webhook", destination=to.name, to=to)
        began = time.monotonic()

        assert error_after_a_try(delivery) == ""

    assert time.monotonic() - began < 9  # the whole answer takes ten seconds


@pytest.mark.parametrize(
    ("piece", "pause", "error"), [(b"x" * 1_000_000, 0.0, "too_long"), (b"x", 0.2, "timeout")], ids=["huge", "drips"]
)
def test_an_answer_that_has_to_be_read_is_bounded_in_size_and_time(monkeypatch, piece, pause, error):
    monkeypatch.setattr(web, "TIMEOUT", aiohttp.ClientTimeout(total=2))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with sinks.raw_server(head, *[piece] * 50, pause=pause) as endless:
        guard = Guard.from_list(["127.0.0.0/8"])
        began = time.monotonic()

        assert web.ask("GET", endless, None, {}, guard).answer.error == error

    assert time.monotonic() - began < 9  # the drip takes ten seconds


def test_a_receiver_that_is_gone_is_switched_off_and_what_waits_for_it_is_given_up(add_destination, queue, sink):
    sink.status = 410
    to = add_destination(sink.url)
    for number in range(6):
        queue(f"k{number}", channel="webhook", destination=to.name, to=to)

    actions.deliver_due()

    to.refresh_from_db()
    assert not to.is_active
    assert set(Delivery.objects.values_list("state", "last_error")) == {("dead", "gone")}
    assert len(sink.requests) <= 4


def test_a_signed_webhook_carries_id_time_and_a_signature_by_each_secret(add_destination, queue, sink, send_again):
    to = add_destination(sink.url)
    destinations.renew_secret(to, by="admin", at=timezone.now())
    to.refresh_from_db()
    sink.status = 500
    queue(channel="webhook", destination=to.name, to=to)
    actions.deliver_due()
    sink.status = 200
    send_again()

    first, second = sink.requests
    headers = {name.lower(): value for name, value in second.headers.items()}
    signed = signature(
        headers["webhook-id"], int(headers["webhook-timestamp"]), second.body, to.credentials.open().split()
    )
    assert headers["webhook-signature"] == signed
    assert len(signed.split()) == 2
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert json.loads(second.body)["data"]["event"] == "incident:1:opened"


def test_an_address_inside_is_refused_when_it_is_saved_and_when_it_is_connected_to(
    add_destination, queue, settings, sink
):
    to = add_destination(sink.url)
    settings.PROBE_ALLOWED_INTERNAL = []

    delivery = queue(channel="webhook", destination=to.name, to=to)

    assert error_after_a_try(delivery) == "forbidden"
    assert sink.requests == []
    for address in (sink.url, "http://169.254.169.254/", "http://localhost/", "http://[::1]/", "ftp://example.org/"):
        with pytest.raises(Refused):
            destinations.require_address("webhook", address)


@pytest.mark.parametrize("address", ["a/..", "../a", "./a", "a/.", "a/b/c", "a", "a/b?c", "a/b\n"])
def test_what_is_no_repository_is_refused(address):
    destinations.require_address("github", "a.b/.github")
    with pytest.raises(Refused):
        destinations.require_address("github", address)


def test_operators_are_told_at_every_destination_that_is_on(add_destination, settings, sink):
    settings.SLACK_WEBHOOK_URL = sink.url
    on = add_destination(sink.url, name="on")
    off = add_destination(sink.url, name="off")
    Destination.objects.filter(pk=off.pk).update(is_active=False)

    told = actions.tell_operators(key="incident:2:opened", subject="s", body="b", at=timezone.now())

    assert [one.destination for one in told] == ["SLACK_WEBHOOK_URL", on.name]
    assert {one.event for one in told} == {"incident:2:opened"}
