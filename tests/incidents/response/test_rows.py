"""The timeline's screens: rows that were corrected or removed, pins, filters, words, dialogs, files, the badge."""

import csv
import hashlib
import io
import json
import re
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from incidents.response import actions, corrections, decisions, pins, redactions, timeline
from incidents.response.models import Incident, Pin, TimelineEvent
from opsportal.audit.models import AuditEvent
from opsportal.models import User
from opsportal.seals.actions import seal_everything
from tests import engines
from tests.incidents.cast import AT, SECRET, fire, minutes, open_incident

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def body(answer: Any) -> str:
    return str(answer.content.decode())


def room(client: Any, query: str = "") -> str:
    """The timeline's part of the room, tags taken out."""
    page = body(client.get(f"/incidents/INC-1/{query}"))
    part = page[
        page.index('<div id="timeline">') : page.index('<div class="stack">', page.index('<div id="timeline">'))
    ]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def address(event: TimelineEvent, act: str = "") -> str:
    return f"/incidents/INC-1/timeline/{event.pk}/{act}"


@pytest.fixture
def note(incident: Incident, responder: User) -> TimelineEvent:
    return actions.post_note(incident, text="Provider B is down", by=responder, at=minutes(1))


@pytest.fixture
def story(incident: Incident, note: TimelineEvent, responder: User, publisher: User) -> list[TimelineEvent]:
    """Something of each: a corrected note, a removed one, a decision, one more that looks like a formula."""
    gone = actions.post_note(incident, text="Ann said it", by=responder, at=minutes(2), occurred_at=minutes(-8))
    corrections.correct(note, text="Provider A is down", reason="Wrong letter", seen=0, by=publisher, at=minutes(3))
    redactions.redact(gone, reason="A name in it", by=publisher, at=minutes(4))
    decision = decisions.decide(incident, text="=Fail over", by=responder, at=minutes(5), check_back_at=minutes(20))
    return [note, gone, decision]


# --- the room ---------------------------------------------------------------------------------------------------------


def test_old_words_are_struck_and_the_new_ones_stand_below(client_as, viewer, story):
    page = body(client_as(viewer).get("/incidents/INC-1/"))

    assert re.search(r"<s><span class=\"vh\">It said: </span>Provider B is down</s>", page)
    assert "<p>Provider A is down</p>" in page
    assert "Wrong letter" in room(client_as(viewer))
    assert re.search(r"Corrected at .* by publisher: Wrong letter", room(client_as(viewer)))


def test_removed_words_are_gone_from_every_page(client_as, viewer, story):
    client = client_as(viewer)
    pages = [body(client.get(path)) for path in ("/incidents/INC-1/", address(story[1]), "/incidents/?q=Ann")]
    files = [body(client.get(f"/incidents/INC-1/timeline.{form}")) for form in ("md", "jsonl", "csv")]

    assert "Ann said" not in "".join(pages + files)
    assert re.search(r"Words removed at .* by publisher: A name in it", room(client))


def test_a_backdated_row_shows_both_times(client_as, viewer, story):
    assert re.search(r"happened 03:04, written .*03:14", room(client_as(viewer)))


def test_a_decision_asks_whether_it_worked_until_somebody_says(client_as, responder, story):
    client = client_as(responder)
    assert "Did it work?" in room(client)

    answer = client.post(address(story[2], "answer/"), {"outcome": "worked", "note": "Errors are gone"})

    assert (answer.status_code, answer["Location"]) == (302, "/incidents/INC-1/")
    assert "Did it work?" not in room(client)
    assert re.search(r"It worked \(.*responder\): Errors are gone", room(client))


def test_a_decision_is_posted_from_the_box(client_as, responder, incident):
    client = client_as(responder)

    client.post("/incidents/INC-1/post/", {"post-text": "Fail over", "post-decision": "15"})
    event = incident.timeline.get(kind="decision")

    assert event.check_back_at is not None
    assert (event.check_back_at - event.recorded_at).total_seconds() == 900
    both = client.post("/incidents/INC-1/post/", {"post-text": "Go", "post-decision": "0", "post-to": "identified"})
    assert both.status_code == 422
    assert "A decision is a row of its own" in body(both)
    assert client.post("/incidents/INC-1/post/", {"post-text": "Go", "post-decision": "7"}).status_code == 422


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?show=decisions", "=Fail over", "Provider A"),
        ("?show=updates", "Provider A", "took the role"),
        ("?show=public", "Nothing of this kind yet", "Provider"),
        ("?q=provider", "Provider A is down", "=Fail over"),
        ("?q=zebra", "No row holds these words", "Provider"),
        ("?show=decisions&q=provider", "No row holds these words", "Provider"),
        ("?show=nonsense", "Provider A", "Nothing of this kind"),
    ],
)
def test_filters_and_words_stand_in_the_address(client_as, viewer, story, query, shown, hidden):
    told = room(client_as(viewer), query)

    assert shown in told
    assert hidden not in told


