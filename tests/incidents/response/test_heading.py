"""Rewriting what an incident is called and what is seen of it: rows, conflicts, refusals, and who may."""

import re
from typing import Any

import pytest

from incidents.response import corrections, heading, hiding, queries, redactions
from incidents.response.models import Incident, TimelineEvent
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from tests.incidents.cast import SECRET, minutes, open_incident
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
BETTER = {"title": "No card payments at all", "summary": "0 of 400 captured\nsince 03:05"}


def rewrite(incident: Incident, by: User, **changes: Any) -> list[TimelineEvent]:
    words = {"title": incident.title, "summary": incident.summary, "seen": heading.mark(incident)}
    return heading.rewrite(incident, **words | changes, by=by, at=minutes(4))


def told(events: list[TimelineEvent]) -> list[tuple[str, str]]:
    return [(one.new, one.text.body) for one in events]


def test_both_are_rewritten_and_the_timeline_keeps_the_words_before(incident, responder):
    events = rewrite(incident, responder, **BETTER)

    incident.refresh_from_db()
    assert (incident.title, incident.summary) == tuple(BETTER.values())
    assert told(events) == [
        ("title", "Was: EU card payments failing\nNow: No card payments at all"),
        ("summary", "Was: 71.4 % of 1,310 captured, floor 97 %\nNow: 0 of 400 captured\nsince 03:05"),
    ]
    assert {(one.kind, one.actor, one.old) for one in events} == {("heading", responder, "")}


def test_what_did_not_change_is_not_told(incident, responder):
    assert told(rewrite(incident, responder, summary="")) == [
        ("summary", "Was: 71.4 % of 1,310 captured, floor 97 %\nNow: nothing")
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " \n"}, "TITLE_MISSING"),
        ({"title": "x" * 161}, "TITLE_TOO_LONG"),
        ({}, "HEADING_UNCHANGED"),
        ({"title": " EU card  payments failing "}, "HEADING_UNCHANGED"),
        ({"title": f"Fails with {SECRET}"}, "PRIVACY_BLOCKED"),
        ({"summary": f"Fails with {SECRET}"}, "PRIVACY_BLOCKED"),
    ],
)
def test_what_is_refused_changes_nothing(incident, responder, changes, code):
    with pytest.raises(Refused) as refusal:
        rewrite(incident, responder, **changes)

    assert refusal.value.code == code
    assert Incident.objects.get().title == "EU card payments failing"
    assert not incident.timeline.filter(kind="heading").exists()


def test_who_started_from_older_words_is_told_and_nothing_is_lost(incident, responder, publisher):
    old = heading.mark(incident)
    rewrite(incident, publisher, **BETTER)

    with pytest.raises(Conflict) as conflict:
        rewrite(incident, responder, title="Cards fail", seen=old)

    assert conflict.value.code == "HEADING_CHANGED"
    assert Incident.objects.get().title == BETTER["title"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_rewrite_at_once_one_is_told(responder, publisher):
    incident = open_incident(responder)

    results = at_once(
        *[lambda by=by: rewrite(incident, by, title=f"Cards fail, says {by}") for by in (responder, publisher)]
    )

    assert [one.code for one in results if isinstance(one, Exception) and isinstance(one, Conflict)] == [
        "HEADING_CHANGED"
    ]
    assert incident.timeline.filter(kind="heading").count() == 1


def test_a_declaration_that_is_corrected_later_does_not_undo_what_was_rewritten(incident, responder):
    rewrite(incident, responder, summary="0 of 400 captured")
    declared = incident.timeline.get(kind="incident.declared")

    corrections.correct(declared, text="70 % captured", reason="Rounded", seen=0, by=responder, at=minutes(5))

    assert Incident.objects.get().summary == "0 of 400 captured"


def test_the_words_before_can_be_removed(incident, publisher):
    (event,) = rewrite(incident, publisher, summary="Captured less than usual")

    redactions.redact(event, reason="Named a buyer", by=publisher, at=minutes(6))

    assert not TimelineEvent.objects.filter(text__body__contains="Was: 71.4").exists()
    assert Incident.objects.get().summary == "Captured less than usual"


# --- the dialog -------------------------------------------------------------------------------------------------------


def test_it_is_rewritten_without_javascript_and_the_room_tells_it(client_as, responder, incident):
    client, page = client_as(responder), incident.get_absolute_url()
    seen = re.search(r'name="seen" value="(\w+)"', client.get(f"{page}heading/").content.decode())
    assert seen

    answer = client.post(f"{page}heading/", BETTER | {"seen": seen[1]})

    assert (answer.status_code, answer["Location"]) == (302, page)
    room = client.get(page).content.decode()
    assert "<h1>No card payments at all</h1>" in room
    assert re.search(r"rewrote\s+<strong>the title</strong>", room)
    assert "Was: EU card payments failing<br>Now: No card payments at all" in room
    assert "0 of 400 captured<br>since 03:05" in client.get(f"{page}impact/").content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_second_of_two_reads_both_texts_and_replaces_knowingly(client_as, responder, publisher, incident, headers):
    address, old = f"{incident.get_absolute_url()}heading/", heading.mark(incident)
    rewrite(incident, publisher, **BETTER)
    client, mine = client_as(responder), {"title": "Cards fail", "summary": "Mine"}

    answer = client.post(address, mine | {"seen": old}, headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "publisher" in page and BETTER["title"] in page and "0 of 400 captured<br>since 03:05" in page
    assert 'value="Cards fail"' in page and "Mine</textarea>" in page and "Replace it" in page
    assert Incident.objects.get().title == BETTER["title"]

    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    client.post(address, mine | {"seen": seen[1]})
    assert Incident.objects.get().title == "Cards fail"


def test_a_secret_comes_back_without_itself(client_as, responder, incident):
    given = {"title": "Cards fail", "summary": f"Fails with {SECRET}", "seen": heading.mark(incident)}

    answer = client_as(responder).post(f"{incident.get_absolute_url()}heading/", given)

    assert answer.status_code == 422
    assert "hunter2" not in answer.content.decode()
    assert "Fails with [removed: database connection string]</textarea>" in answer.content.decode()


def test_of_a_security_incident_only_responders_read_what_was_rewritten(client_as, viewer, responder, incident):
    hiding.hide(incident, reason="A break-in", by=responder, at=minutes(1))
    rewrite(Incident.objects.get(), responder, title="Quagga keys are out")

    for path in (incident.get_absolute_url(), f"{incident.get_absolute_url()}impact/"):
        assert client_as(viewer).get(path).status_code == 404
    assert client_as(viewer).post(f"{incident.get_absolute_url()}heading/", BETTER).status_code == 403
    assert "Quagga" not in client_as(viewer).get("/search/", {"q": "quagga"}).content.decode()
    assert queries.incident_or_404(incident.number, responder).title == "Quagga keys are out"
