"""The report's screens: saved by itself and by a button, both texts after a conflict, roles, exports, costs."""

from pathlib import Path

import pytest

from incidents.follow_ups import actions as follow_ups
from incidents.postmortems import actions, fields
from incidents.postmortems.models import Postmortem
from incidents.response import actions as response
from incidents.response.models import TimelineEvent
from opsportal.models import User
from opsportal.roles import Role
from tests.incidents.cast import AT, SECRET, cost, minutes
from tests.incidents.postmortems.conftest import TEXTS, over, written

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
URL = "/incidents/INC-1/postmortem/"
SAVE = f"{URL}save/"
GOLDEN = Path(__file__).parent / "golden"


def typed(report: Postmortem, **changes: str) -> dict[str, str]:
    """What the browser sends: all texts, and the marks of those it got."""
    texts = {name: report.text_of(name) for name in (one.name for one in fields.TEXTS)}
    return texts | {f"seen-{name}": mark for name, mark in report.marks.items()} | changes


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["button", "by itself"])
def test_saving_keeps_the_words(client_as, responder, report, headers):
    answer = client_as(responder).post(SAVE, typed(report, went_well="The runbook"), headers=headers)

    assert Postmortem.objects.get().went_well == "The runbook"
    if headers:
        page = answer.content.decode()
        assert f'name="seen-went_well" value="{fields.mark("The runbook")}"' in page
        assert "6 of 8" in page
        assert "<textarea" not in page  # what somebody types in is never swapped
    else:
        assert answer.status_code == 302


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["button", "by itself"])
def test_a_conflict_answers_409_with_both_texts_and_replacing_is_knowing(
    client_as, responder, publisher, report, headers
):
    mine = typed(report, summary="Mine", went_well="Also mine")
    actions.save(report, {"summary": "Theirs"}, seen=report.marks, by=publisher, at=minutes(52))
    client = client_as(responder)

    for _ in range(2):  # going on to type does not replace it
        answer = client.post(SAVE, mine, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert ">Theirs</blockquote>" in page
        assert Postmortem.objects.get().summary == "Theirs"
    version = Postmortem.objects.get().version
    assert f'name="over" value="{version}"' in page
    if not headers:
        assert "Mine</textarea>" in page

    client.post(SAVE, mine | {"over": str(version)}, headers=headers)
    stored = Postmortem.objects.get()
    assert (stored.summary, stored.went_well) == ("Mine", "Also mine")


def test_a_field_that_only_the_other_changed_is_kept_and_said(client_as, responder, publisher, report):
    mine = typed(report, went_well="The runbook")
    actions.save(report, {"summary": "Theirs"}, seen=report.marks, by=publisher, at=minutes(52))

    page = client_as(responder).post(SAVE, mine, headers=HTMX).content.decode()

    assert "Somebody else changed summary and customer impact" in page
    assert Postmortem.objects.get().summary == "Theirs"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["button", "by itself"])
