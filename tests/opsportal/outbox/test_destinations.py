"""Destinations are added by admins, tested, switched off; what was typed is never shown again."""

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from opsportal.audit.models import AuditEvent
from opsportal.outbox import actions
from opsportal.outbox.models import Delivery, Destination, Route

pytestmark = pytest.mark.django_db

PAGE = "/deliveries/destinations/"


def add(browser, address: str, **fields: str):
    return browser.post(PAGE, {"name": "Partner", "channel": "webhook", "address": address, **fields})


def test_a_webhook_is_added_its_secret_is_shown_once_and_nothing_is_readable(client_as, admin, settings, sink):
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    browser = client_as(admin)

    page = add(browser, f"{sink.url}hook/marker-in-address").content.decode()
    later = browser.get(PAGE).content.decode() + browser.get("/deliveries/").content.decode()

    secret = Destination.objects.get().credentials.open()
    assert secret in page
    assert secret not in later and "marker-in-address" not in page + later
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, credentials FROM opsportal_destination")
        stored = str(cursor.fetchall())
    assert "marker-in-address" not in stored and secret not in stored
    assert AuditEvent.objects.filter(act="destination.add", actor="admin").exists()


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("webhook", "http://127.0.0.1:9/marker"),
        ("slack", "http://10.0.0.8/marker"),
        ("webhook", "gopher://example.org/marker"),
        ("email", "marker at example"),
        ("github", "marker"),
    ],
)
def test_an_address_that_may_not_be_used_is_refused_and_not_repeated(client_as, admin, channel, address):
    answer = add(client_as(admin), address, channel=channel, token="x" if channel == "github" else "")

    assert answer.status_code == 422
    assert "marker" not in answer.content.decode()
    assert not Destination.objects.exists()


def test_an_old_sign_in_is_asked_again_and_what_was_typed_is_kept_nowhere(admin):
    browser = Client()
    browser.force_login(admin)

    answer = add(browser, "https://hook.example/marker")

    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert browser.get(PAGE).status_code == 302
    assert not Destination.objects.exists()
    assert "marker" not in str(dict(browser.session))


def test_a_test_message_arrives_and_the_screen_says_so(client_as, admin, add_destination, sink):
    to = add_destination(sink.url, channel="slack")
    browser = client_as(admin)

    browser.post(f"{PAGE}{to.pk}/test/")
    actions.deliver_due()

    assert b"Test message of Opsportal" in sink.requests[0].body
    page = browser.get(PAGE).content.decode()
    assert "Arrived" in page and "admin pressed Send a test" in page


def test_the_environments_ways_can_be_tested(client_as, admin, settings, sink):
    settings.SLACK_WEBHOOK_URL = sink.url

    client_as(admin).post("/deliveries/way/test/", {"way": "SLACK_WEBHOOK_URL"})
    actions.deliver_due()

    assert len(sink.requests) == 1


def test_switched_off_means_nothing_more_arrives_until_it_is_on_again(client_as, admin, add_destination, queue, sink):
    to = add_destination(sink.url)
    queue(channel="webhook", destination=to.name, to=to)
    browser = client_as(admin)

    browser.post(f"{PAGE}{to.pk}/switch/")
    actions.deliver_due()

    assert sink.requests == []
    assert Delivery.objects.get().last_error == "switched_off"
    assert actions.tell_operators(key="k", subject="s", body="b", at=timezone.now()) == []
    browser.post(f"{PAGE}{to.pk}/switch/")
    assert len(actions.tell_operators(key="k", subject="s", body="b", at=timezone.now())) == 1


def test_a_budget_is_changed_by_an_admin_and_recorded(client_as, admin):
    client_as(admin).post("/deliveries/way/budget/", {"way": "SLACK_WEBHOOK_URL", "per_minute": 7})

    assert Route.objects.get(name="SLACK_WEBHOOK_URL").per_minute == 7
    assert AuditEvent.objects.filter(act="destination.budget").exists()


def test_the_matrix_shows_tries_and_what_is_closed(client_as, viewer, queue):
    for number, (attempts, state) in enumerate([(0, "waiting"), (1, "waiting"), (2, "waiting"), (5, "dead")]):
        made = queue(f"k{number}", subject=f"message {number}")
        Delivery.objects.filter(pk=made.pk).update(attempts=attempts, state=state, last_error="timeout")
    Route.objects.update(open_until=timezone.now(), failures=5, last_error="timeout")

    page = client_as(viewer).get("/deliveries/").content.decode()

    assert "Slack, ops channel" in page and "Closed after failures" in page and "Dead letters" in page
    assert "no answer within 10 seconds" in page
    assert "Replay the chosen" not in page