def test_the_poll_keeps_filter_and_words(client_as, viewer, story):
    page = body(client_as(viewer).get("/incidents/INC-1/?show=updates&q=provider+a"))

    address = re.search(r'id="room-live" hidden hx-get="([^"]+)"', page)
    assert address is not None
    assert address[1].replace("&amp;", "&") == "/incidents/INC-1/?show=updates&q=provider%20a"
    part = body(client_as(viewer).get("/incidents/INC-1/?show=updates&q=provider+a", headers=HTMX))
    assert "Provider A is down" in part
    assert "=Fail over" not in part


def test_the_system_filter_shows_what_machines_said_with_a_link(client_as, viewer, responder):
    fire()
    actions.post_note(Incident.objects.get(), text="Looking", by=responder, at=minutes(1))

    page = body(client_as(viewer).get("/incidents/INC-1/?show=system"))

    assert 'href="/checks/api/"' in page
    assert "Looking" not in room(client_as(viewer), "?show=system")


def test_checks_and_changes_read_with_source_and_link(client_as, viewer, incident, responder):
    source = timeline.Source
    timeline.record(incident, "check", source=source.CHECK, at=AT, text="capture is 71 %", about="check:eu-cards")
    timeline.record(
        incident, "change", source=source.API, by=responder, at=AT, new="started", text="v41", about="change:7"
    )

    told = room(client_as(viewer))

    assert "Check says" in told and "check:eu-cards" in told
    assert "responder change started by API" in told
    assert 'href="/checks/eu-cards/"' in body(client_as(viewer).get("/incidents/INC-1/"))


# --- pins and dialogs -------------------------------------------------------------------------------------------------


def test_a_pinned_row_stands_on_top_for_everybody(client_as, responder, viewer, story):
    client = client_as(responder)

    client.post(address(story[0], "pin/"))

    told = room(client_as(viewer))
    assert told.index("Provider A is down") < told.index("=Fail over")
    assert "Pinned by responder" in body(client.get(address(story[0])))
    client.post(address(story[0], "unpin/"))
    assert not Pin.objects.exists()


def test_a_sixth_pin_is_refused_in_words(client_as, responder, incident):
    notes = [actions.post_note(incident, text=str(one), by=responder, at=AT) for one in range(6)]
    for one in notes[:5]:
        pins.pin(one, by=responder, at=AT)

    page = body(client_as(responder).post(address(notes[5], "pin/"), follow=True))

    assert "5 rows are pinned already" in page


def test_who_was_slower_gets_both_texts_and_can_go_on(client_as, responder, publisher, note):
    client = client_as(responder)
    form = body(client.get(address(note, "correct/"), headers=HTMX))
    assert 'name="seen" value="0"' in form
    assert "Provider B is down</textarea>" in form
    first = corrections.correct(note, text="Provider C", reason="Typo", seen=0, by=publisher, at=minutes(2))

    sent = {"text": "Provider A", "reason": "Wrong", "seen": "0"}
    answer = client.post(address(note, "correct/"), sent, headers=HTMX)

    assert answer.status_code == 409
    page = body(answer)
    assert "Provider C" in page
    assert "Provider A</textarea>" in page
    assert f'name="seen" value="{first.pk}"' in page
    assert client.post(address(note, "correct/"), sent | {"seen": str(first.pk)}).status_code == 302


def test_a_mistake_in_the_form_does_not_bring_removed_words_back(client_as, responder, publisher, note):
    client = client_as(responder)
    redactions.redact(note, reason="A name", by=publisher, at=minutes(2))

    page = body(client.post(address(note, "correct/"), {"text": "Provider B", "reason": "", "seen": "0"}, headers=HTMX))

    assert 'name="seen" value="0"' in page
    assert client.post(address(note, "correct/"), {"text": "B", "reason": "x", "seen": "0"}).status_code == 409


def test_a_removal_needs_the_right_person_and_a_clean_reason(client_as, responder, publisher, incident, note):
    theirs = actions.post_note(incident, text="Mine", by=publisher, at=AT)

    denied = client_as(responder).post(address(theirs, "remove/"), {"reason": "No"})
    secret = client_as(publisher).post(address(note, "remove/"), {"reason": SECRET})

    assert denied.status_code == 403
    assert secret.status_code == 422
    assert "hunter2" not in body(secret)
    assert AuditEvent.objects.filter(result="denied").exists()
    assert client_as(publisher).post(address(note, "remove/"), {"reason": "A name"}).status_code == 302
    assert incident.timeline.get(kind="redaction").corrects == note


def test_a_viewer_reads_a_row_and_changes_nothing(client_as, viewer, note):
    client = client_as(viewer)

    page = body(client.get(address(note)))

    assert "Provider B is down" in page
    assert "Remove the words" not in page
    for act in ("pin/", "unpin/", "correct/", "remove/", "answer/"):
        assert client.post(address(note, act), {"text": "x", "reason": "x", "seen": "0"}).status_code == 403


