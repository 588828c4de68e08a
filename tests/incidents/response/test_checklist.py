"""The checklist of one incident: what is copied, what a step says, and every change on the timeline."""

import html
from typing import Any

import pytest

from incidents.response import actions, checklist
from incidents.response.models import ChecklistTemplateStep, TimelineEvent
from opsportal.errors import Refused
from tests.incidents.cast import SECRET, domain, minutes, open_incident

pytestmark = pytest.mark.django_db


def page(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return html.unescape(answer.content.decode())


def test_later_changes_of_the_template_touch_no_open_incident(incident):
    before = list(incident.checklist.order_by("position").values_list("text", "mandatory_from"))

    ChecklistTemplateStep.objects.update(text="Something else", mandatory_from="")
    ChecklistTemplateStep.objects.filter(position__gt=3).delete()

    assert list(incident.checklist.order_by("position").values_list("text", "mandatory_from")) == before


def test_a_new_incident_gets_the_template_as_it_is_with_links_and_commands(responder):
    ChecklistTemplateStep.objects.exclude(position=0).delete()
    ChecklistTemplateStep.objects.update(text="Look", link="/checks/", command="bin/manage doctor", mandatory_from="")

    (step,) = open_incident(responder).checklist.all()

    assert (step.text, step.link, step.command, step.mandatory_from) == ("Look", "/checks/", "bin/manage doctor", "")


@pytest.mark.parametrize(("severity", "mandatory"), [("SEV-1", 13), ("SEV-2", 13), ("SEV-3", 8)])
def test_the_severity_decides_which_steps_are_mandatory(responder, severity, mandatory):
    incident = open_incident(responder, severity=severity)

    assert sum(step.is_mandatory for step in incident.checklist.all()) == mandatory


def test_a_step_that_became_mandatory_says_so_once_it_is_worse(responder):
    incident = open_incident(responder, severity="SEV-3")
    step = incident.checklist.get(text__startswith="Shield")
    assert not step.is_mandatory

    actions.change_severity(incident, to="SEV-1", reason="All of it", by=responder, at=minutes(1))

    assert type(step).objects.get(pk=step.pk).is_mandatory


def test_a_step_that_does_not_apply_counts_as_done_and_comes_back(incident, responder, admin):
    step = incident.checklist.get(position=3)

    checklist.skip(step, reason="No dependency is part of it", by=responder, at=minutes(1))
    step.refresh_from_db()
    assert (step.is_settled, step.skipped_by, step.skip_reason) == (True, responder, "No dependency is part of it")
    checklist.unskip(step, by=admin, at=minutes(2))
    step.refresh_from_db()

    assert (step.is_settled, step.skip_reason) == (False, "")
    events = TimelineEvent.objects.filter(kind="checklist").order_by("id")
    assert [(one.old, one.new, one.actor, one.text.body) for one in events] == [
        ("", "skipped", responder, f"{step.text}\nNo dependency is part of it"),
        ("skipped", "unskipped", admin, step.text),
    ]


def test_ticking_takes_the_reason_back(incident, responder):
    step = incident.checklist.get(position=0)
    checklist.skip(step, reason="Not here", by=responder, at=minutes(1))

    checklist.tick(step, by=responder, at=minutes(2))

    step.refresh_from_db()
    assert (step.skipped_at, step.skip_reason, step.ticked_by) == (None, "", responder)


@pytest.mark.parametrize(
    ("first", "reason", "code"),
    [
        (None, " ", "REASON_MISSING"),
        (None, SECRET, "PRIVACY_BLOCKED"),
        (checklist.tick, "Why", "ALREADY_TICKED"),
        (checklist.skip, "Why", "ALREADY_SKIPPED"),
    ],
)
def test_leaving_a_step_out_is_refused_without_a_trace(incident, responder, first, reason, code):
    step = incident.checklist.get(position=0)
    if first is not None:
        first(step, **({"reason": "Not here"} if first is checklist.skip else {}), by=responder, at=minutes(1))
    before = incident.timeline.count()

    with pytest.raises(Refused) as refusal:
        checklist.skip(step, reason=reason, by=responder, at=minutes(2))

    assert refusal.value.code == code
    assert incident.timeline.count() == before


def test_a_step_that_applies_cannot_be_brought_back(incident, responder):
    with pytest.raises(Refused) as refusal:
        checklist.unskip(incident.checklist.get(position=0), by=responder, at=minutes(1))

    assert refusal.value.code == "NOT_SKIPPED"


def test_the_room_shows_who_where_and_why(client_as, responder, viewer):
    ChecklistTemplateStep.objects.filter(position=1).update(command="bin/manage doctor", link="/checks/")
    incident = open_incident(responder)
    checklist.tick(incident.checklist.get(position=0), by=responder, at=minutes(1))
    client = client_as(responder)
    answer = client.post("/incidents/INC-1/checklist/2/skip/", {"reason": "Nothing was rolled out"})
    assert answer["Location"] == incident.get_absolute_url()

    for person, can_act in ((client, True), (client_as(viewer), False)):
        room = page(person, incident.get_absolute_url())
        assert "responder, <time" in room
        assert "<code>bin/manage doctor</code>" in room
        assert 'href="/checks/">Open the page' in room
        assert "Nothing was rolled out" in room
        assert "Mandatory" in room
        assert ("/incidents/INC-1/checklist/2/unskip/" in room) is can_act
        assert ("/incidents/INC-1/checklist/1/skip/" in room) is can_act

    client.post("/incidents/INC-1/checklist/2/unskip/")
    assert incident.checklist.get(position=2).skipped_at is None


def test_a_reason_that_is_missing_is_asked_for_in_the_dialog(client_as, responder, incident):
    client = client_as(responder)

    answer = client.post("/incidents/INC-1/checklist/0/skip/", {"reason": ""})

    assert answer.status_code == 422
    assert "Say why this step does not apply here." in answer.content.decode()
    assert client.get("/incidents/INC-1/checklist/99/skip/").status_code == 404


# --- the other dialogs of duties, and the line that says what is next -------------------------------------------------


def test_the_room_says_what_is_next_with_one_button(client_as, responder, viewer):
    actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=minutes(0))
    client = client_as(responder)

    room = page(client, "/incidents/INC-1/")
    assert "Nobody has it yet" in room
    assert room.count('action="/incidents/INC-1/acknowledge/"') == 2  # in the line, and in the bar of a phone
    client.post("/incidents/INC-1/acknowledge/")

    room = page(client, "/incidents/INC-1/")
    assert "Tell readers for the first time" in room
    assert 'data-duty="first public update"' in room
    assert "/incidents/INC-1/no-public-impact/" in room
    assert "/incidents/INC-1/no-public-impact/" not in page(client_as(viewer), "/incidents/INC-1/")


def test_from_no_public_impact_to_closed_over_the_pages(client_as, responder, incident):
    client = client_as(responder)
    for path, data in (
        ("no-public-impact", {"reason": "Staff only"}),
        ("acknowledge", {}),
        ("resolve", {"note": "Over"}),
        ("verify", {"note": "Three sign-ins"}),
        ("waive/postmortem", {"reason": "A known fault"}),
    ):
        answer = client.post(f"/incidents/INC-1/{path}/", data)
        assert answer.status_code == 302, (path, answer.content.decode()[:400])

    refused = client.post("/incidents/INC-1/close/")
    assert refused.status_code == 422
    assert "12 mandatory steps are open." in refused.content.decode()
    for step in incident.checklist.exclude(phase="post_incident"):
        checklist.tick(step, by=responder, at=minutes(9))
    assert "Close INC-1?" in page(client, "/incidents/INC-1/close/")
    assert client.post("/incidents/INC-1/close/").status_code == 302

    room = page(client, "/incidents/INC-1/")
    assert ">Closed<" in room
    assert "closed the incident" in room
    assert "Next:" not in room
