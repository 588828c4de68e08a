"""What follows from a declared incident, once, however often the bell rings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents import reactions
from incidents.response import actions
from incidents.response.models import Reaction
from incidents.statuspage.models import StatusUpdate
from opsportal.models import Delivery
from tests.incidents.cast import AT, fire, minutes, open_incident

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ops_channel(settings):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.BASE_URL = "http://localhost:8123"


def test_the_on_call_people_are_told_where_to_go(incident):
    reactions.react(incident.timeline.get().pk, at=minutes(1))

    delivery = Delivery.objects.get(channel="slack")
    assert delivery.subject == "INC-1 SEV-2 EU card payments failing"
    assert delivery.body == (
        "Payments. On call @payments-lead, backup @payments-oncall.\nhttp://localhost:8123/incidents/INC-1/"
    )
    assert delivery.key.startswith("incident:1:opened")


def test_a_public_update_waits_as_a_draft(incident):
    reactions.react(incident.timeline.get().pk, at=minutes(1))

    draft = StatusUpdate.objects.get()
    assert (draft.state, draft.status, draft.public_incident.incident) == ("draft", "investigating", incident)


def test_reacting_twice_tells_once(incident):
    event = incident.timeline.get()

    assert reactions.react(event.pk, at=minutes(1))
    assert not reactions.react(event.pk, at=minutes(2))
    assert (Delivery.objects.count(), StatusUpdate.objects.count()) == (1, 1)
    assert Reaction.objects.get().done_at == minutes(1)


def test_a_reaction_that_was_half_done_is_finished_without_telling_twice(incident):
    event = incident.timeline.get()
    reactions.react(event.pk, at=minutes(1))
    Reaction.objects.update(done_at=None)

    reactions.react(event.pk, at=minutes(2))

    assert (Delivery.objects.count(), StatusUpdate.objects.count()) == (1, 1)


def test_one_that_fails_does_not_silence_the_others_and_is_offered_again(incident, settings, monkeypatch):
    def broken(event, *, at):
        raise RuntimeError("no disk")

    monkeypatch.setitem(reactions.REACTIONS, "incident.declared", (broken, reactions.tell_on_call))

    with pytest.raises(RuntimeError):
        reactions.react(incident.timeline.get().pk, at=minutes(1))

    assert Delivery.objects.count() == 1
    assert Reaction.objects.get().done_at is None


def test_an_event_without_a_reaction_is_nothing_to_do(incident, responder):
    note = actions.post_note(incident, text="Hello", by=responder, at=AT)

    assert not reactions.react(note.pk, at=AT)


def test_the_sweep_offers_what_waits_and_leaves_fresh_ones_to_their_bell(responder):
    open_incident(responder)
    soon = timezone.now()

    assert reactions.offer_open_ones(soon) == 0
    assert reactions.offer_open_ones(soon + timedelta(minutes=1)) == 1
    Reaction.objects.update(done_at=soon)
    assert reactions.offer_open_ones(soon + timedelta(minutes=1)) == 0


def test_a_proposed_severity_is_called_proposed():
    alert = fire()

    reactions.react(alert.incident.timeline.get(kind="incident.declared").pk, at=minutes(1))

    assert Delivery.objects.get().subject == "INC-1 SEV-2 (proposed) API does not answer"