def test_a_row_of_another_room_is_not_found(client_as, responder, note):
    other = open_incident(responder)

    assert client_as(responder).get(f"/incidents/INC-{other.number}/timeline/{note.pk}/").status_code == 404


def test_rows_and_files_of_a_security_incident_are_hidden_from_viewers(client_as, viewer, responder, note):
    Incident.objects.update(nature=Incident.Nature.SECURITY)

    for path in (address(note), "/incidents/INC-1/timeline.md", "/incidents/INC-1/seal/"):
        assert client_as(viewer).get(path).status_code == 404
        assert client_as(responder).get(path).status_code == 200
    assert list(AuditEvent.objects.filter(act="incident.export").order_by("pk").values_list("actor", "object")) == [
        ("responder", "INC-1 md")
    ]


# --- files ------------------------------------------------------------------------------------------------------------


def test_markdown_tells_the_story_with_the_words_that_count(client_as, viewer, story):
    answer = client_as(viewer).get("/incidents/INC-1/timeline.md")

    assert answer["Content-Disposition"] == 'attachment; filename="INC-1-timeline.md"'
    text = body(answer)
    assert text.startswith("# INC-1: EU card payments failing\n")
    assert "  > Provider A is down\n  - Corrected 2026-11-21 03:15 UTC by publisher: Wrong letter" in text
    assert "  > Provider B" not in text
    assert "written 2026-11-21 03:14 UTC" in text
    assert "  - Words removed 2026-11-21 03:16 UTC by publisher: A name in it" in text


def test_every_line_of_json_can_be_verified_by_its_reader(client_as, viewer, story):
    seal_everything()

    head, *rows = map(json.loads, body(client_as(viewer).get("/incidents/INC-1/timeline.jsonl")).splitlines())

    assert (head["schema"], head["incident"]) == ("opsportal.timeline/1", "INC-1")
    assert len(rows) == TimelineEvent.objects.count()
    for row in rows:
        seal = row["seal"]
        linked = f"{seal['previous']}:{seal['seq']}:{seal['row']}"
        assert hashlib.sha256(linked.encode()).hexdigest() == seal["digest"]
        assert json.loads(seal["row"])[1] == row["row"]
        if row["text_digest"] and not row["words_removed_at"]:
            assert hashlib.sha256((row["salt"] + row["text_as_written"]).encode()).hexdigest() == row["text_digest"]
    assert head["head"] == {
        "seq": rows[-1]["seal"]["seq"],
        "row": rows[-1]["row"],
        "digest": rows[-1]["seal"]["digest"],
    }
    corrected = next(row for row in rows if row["row"] == story[0].pk)
    assert (corrected["text"], corrected["text_as_written"]) == ("Provider A is down", "Provider B is down")


def test_a_spreadsheet_runs_no_cell(client_as, viewer, story):
    table = list(csv.DictReader(io.StringIO(body(client_as(viewer).get("/incidents/INC-1/timeline.csv")))))

    decision = next(row for row in table if row["kind"] == "decision")
    assert decision["text"] == "'=Fail over"
    assert len(table) == TimelineEvent.objects.count()


def test_what_an_old_rule_let_in_does_not_leave(client_as, viewer, incident):
    silent = incident.timeline.get(kind="role")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO incidents_timelinetext VALUES (%s, 'salt', %s)", [silent.pk, SECRET])

    files = [body(client_as(viewer).get(f"/incidents/INC-1/timeline.{form}")) for form in ("md", "jsonl", "csv")]

    assert "hunter2" not in "".join(files)
    assert "[removed: database connection string]" in files[1]


def test_there_is_no_other_kind_of_file(client_as, viewer, incident):
    assert client_as(viewer).get("/incidents/INC-1/timeline.exe").status_code == 404


# --- the badge --------------------------------------------------------------------------------------------------------


def badge(client: Any) -> str:
    return body(client.get("/incidents/INC-1/seal/", headers=HTMX))


def test_the_badge_counts_what_waits_then_says_sealed_and_when_verified(client_as, viewer, note):
    client = client_as(viewer)

    assert "3 not yet sealed" in badge(client)
    seal_everything()
    assert "Sealed, not verified yet" in badge(client)
    call_command("timeline_verify", stdout=io.StringIO(), stderr=io.StringIO())
    assert "Sealed, verified" in badge(client)


@pytest.mark.django_db(transaction=True)
def test_a_broken_chain_is_red(client_as, viewer, responder, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    open_incident(responder)
    seal_everything()
    event = TimelineEvent.objects.order_by("id")[0]
    with psycopg.connect(engines.current().owner_url(), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE incidents_timelineevent SET new = 'SEV-3' WHERE id = %s", [event.pk])
    with pytest.raises(SystemExit):
        call_command("timeline_verify", stdout=io.StringIO(), stderr=io.StringIO())

    page = body(client_as(viewer).get("/incidents/INC-1/seal/"))

    assert f"Seal broken at row {event.pk}" in page
    assert "state--fail" in page