def test_a_secret_comes_back_taken_out_and_nothing_is_saved(client_as, responder, report, headers):
    answer = client_as(responder).post(SAVE, typed(report, root_cause=f"It said {SECRET}"), headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "It said [removed: database connection string]" in page
    assert SECRET not in page
    assert Postmortem.objects.get().root_cause == TEXTS["root_cause"]


def test_asking_for_review_saves_and_names_what_is_missing(client_as, responder, report):
    words = typed(report, prevention="", went_well="The runbook") | {"then": "review"}

    answer = client_as(responder).post(SAVE, words)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The review cannot start without: preventative actions." in page
    assert Postmortem.objects.get().went_well == "The runbook"


def test_what_was_typed_is_shown_again_when_the_review_began_meanwhile(client_as, responder, publisher, report):
    mine = typed(report, summary="Late words")
    actions.ask_review(report, by=publisher, at=minutes(60))

    answer = client_as(responder).post(SAVE, mine)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Late words</textarea>" in page
    assert "Take it back to a draft" in page


def test_from_the_review_to_the_public_summary(client_as, responder, publisher, report):
    reader = User.objects.add("second-reader", Role.RESPONDER)
    assert client_as(responder).post(SAVE, typed(report) | {"then": "review"}).status_code == 302
    assert "Sign as second reader" not in client_as(responder).get(URL).content.decode()
    assert client_as(responder).post(f"{URL}sign/").status_code == 422

    page = client_as(reader).get(URL).content.decode()
    assert "Sign as second reader" in page
    assert "<textarea" not in page
    assert client_as(reader).post(f"{URL}sign/", follow=True).redirect_chain == [(URL, 302)]

    assert client_as(responder).post(f"{URL}publish/", {"summary": "All"}).status_code == 403
    refused = client_as(publisher).post(f"{URL}publish/", {"summary": "Ask ann.smith@customer.com"})
    assert refused.status_code == 422
    assert "Ask [removed:" in refused.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_lines_are_added_left_out_and_brought_back(client_as, responder, report, headers):
    client = client_as(responder)
    memory = {"occurred_at": "2026-11-21T03:19", "text": "The provider was phoned"}
    client.post(f"{URL}lines/", memory, headers=headers)
    line = report.lines.order_by("id")[0]
    client.post(f"{URL}lines/{line.pk}/remove/", headers=headers)
    assert report.lines.count() == 5

    client.post(f"{URL}lines/all/", headers=headers)

    page = client.get(URL).content.decode()
    assert "5 with proof" in page
    assert "1 from memory" in page
    wrong = client.post(f"{URL}lines/", {"text": SECRET}, headers=headers)
    assert wrong.status_code == 422
    assert SECRET not in wrong.content.decode()


def test_every_line_leads_to_its_event(client_as, viewer, report, ended):
    page = client_as(viewer).get(URL).content.decode()

    for event in TimelineEvent.objects.filter(incident=ended, kind="status"):
        assert f'href="/incidents/INC-1/#event-{event.pk}"' in page


def test_before_there_is_a_report_a_responder_may_begin_it(client_as, responder, viewer):
    over(responder, severity="SEV-3")

    assert "Begin the report" not in client_as(viewer).get(URL).content.decode()
    assert "Begin the report" in client_as(responder).get(URL).content.decode()
    assert client_as(responder).post(f"{URL}begin/").status_code == 302
    assert Postmortem.objects.count() == 1


def test_a_report_and_its_clock_are_waived_by_the_usual_dialog(client_as, responder, report):
    client = client_as(responder)

    client.post("/incidents/INC-1/waive/postmortem/", {"reason": "The same as INC-0"})

    page = client.get(URL).content.decode()
    assert "Waived" in page
    assert "The same as INC-0" in page


def test_the_count_of_what_is_due_stands_beside_the_navigation(client_as, responder, report):
    page = client_as(responder).get("/").content.decode()

    assert '<span class="slot count-incidents-postmortems"><span class="count">1<span class="vh"> due</span>' in page


# --- exports --------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(report, ended, responder) -> Postmortem:
    actions.add_line(report, occurred_at=minutes(7), text="The provider was phoned", by=responder, at=minutes(52))
    plan = follow_ups.Plan("Watch the edge", "preventative", "@be-lead", minutes(60 * 24 * 14).date())
    one = follow_ups.add(ended, plan, by=responder, at=AT)
    proof, retest = "/checks/api-health/", minutes(60 * 24 * 30).date()
    follow_ups.finish(one, proof=proof, retest_on=retest, by=responder, at=minutes(53))
    return actions.ask_review(report, by=responder, at=minutes(60))


def golden(name: str, text: str, full: Postmortem) -> tuple[str, str]:
    """(what it is, what it should be), with the numbers of rows taken out: they differ from run to run."""
    for place, line in enumerate(full.lines.exclude(event=None).order_by("occurred_at", "event_id"), start=1):
        text = text.replace(f"#event-{line.event_id})", f"#event-{place})").replace(
            f"<td>Event {line.event_id}</td>", f"<td>Event {place}</td>"
        )
    text = text.replace(f"FU-{full.incident.follow_ups.get().pk} ", "FU-1 ")
    return text, (GOLDEN / name).read_text()


def test_the_markdown_is_what_it_always_was(client_as, viewer, full, settings):
    settings.BASE_URL = "https://ops.example.com"

    answer = client_as(viewer).get(f"{URL}markdown/")

    assert answer["Content-Disposition"] == 'attachment; filename="INC-1-postmortem.md"'
    is_now, was = golden("INC-1-postmortem.md", answer.content.decode(), full)
    assert is_now == was


def test_the_printed_page_is_what_it_always_was(client_as, viewer, full):
    page = client_as(viewer).get(f"{URL}print/").content.decode()

    is_now, was = golden("INC-1-postmortem.html", page[page.index("<main>") : page.index("</main>") + 7] + "\n", full)
    assert is_now == was
    assert "<script" not in page


# --- costs ----------------------------------------------------------------------------------------------------------


def test_the_screens_cost_the_same_however_much_there_is(client_as, responder, report, ended):
    client = client_as(responder)
    paths = ("/postmortems/", URL, f"{URL}print/", f"{URL}markdown/")

    few = [cost(client, path) for path in paths]
    for number in range(3):
        written(over(responder, title=f"More {number}"), responder)
        actions.add_line(report, occurred_at=minutes(number), text="From memory", by=responder, at=minutes(52))
        response.post_note(ended, text=f"Note {number}", by=responder, at=minutes(45))
    many = [cost(client, path) for path in paths]

    assert few == many == [5, 8, 6, 6]  # paper and file have no frame, whose cost is taken off
