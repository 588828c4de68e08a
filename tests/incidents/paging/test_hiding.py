"""What waits when an incident turns out to be a security incident: it leaves without a word of it."""

import json
from typing import Any

import pytest

from incidents.alerts import upkeep
from incidents.response import hiding, watching
from opsportal.models import Delivery
from tests.incidents.cast import AT, fire, minutes, open_incident
from tests.incidents.paging.test_calling import react_to_all, send

pytestmark = pytest.mark.django_db
TITLE = "Okapi at the gate"


@pytest.fixture
def waiting(on_call, first, reached, responder, viewer, settings: Any, http_target, monkeypatch) -> Any:
    """Declared as a usual one: a page, the ops channel, an issue, a reminder and a viewer's mail wait."""
    reached(first)
    settings.SLACK_WEBHOOK_URL, settings.EMAIL_CONFIGURED = f"{http_target.url}ops", True
    monkeypatch.setenv("GITHUB_ISSUES_REPO", "example/issues")
    monkeypatch.setenv("GITHUB_TOKEN", "gh-example")
    incident = fire(title=TITLE, severity="SEV-1").room
    viewer.email = "viewer@example.org"
    viewer.save(update_fields=["email"])
    watching.watch(incident, by=viewer, at=AT)
    watching.announce(incident, key=f"incident:{incident.number}:turn:1", what="turns", because="A turn", at=AT)
    react_to_all(AT)
    return incident


def waits() -> list[str]:
    rows = Delivery.objects.filter(state="waiting").order_by("channel", "pk")
    return [f"{one.channel} {one.destination}" for one in rows]


def test_what_waited_when_it_was_hidden_leaves_without_a_title(waiting, responder, http_target):
    assert {"github example/issues", "email viewer@example.org", "slack @night-first"} <= {
        one if not one.startswith("github") else "github example/issues" for one in waits()
    }
    assert Delivery.objects.filter(subject__contains=TITLE).count() >= 3

    hiding.hide(waiting, reason="A break-in", by=responder, at=minutes(1))

    assert not [one for one in waits() if "github" in one or "viewer@" in one]
    Delivery.objects.filter(channel="email").delete()
    send()
    said = [json.loads(one.body)["text"] for one in http_target.requests]
    assert sorted(one.path.split("/")[1] for one in http_target.requests) == ["night-first", "ops", "ops"]
    assert not [text for text in said if TITLE in text]
    assert all(f"{waiting.label} SEV-1" in text and waiting.get_absolute_url() in text for text in said)
    dead = Delivery.objects.filter(state="dead")
    assert not dead.filter(subject__contains=TITLE).exists()


def test_what_was_given_up_says_no_title_when_it_is_replayed(waiting, responder):
    Delivery.objects.filter(event=f"incident:{waiting.number}:opened").update(state="dead")

    hiding.hide(waiting, reason="A break-in", by=responder, at=minutes(1))

    assert {one.subject for one in Delivery.objects.filter(state="dead")} == {f"{waiting.label} SEV-1"}


def test_messages_of_others_keep_their_words(waiting, responder):
    Delivery.objects.filter(event=f"incident:{waiting.number}:opened").update(
        event=f"incident:{waiting.number}0:opened", subject=TITLE
    )

    hiding.hide(waiting, reason="A break-in", by=responder, at=minutes(1))

    assert Delivery.objects.get(event=f"incident:{waiting.number}0:opened").subject == TITLE


def test_deliveries_say_to_viewers_that_there_is_a_message_and_no_more(waiting, responder, viewer, client_as):
    hiding.hide(waiting, reason="A break-in", by=responder, at=minutes(1))
    Delivery.objects.filter(channel="github").update(state="dead")

    for address in ("/deliveries/", "/deliveries/?state=dead", "/deliveries/?way=people:slack"):
        page = client_as(viewer).get(address).content.decode()
        assert "Message</b>" in page and "Given up" in page
        hidden = (TITLE, waiting.label, "incident:", "First on call", "call:")
        assert not [one for one in hidden if one in page]
    told = client_as(responder).get("/deliveries/").content.decode()
    assert f"{waiting.label} SEV-1" in told and "First on call for Backend" in told


def test_a_reminder_of_its_alert_names_no_title(responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example.com/services/x"
    alert = fire(title=TITLE, remind_hours=1)
    assert alert.incident is not None
    hiding.hide(alert.incident, reason="A break-in", by=responder, at=minutes(1))

    upkeep.sweep(at=minutes(61))

    assert Delivery.objects.get(event__contains=":reminder:").subject == (
        f"{alert.room.label} an alert: still fires after 1 h"
    )


def test_a_word_of_an_incident_that_is_hidden_before_its_news_is_queued_stays_inside(responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example.com/services/x"
    incident = open_incident(responder, title=TITLE)
    hiding.hide(incident, reason="A break-in", by=responder, at=minutes(1))

    react_to_all(minutes(2))

    assert Delivery.objects.exists()
    assert not Delivery.objects.filter(subject__contains=TITLE).exists()
