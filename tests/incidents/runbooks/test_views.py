"""The screens: what each role sees, conflicts with both texts, the incident's slot, search and palette."""

import html
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incidents.alerts import advice
from incidents.response import checklist, closing
from incidents.response.models import ChecklistStep, Incident, TimelineEvent
from incidents.runbooks import actions, bundle
from incidents.runbooks.models import Runbook, RunbookUse
from incidents.search import queries as search
from opsportal.errors import Refused
from tests.incidents.cast import AT, SECRET, cost, domain, fire, minutes, open_incident
from tests.incidents.runbooks.cast import BODY, draft, written

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def page(client: Any, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer
    return html.unescape(answer.content.decode())


def typed(**changes: Any) -> dict[str, Any]:
    words = {"title": "The gate is shut", "domain": "payments", "tokens": "gate_shut", "owner": "@be-lead"}
    return words | {"body": BODY, "note": "", "version": "1"} | changes


def test_a_page_shows_steps_commands_and_expected_lines_as_words(client_as, viewer, responder):
    written(responder, body=f"{BODY}\n\n   <script>alert(1)</script> [x](/runbooks/gone/)")

    raw = client_as(viewer).get("/runbooks/gate/").content.decode()

    assert '<li id="step-1">' in raw
    assert "<h3><strong>Ask the gate</strong></h3>" in raw
    assert '<div class="cmd"><code>bin/manage doctor</code>' in raw
    assert "<code>doctor status=ok</code>" in raw
    assert "<script>alert" not in raw
    assert "1 dead link" in raw
    assert "Edit" not in raw
    assert "Verified today" not in raw


def test_the_list_is_filtered_by_the_address(client_as, viewer, responder):
    actions.verify(written(responder), seen=1, by=responder, at=AT)
    client = client_as(viewer)

    assert "The gate is shut" in page(client, "/runbooks/?domain=payments")
    assert "The gate is shut" not in page(client, "/runbooks/?domain=backend")
    assert "The gate is shut" not in page(client, "/runbooks/?domain=house")
    assert "Nothing here" in page(client, "/runbooks/?show=retired")
    assert page(client, "/runbooks/").count(">All domains</option>") == 1
    assert page(client, "/runbooks/").count(">No single domain</option>") == 1
    assert "Never verified" in page(client, "/runbooks/?show=stale&domain=backend")
    assert "<html" not in page(client, "/runbooks/?domain=payments", **PART)


def test_the_list_costs_seven_queries_however_many_there_are(client_as, viewer):
    assert cost(client_as(viewer), "/runbooks/") == 7


@pytest.mark.parametrize("part", ["", "uses/", "history/"])
def test_a_page_costs_the_same_after_many_uses_and_versions(client_as, responder, part):
    runbook, client = written(responder), client_as(responder)
    address = f"/runbooks/gate/{part}"
    actions.record_use(runbook, result="worked", note="", by=responder, at=AT)
    short = cost(client, address)

    for number in range(1, 5):
        actions.change(runbook, draft(title=f"Gate {number}"), seen=number, note="", by=responder, at=AT)
        actions.record_use(runbook, result="worked", note="", by=responder, at=minutes(number))

    assert cost(client, address) == short


def test_a_new_one_is_written_and_dead_links_are_named(client_as, responder):
    client = client_as(responder)

    answer = client.post("/runbooks/new/", typed(slug="gate", body="1. [Go](/runbooks/gone/)"), follow=True)

    text = html.unescape(answer.content.decode())
    assert answer.redirect_chain == [("/runbooks/gate/", 302)]
    assert "These links lead nowhere: /runbooks/gone/." in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slug": "cdn-outage"}, "There is a runbook at this address already"),
        ({"slug": "CDN-outage"}, "Small letters, digits and single dashes."),
        ({"tokens": "B A D!"}, "small letters, digits and _."),
        ({"owner": "nobody"}, "A handle begins with @"),
        ({"body": f"1. {SECRET}"}, "we took 1 thing out"),
        ({"body": ""}, "Write what has to be done."),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(client_as, responder, changes, words):
    answer = client_as(responder).post("/runbooks/new/", typed(slug="gate") | changes)

    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert words in text
    assert "The gate is shut" in text
    assert "hunter2" not in text


def test_a_conflict_shows_both_texts_and_saving_again_replaces_knowingly(client_as, responder, admin):
    runbook = written(responder)
    theirs, mine = BODY.replace("Wait", "Wait a bit"), BODY.replace("Wait", "Do not wait")
    actions.change(runbook, draft(body=theirs), seen=1, note="Patience", by=admin, at=AT)
    client = client_as(responder)

    answer = client.post("/runbooks/gate/edit/", typed(body=mine))

    text = html.unescape(answer.content.decode())
    assert answer.status_code == 409
    for words in ("Stored now: version 2 by admin", "Patience", "2. Wait a bit", "2. Do not wait"):
        assert words in text
    assert '<input type="hidden" name="version" value="2">' in text
    assert client.post("/runbooks/gate/edit/", typed(body=mine, version="2")).status_code == 302
    assert Runbook.objects.get(slug="gate").body == mine


def test_a_version_shows_what_it_changed(client_as, viewer, responder):
    actions.change(written(responder), draft(title="Shut"), seen=1, note="Shorter", by=responder, at=AT)
    client = client_as(viewer)

    raw = page(client, "/runbooks/gate/history/2/")

    assert '<span class="vh">Removed: </span>title: The gate is shut' in raw
    assert '<span class="vh">Added: </span>title: Shut' in raw
    assert "Shorter" in page(client, "/runbooks/gate/history/")
    assert client.get("/runbooks/gate/history/3/").status_code == 404


def test_a_use_is_written_down_and_its_words_are_for_responders(client_as, viewer, responder):
    written(responder)
    client = client_as(responder)
    assert 'value="INC-7"' in page(client, "/runbooks/gate/?for=INC-7")

    wrong = client.post("/runbooks/gate/use/", {"result": "not", "note": "", "subject": "INC-7"})
    bad = client.post("/runbooks/gate/use/", {"result": "worked", "note": "", "subject": "7"})
    client.post("/runbooks/gate/use/", {"result": "partly", "note": "Step 2 is gone", "subject": "INC-7"})

    assert (wrong.status_code, bad.status_code) == (422, 422)
    assert RunbookUse.objects.get().result == "partly"
    assert "Step 2 is gone" in page(client, "/runbooks/gate/")
    for path in ("/runbooks/gate/", "/runbooks/gate/uses/"):
        text = page(client_as(viewer), path)
        assert "Partly" in text
        assert "Step 2 is gone" not in text
        assert "INC-7" not in text


def test_verified_retired_and_back_by_buttons(client_as, responder):
    written(responder)
    client = client_as(responder)

    assert "after you opened it" in client.post("/runbooks/gate/verify/", follow=True).content.decode()
    assert "Verified today." in client.post("/runbooks/gate/verify/", {"version": "1"}, follow=True).content.decode()
    assert "Retire this runbook?" in page(client, "/runbooks/gate/retire/")
    client.post("/runbooks/gate/retire/")
    assert "Nobody is led here" in page(client, "/runbooks/gate/")
    refused = client.post("/runbooks/gate/verify/", {"version": "1"}, follow=True).content.decode()
    assert "Restore it before you verify it." in refused and ">Restore<" in refused
    client.post("/runbooks/gate/bring-back/")

    assert Runbook.objects.get(slug="gate").retired_at is None


def test_files_go_out_and_come_in(client_as, viewer, responder):
    written(responder)
    one = client_as(viewer).get("/runbooks/gate/markdown/")
    every = client_as(viewer).get("/runbooks/export.zip")
    assert one["Content-Disposition"] == 'attachment; filename="gate.md"'
    assert len(bundle.unpack("all.zip", every.content)) == Runbook.objects.count()
    client = client_as(responder)

    changed = SimpleUploadedFile("gate.md", one.content.replace(b"The gate is shut", b"Shut"))
    shown = client.post("/runbooks/import/", {"file": changed}).content.decode()
    assert "0 added, 1 changed, 0 left as they are. Nothing has been stored yet." in shown
    changed.seek(0)
    said = client.post("/runbooks/import/", {"file": changed, "act": "import"}, follow=True).content.decode()
    wrong = client.post("/runbooks/import/", {"file": SimpleUploadedFile("a.md", b"no head")})
    huge = client.post("/runbooks/import/", {"file": io.BytesIO(b"x" * 950_000)})

    assert "0 added, 1 changed, 0 left as they were." in said
    assert "It has to begin with a head" in wrong.content.decode()
    assert (wrong.status_code, huge.status_code) == (422, 422)


def test_a_file_is_refused_without_its_name_when_that_holds_a_secret(client_as, responder):
    file = SimpleUploadedFile("password=hunter2-long-9.md", b"---\ntitle: a\n---\n1. b")
    answer = client_as(responder).post("/runbooks/import/", {"file": file})

    assert answer.status_code == 422
    assert "small letters" in answer.content.decode()
    assert "hunter2" not in answer.content.decode()


def test_the_paper_has_every_step(client_as, viewer, responder):
    written(responder)

    text = page(client_as(viewer), "/runbooks/gate/print/")

    for words in ("1. Ask the gate", "$ bin/manage doctor", "doctor status=ok", "3. Tell", "never"):
        assert words in text


# --- incidents and alerts ---------------------------------------------------------------------------------------------


def test_the_room_offers_what_answers_its_alerts_and_its_domain(client_as, viewer, responder):
    written(responder, domain=domain("frontend"))
    incident = fire(reason="gate_shut").room
    client = client_as(viewer)

    panel = page(client, f"/incidents/{incident.label}/runbooks/", **PART)

    assert f'href="/runbooks/gate/?for={incident.label}"' in panel
    assert "Answers gate_shut" in panel
    assert "Of Backend" in panel
    assert "into the checklist" not in panel
    assert 'id="runbooks-slot"' in page(client, f"/incidents/{incident.label}/")


@pytest.mark.parametrize("reason", ["Gate shut", "x" * 50, SECRET, "gate-shut", ""])
def test_a_reason_that_is_no_token_is_not_kept(reason):
    assert fire(reason=reason).reason == ""


def test_an_alert_names_its_runbook(client_as, viewer, responder):
    written(responder)
    fire(title="prod_config status=fail reason=gate_shut")

    assert "/runbooks/gate/?for=INC-" in page(client_as(viewer), "/alerts/")


def test_steps_come_into_the_checklist_once_as_optional_ones(client_as, responder):
    runbook, incident = written(responder), open_incident(responder)
    before = incident.checklist.count()
    client = client_as(responder)
    path = f"/incidents/{incident.label}/runbooks/gate/take/"
    assert "3. Tell" in page(client, path)

    answer = client.post(path, {"phase": "recover", "steps": ["1", "3"]})
    again = client.post(path, {"phase": "triage", "steps": ["1"]})
    none = client.post(path, {"phase": "triage"})

    assert answer["Location"] == f"{incident.get_absolute_url()}#checklist"
    assert (again.status_code, none.status_code) == (422, 422)
    came = incident.checklist.filter(position__gte=before).order_by("position")
    assert [(one.text, one.link, one.command, one.phase, one.is_mandatory) for one in came] == [
        ("Ask the gate", "/runbooks/gate/#step-1", "bin/manage doctor", "recover", False),
        ("Tell", "/runbooks/gate/#step-3", "", "recover", False),
    ]
    event = TimelineEvent.objects.get(kind="checklist")
    assert (event.new, event.text.body) == ("added", f"{runbook.title}\nAsk the gate\nTell")


def test_a_closed_incident_takes_no_steps(responder):
    runbook, incident = written(responder), open_incident(responder, mode=Incident.Mode.TEST)
    Incident.objects.filter(pk=incident.pk).update(closed_at=minutes(1))

    with pytest.raises(Refused, match="closed"):
        advice.take_steps(incident, runbook, numbers={1}, phase="triage", by=responder, at=minutes(2))


def test_a_checklist_has_an_end(responder):
    incident = open_incident(responder)
    many = [checklist.Addition(f"Step {one}") for one in range(checklist.MOST_STEPS)]

    with pytest.raises(Refused, match="at most"):
        checklist.add(incident, many, phase="triage", source="Long", by=responder, at=minutes(1))

    assert ChecklistStep.objects.filter(incident=incident, text__startswith="Step ").count() == 0


def test_optional_steps_do_not_keep_an_incident_from_closing(responder):
    runbook, incident = written(responder), open_incident(responder)
    before = closing.missing(incident)

    advice.take_steps(incident, runbook, numbers={1}, phase="triage", by=responder, at=minutes(1))

    assert closing.missing(incident) == before


# --- search -----------------------------------------------------------------------------------------------------------


def test_search_finds_a_runbook_by_title_token_and_text(responder):
    runbook = written(responder, body=f"{BODY}\n\n4. Feed the quagga")
    text = written(responder, "other", title="Other", tokens=(), body="1. When the gate is shut, wait")

    assert [one.runbook for one in search.search("gate shut", responder).runbooks] == [runbook, text]
    assert search.search("gate_shut", responder).runbooks[0].runbook == runbook
    (hit,) = search.search("quaggas", responder).runbooks
    assert search.Piece("quagga", is_hit=True) in hit.pieces


def test_the_palette_and_the_form_that_declares_show_runbooks(client_as, responder):
    written(responder, title="Zebra crossing shut")
    client = client_as(responder)

    assert 'href="/runbooks/gate/"' in page(client, "/search/top/?q=zebra", **PART)
    assert 'href="/runbooks/gate/"' in page(client, "/search/?q=zebra")
    assert 'href="/runbooks/gate/"' in page(client, "/incidents/new/?title=Zebra+trouble", **PART)
