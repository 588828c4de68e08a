"""Messages leave once, come back after a failure, and never twice under another key."""

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from opsportal.errors import Refused
from opsportal.outbox import actions, queries
from opsportal.outbox.models import Delivery

pytestmark = pytest.mark.django_db


def enqueue(key: str = "incident:1:opened", at: datetime | None = None) -> Delivery:
    return actions.enqueue(
        key=key,
        channel=Delivery.Channel.SLACK,
        destination="SLACK_WEBHOOK_URL",
        subject="INC-1 SEV-1 API is down",
        body="On call: @sre-oncall",
        at=at or timezone.now(),
    )


def test_the_same_key_is_queued_once():
    first, second = enqueue(), enqueue()

    assert first == second
    assert Delivery.objects.count() == 1


def test_a_due_message_reaches_the_webhook_with_its_key(sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    delivery = enqueue()

    actions.deliver_due()

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT
    assert len(sink.requests) == 1
    assert sink.requests[0].headers["Idempotency-Key"] == delivery.key
    assert "INC-1 SEV-1 API is down" in sink.requests[0].body.decode()


def test_sending_twice_sends_nothing_new(sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    enqueue()

    actions.deliver_due()
    actions.deliver_due()

    assert len(sink.requests) == 1


def test_a_failed_try_waits_and_comes_back(settings, http_target):
    settings.SLACK_WEBHOOK_URL = http_target.url
    http_target.status = 503
    delivery = enqueue()

    actions.deliver_due()

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.WAITING
    assert delivery.last_error == "status_5xx"
    assert delivery.due_at > timezone.now()

    http_target.status = 200
    Delivery.objects.update(due_at=timezone.now())
    actions.deliver_due()

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT


def test_after_a_day_of_failures_a_message_is_given_up_and_can_be_sent_again(settings, http_target):
    settings.SLACK_WEBHOOK_URL = http_target.url
    http_target.status = 500
    delivery = enqueue()
    Delivery.objects.update(give_up_at=timezone.now() - timedelta(hours=1))

    actions.deliver_due()

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DEAD

    actions.replay(delivery, by="admin", at=timezone.now())

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.WAITING


def test_only_a_given_up_message_can_be_sent_again():
    delivery = enqueue()

    with pytest.raises(Refused, match="given up"):
        actions.replay(delivery, by="admin", at=timezone.now())


def test_a_leased_message_is_left_to_its_worker(sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    enqueue()
    Delivery.objects.update(lease_until=timezone.now() + timedelta(seconds=30))

    actions.deliver_due()

    assert not sink.requests


def test_a_secret_is_taken_out_before_it_is_queued_and_the_alarm_still_leaves():
    actions.enqueue(
        key="k",
        channel=Delivery.Channel.SLACK,
        destination="SLACK_WEBHOOK_URL",
        subject="down",
        body="postgres://app:hunter2@db.internal/app",
        at=timezone.now(),
    )
    assert Delivery.objects.get().body == "[removed: database connection string]"


def test_nobody_is_told_when_no_channel_is_configured(settings):
    settings.SLACK_WEBHOOK_URL = ""
    settings.EMAIL_CONFIGURED = False

    assert actions.tell_operators(key="k", subject="s", body="b", at=timezone.now()) == []


def test_the_queue_age_is_that_of_the_oldest_due_message():
    assert queries.oldest_due_seconds() == 0.0
    enqueue(at=timezone.now() - timedelta(seconds=90))

    assert 89 < (queries.oldest_due_seconds() or 0) < 120


def test_the_screen_is_read_by_all_and_replayed_by_admins_only(client_as, viewer, admin):
    delivery = enqueue()
    Delivery.objects.update(state=Delivery.State.DEAD)

    assert client_as(viewer).get("/deliveries/").status_code == 200
    assert client_as(viewer).post(f"/deliveries/{delivery.pk}/replay/").status_code == 403
    assert client_as(admin).post(f"/deliveries/{delivery.pk}/replay/").status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.WAITING


def test_words_in_a_chat_are_neither_links_nor_calls_to_everybody(sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    delivery = enqueue()
    Delivery.objects.filter(pk=delivery.pk).update(subject="<!channel> & <https://evil.example|here>")

    actions.deliver_due()

    text = json.loads(sink.requests[0].body)["text"]
    assert text.startswith("*&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;*")


def test_a_line_break_in_a_subject_keeps_no_mail_from_leaving(settings, mailoutbox):
    settings.EMAIL_CONFIGURED = True
    delivery = actions.enqueue(
        key="k", channel=Delivery.Channel.EMAIL, destination="ops@example.com", subject="down\r\nBcc: x@y", body="b",
        at=timezone.now(),
    )  # fmt: skip

    actions.deliver_due()

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT
    assert mailoutbox[0].subject == "down Bcc: x@y"
