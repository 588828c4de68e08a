"""Making an incident that runs a security incident: what stops, what is refused, who sees it then."""

from typing import Any

import pytest

from incidents import reactions
from incidents.models import Obligation, Reaction, StatusUpdate
from incidents.response import actions, hiding, linking
from incidents.response.models import Incident
from incidents.statuspage import actions as statuspage
from opsportal.errors import Refused
from opsportal.models import User
from tests.incidents.cast import fire, minutes, open_incident

pytestmark = pytest.mark.django_db


def react() -> None:
    for one in Reaction.objects.filter(done_at=None).order_by("pk"):
        reactions.react(one.event_id, at=minutes(2))


def test_an_alarm_that_was_a_break_in_is_hidden_and_its_public_side_stops(responder, viewer, client_as):
    incident = fire(title="Sign-ins from everywhere", severity="SEV-1").room
    actions.acknowledge(incident, by=responder, at=minutes(1))
    react()
    assert StatusUpdate.objects.get().state == "draft"
    assert client_as(viewer).get(incident.get_absolute_url()).status_code == 200

    event = hiding.hide(incident, reason="Somebody tries stolen passwords", by=responder, at=minutes(2))
    react()

    assert (event.kind, event.old, event.new) == ("nature", "standard", "security")
    assert client_as(viewer).get(incident.get_absolute_url()).status_code == 404
    assert "made it a" in client_as(responder).get(incident.get_absolute_url()).content.decode()
    running = Obligation.objects.open().filter(subject=incident.label, kind__contains="public")
    assert not running.exists()
    assert StatusUpdate.objects.get().state == "discarded"


def published(incident: Incident, publisher: User) -> None:
    words: dict[str, Any] = {"title": "Sign-in", "status": "investigating", "body": "We look into it."}
    draft = statuspage.save_draft(
        incident, **words, components={}, by=publisher, at=minutes(1), next_update_at=minutes(31)
    )
    statuspage.publish(draft, by=publisher, at=minutes(1))


@pytest.mark.parametrize(
    ("before", "reason", "code"),
    [
        (lambda one, other, by, publisher: None, " ", "REASON_MISSING"),
        (lambda one, other, by, publisher: None, "Key AKIAIOSFODNN7EXAMPLE is out", "PRIVACY_BLOCKED"),
        (
            lambda one, other, by, publisher: hiding.hide(one, reason="A break-in", by=by, at=minutes(1)),
            "Again",
            "ALREADY_SECURITY",
        ),
        (lambda one, other, by, publisher: published(one, publisher), "Too late", "READERS_KNOW"),
        (
            lambda one, other, by, publisher: linking.link(other, one, relation="related", by=by, at=minutes(1)),
            "Named",
            "NAMED_ELSEWHERE",
        ),
    ],
)
def test_what_cannot_be_hidden_is_refused_and_stays_as_it_was(responder, publisher, before, reason, code):
    one, other = (open_incident(responder) for _ in range(2))
    before(one, other, responder, publisher)
    nature = Incident.objects.get(pk=one.pk).nature

    with pytest.raises(Refused) as refusal:
        hiding.hide(one, reason=reason, by=responder, at=minutes(2))

    assert refusal.value.code == code
    assert Incident.objects.get(pk=one.pk).nature == nature


def test_hiding_is_asked_for_in_a_dialog_with_its_reason(responder, client_as):
    incident = open_incident(responder)
    client = client_as(responder)

    assert "no way back" in client.get(f"{incident.get_absolute_url()}hide/").content.decode()
    assert client.post(f"{incident.get_absolute_url()}hide/", {"reason": ""}).status_code == 422
    client.post(f"{incident.get_absolute_url()}hide/", {"reason": "A break-in"})

    assert Incident.objects.get(pk=incident.pk).nature == "security"
