"""What follows from a declared incident, once, however often the bell rings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents import reactions
from incidents.oncall import handles
from incidents.response import actions, hiding, linking, timeline
from incidents.response.models import Incident, Reaction
from incidents.statuspage import actions as statuspage
from incidents.statuspage.models import StatusUpdate
from opsportal.models import Delivery, Route, User
from opsportal.outbox.actions import deliver_due, tell_operators
from opsportal.outbox.sending import AT_ONCE_ON_ONE_WAY
from tests.incidents.cast import AT, fire, minutes, open_incident
from tests.opsportal.outbox import sinks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ops_channel(settings):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.BASE_URL = "http://localhost:8123"


def test_the_on_call_people_are_told_where_to_go(incident, responder, admin):
    handles.hold("@payments-lead", person=responder, seen=0, by=admin)
    reactions.react(incident.timeline.get(kind="incident.declared").pk, at=minutes(1))

    delivery = Delivery.objects.get(channel="slack")
    assert delivery.subject == "INC-1 SEV-2 EU card payments failing"
    assert delivery.body == (
        "Payments. On call responder (@payments-lead), backup nobody (@payments-oncall).\n"
        "http://localhost:8123/incidents/INC-1/"
    )
    assert delivery.key.startswith("incident:1:opened")


def test_a_public_update_waits_as_a_draft(incident):
    reactions.react(incident.timeline.get(kind="incident.declared").pk, at=minutes(1))

    draft = StatusUpdate.objects.get()
    assert (draft.state, draft.status, draft.public_incident.incident) == ("draft", "investigating", incident)


def test_reacting_twice_tells_once(incident):
    event = incident.timeline.get(kind="incident.declared")

    assert reactions.react(event.pk, at=minutes(1))
    assert not reactions.react(event.pk, at=minutes(2))
    assert (Delivery.objects.count(), StatusUpdate.objects.count()) == (1, 1)
    assert Reaction.objects.get().done_at == minutes(1)


def test_a_reaction_that_was_half_done_is_finished_without_telling_twice(incident):
    event = incident.timeline.get(kind="incident.declared")
    reactions.react(event.pk, at=minutes(1))
    Reaction.objects.update(done_at=None)

    reactions.react(event.pk, at=minutes(2))

    assert (Delivery.objects.count(), StatusUpdate.objects.count()) == (1, 1)


def test_one_that_fails_does_not_silence_the_others_and_is_offered_again(incident, settings, monkeypatch):
    def broken(event, *, at):
        raise RuntimeError("no disk")

    monkeypatch.setitem(reactions.REACTIONS, "incident.declared", (broken, reactions.tell_on_call))

    with pytest.raises(RuntimeError):
        reactions.react(incident.timeline.get(kind="incident.declared").pk, at=minutes(1))

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


def test_events_that_nobody_can_react_to_do_not_stand_before_others(responder, monkeypatch):
    monkeypatch.setattr(reactions, "_BATCH", 1)
    rung = []
    monkeypatch.setattr("opsportal.background.wake", lambda task, *, event_id, **_: rung.append(event_id))
    first, second = (open_incident(responder).timeline.get(kind="incident.declared").pk for _ in range(2))
    later = timezone.now() + timedelta(minutes=1)

    for place in range(3):
        reactions.offer_open_ones(later + timedelta(seconds=place))

    assert rung == [first, second, first]


def test_a_proposed_severity_is_called_proposed():
    alert = fire()

    reactions.react(alert.room.timeline.get(kind="incident.declared").pk, at=minutes(1))

    assert Delivery.objects.get().subject == "INC-1 SEV-2 (proposed) API does not answer"


def test_what_was_published_overtakes_a_queued_storm(incident, responder, publisher, settings, sink, tmp_path):
    settings.SLACK_WEBHOOK_URL, settings.SNAPSHOT_DIR = sink.url, tmp_path
    for number in range(60):
        tell_operators(key=f"alert:{number}", subject=f"Alert {number}", body="Made by the portal.", at=AT)
    Route.objects.update(per_minute=10)  # the storm may have 8 of them
    publish(incident, "Card payments in the EU fail for some customers.", by=publisher)

    deliver_due()

    sent = [request.body.decode() for request in sink.requests]
    assert any(
        "INC-1 published: Investigating" in body and "fail for some" in body for body in sent[:AT_ONCE_ON_ONE_WAY]
    )
    assert len(sent) < 60


def test_a_person_who_declares_overtakes_machines_and_a_machine_does_not(incident):
    alert = fire()
    for event in (
        incident.timeline.get(kind="incident.declared"),
        alert.room.timeline.get(kind="incident.declared"),
    ):
        reactions.react(event.pk, at=minutes(1))

    assert list(Delivery.objects.order_by("pk").values_list("priority", flat=True)) == [
        Delivery.Priority.WRITTEN,
        Delivery.Priority.MACHINE,
    ]


def publish(incident: Incident, words: str, *, by: User) -> None:
    """Publish words about it, and let the house react."""
    update = statuspage.save_draft(
        incident, title="Card payments", status="investigating", body=words, components={}, by=by, at=AT,
        next_update_at=minutes(30),
    )  # fmt: skip
    statuspage.publish(update, by=by, at=minutes(1))
    reactions.react(incident.timeline.get(kind="public_update").pk, at=minutes(1))


def test_an_incidents_issue_follows_it_to_its_end_and_back(incident, responder, monkeypatch, settings):
    settings.SLACK_WEBHOOK_URL = ""
    with sinks.github() as hub:
        for name, value in (("API_URL", hub.url), ("ISSUES_REPO", hub.repository), ("TOKEN", hub.token)):
            monkeypatch.setenv(f"GITHUB_{name}", value)
        seen = [react_and_look(hub)]
        actions.change_severity(incident, to="SEV-1", reason="All regions", by=responder, at=minutes(2))
        seen.append(react_and_look(hub))
        actions.change_status(incident, to="resolved", by=responder, at=minutes(3), note="Rolled back")
        seen.append(react_and_look(hub))
        actions.change_status(incident, to="investigating", by=responder, at=minutes(4), note="It came back")
        seen.append(react_and_look(hub))

    assert seen == [
        ("INC-1 SEV-2 EU card payments failing", "open", "Investigating, SEV-2. Payments."),
        ("INC-1 SEV-1 EU card payments failing", "open", "Investigating, SEV-1. Payments."),
        ("INC-1 SEV-1 EU card payments failing", "closed", "Resolved, SEV-1. Payments."),
        ("INC-1 SEV-1 EU card payments failing", "open", "Investigating, SEV-1. Payments."),
    ]
    assert "floor 97 %" not in str(hub.issues)  # the summary stays in the room
    assert len(hub.issues) == 1


def test_the_issue_of_what_turns_out_to_be_a_break_in_is_closed_and_says_no_word_of_it(
    incident, responder, monkeypatch, settings
):
    settings.SLACK_WEBHOOK_URL = ""
    with sinks.github() as hub:
        for name, value in (("API_URL", hub.url), ("ISSUES_REPO", hub.repository), ("TOKEN", hub.token)):
            monkeypatch.setenv(f"GITHUB_{name}", value)
        assert react_and_look(hub)[:2] == ("INC-1 SEV-2 EU card payments failing", "open")
        hiding.hide(incident, reason="Stolen keys", by=responder, at=minutes(2))
        closed = ("INC-1", "closed", "http://localhost:8123/incidents/INC-1/")
        assert react_and_look(hub) == closed
        actions.change_severity(incident, to="SEV-1", reason="All regions", by=responder, at=minutes(3))
        assert react_and_look(hub) == closed

    assert not any(word in str(hub.issues) for word in ("card", "Payments", "Stolen"))


def test_hiding_opens_no_issue_where_none_was(incident, responder, monkeypatch, settings):
    settings.SLACK_WEBHOOK_URL = ""
    with sinks.github() as hub:
        for name, value in (("API_URL", hub.url), ("ISSUES_REPO", hub.repository), ("TOKEN", hub.token)):
            monkeypatch.setenv(f"GITHUB_{name}", value)
        hiding.hide(incident, reason="Stolen keys", by=responder, at=minutes(2))
        for pk in Reaction.objects.filter(done_at=None).values_list("pk", flat=True):
            reactions.react(pk, at=minutes(5))
        deliver_due()

    assert hub.issues == []


def test_what_lies_ready_in_a_merged_room_is_withdrawn_and_nothing_is_laid_there(incident, responder):
    twice = open_incident(responder, title="The same again")
    drafted, late = twice.timeline.get(kind="incident.declared"), open_incident(responder)
    reactions.react(drafted.pk, at=minutes(1))
    kept = statuspage.save_draft(
        incident, title="Cards", status="investigating", body="Mine", components={}, by=responder, at=AT,
        next_update_at=minutes(30),
    )  # fmt: skip
    for one in (twice, late):
        linking.merge(one, into=incident, reason="The same", by=responder, at=minutes(2))

    for pk in Reaction.objects.filter(done_at=None).values_list("pk", flat=True):
        reactions.react(pk, at=minutes(3))

    assert list(StatusUpdate.objects.filter(state="draft")) == [kept]
    assert StatusUpdate.objects.get(public_incident__incident=twice).state == "discarded"
    assert not StatusUpdate.objects.filter(public_incident__incident=late).exists()


def react_and_look(hub: sinks.GitHub) -> tuple[str, str, str]:
    """What the issue says after the house has reacted to everything."""
    for pk in Reaction.objects.filter(done_at=None).values_list("pk", flat=True):
        reactions.react(pk, at=minutes(5))
    deliver_due()
    issue = hub.issues[0]
    return issue["title"], issue["state"], issue["body"].splitlines()[0]


def test_what_the_table_knows_is_what_the_timeline_offers():
    assert set(reactions.REACTIONS) == timeline.REACTING
