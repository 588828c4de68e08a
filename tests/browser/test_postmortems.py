"""From the end of a SEV-1 to the printed report, and two people in the same field, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from incidents import reactions
from incidents.postmortems.models import Postmortem
from incidents.response import actions as response
from incidents.response.models import Incident, Reaction
from incidents.statuspage import actions as statuspage
from incidents.statuspage.models import StatusUpdate
from opsportal.models import User
from opsportal.roles import Role
from tests.browser.application import Server, enter
from tests.incidents.cast import SECRET, domain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URL = "/incidents/INC-1/postmortem/"


@pytest.fixture(autouse=True)
def _snapshot(tmp_path: Any, settings: Any) -> None:
    settings.SNAPSHOT_DIR = tmp_path


@pytest.fixture
def visit(server: Server, new_context: Callable[..., BrowserContext], violations: list[str]) -> Any:
    """Open a page as somebody; the options are the browser's."""

    def open_page(person: User, path: str, **options: Any) -> Page:
        page = new_context(base_url=server.url, **options).new_page()
        enter(page, server, person, path)
        return page

    yield open_page
    assert violations == []


def run_worker() -> None:
    """What a worker does with the bells that rang."""
    for event_id in list(Reaction.objects.filter(done_at=None).values_list("event_id", flat=True)):
        reactions.react(event_id, at=now())


def running(by: User, publisher: User) -> Incident:
    """A SEV-1 that readers were told about, identified."""
    incident = response.declare(
        title="Checkout fails", summary="Half of all", severity="SEV-1", domain=domain(), by=by, at=now()
    )
    response.change_status(incident, to="identified", note="A certificate expired", by=by, at=now())
    draft = statuspage.save_draft(
        incident, title="Checkout fails", status="resolved", body="It works again.", next_update_at=None,
        components={}, by=by, at=now(),
    )  # fmt: skip
    statuspage.publish(draft, by=publisher, at=now())
    return incident


def ended(by: User, publisher: User) -> Incident:
    incident = running(by, publisher)
    response.change_status(incident, to="resolved", note="Renewed by hand", by=by, at=now())
    run_worker()
    return incident


def test_from_the_end_of_a_sev_1_to_the_printed_report(visit, responder, publisher):
    incident = running(responder, publisher)
    page = visit(responder, incident.get_absolute_url())
    page.get_by_role("link", name="Resolve…").first.click()
    page.get_by_label("What ended it").fill("Renewed by hand")
    page.get_by_role("button", name="Resolve INC-1").click()
    expect(page.locator("#toasts")).to_contain_text("INC-1 is resolved")
    run_worker()

    page.reload()
    expect(page.locator("#room-head")).to_contain_text("Report due")
    page.get_by_role("link", name="Post-mortem", exact=True).click()
    expect(page.get_by_label("2. Root cause")).to_have_value("A certificate expired")
    missing = page.locator(".field", has=page.get_by_label("5. Preventative actions")).get_by_text("Still missing")
    expect(missing).to_be_visible()
    page.get_by_label("5. Preventative actions").press_sequentially("The check looks at the edge")
    expect(missing).to_be_hidden()
    expect(page.locator("#pm-saved")).to_contain_text("by responder", timeout=8000)
    expect(page.locator("#pm-head")).to_contain_text("5 of 8")
    expect(page.get_by_label("5. Preventative actions")).to_be_focused()
    page.get_by_role("button", name="Ask for review").click()
    expect(page.locator("#pm-head [aria-current]")).to_have_text("In review")
    expect(page.get_by_role("link", name="Sign as second reader…")).to_have_count(0)

    second = visit(User.objects.add("second", Role.RESPONDER), URL)
    second.get_by_role("link", name="Sign as second reader…").click()
    second.get_by_role("button", name="Sign", exact=True).click()
    expect(second.locator("#pm-head")).to_contain_text("Signed")

    third = visit(publisher, URL)
    third.get_by_role("link", name="Offer a public summary…").click()
    third.get_by_role("textbox", name="Public summary").fill("A certificate expired. We watch it now.")
    third.get_by_role("button", name="Offer it").click()
    expect(third.locator("#pm-head [aria-current]")).to_have_text("Published")
    run_worker()
    assert StatusUpdate.objects.get(state="draft").status == "postmortem"
    third.get_by_role("link", name="Look it over on the status page").click()
    expect(third.locator("#preview")).to_contain_text("A certificate expired. We watch it now.")

    third.goto(URL)
    third.get_by_role("link", name="Print").click()
    third.emulate_media(media="print")
    expect(third.get_by_role("heading", level=1)).to_have_text("Checkout fails")
    expect(third.get_by_text("Back to the report")).to_be_hidden()
    expect(third.get_by_text("The check looks at the edge")).to_be_visible()


def test_without_javascript_a_button_saves_and_a_dialog_is_a_page(visit, responder, publisher):
    ended(responder, publisher)
    page = visit(responder, URL, java_script_enabled=False)

    page.get_by_label("5. Preventative actions").fill("The check looks at the edge")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("5. Preventative actions")).to_have_value("The check looks at the edge")
    page.get_by_text("Add a line from memory").click()
    page.get_by_label("When (UTC)").fill("2026-11-20T03:19")
    page.get_by_label("What happened", exact=True).fill("The provider was phoned")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#pm-lines")).to_contain_text("1 from memory")
    page.get_by_role("button", name="Leave out the line of 03:19").click()
    expect(page.locator("#pm-lines")).not_to_contain_text("1 from memory")
    page.get_by_role("button", name="Ask for review").click()

    expect(page.locator("#pm-head [aria-current]")).to_have_text("In review")


def test_two_people_in_one_field_see_both_texts_and_nothing_typed_is_lost(visit, responder, publisher):
    ended(responder, publisher)
    mine, theirs = visit(responder, URL), visit(publisher, URL)

    theirs.get_by_label("2. Root cause").fill("Their cause")
    expect(theirs.locator("#pm-saved")).to_contain_text("by publisher", timeout=8000)
    mine.get_by_label("2. Root cause").fill("My cause")
    note = mine.get_by_role("alert").filter(has_text="somebody else changed the same field")
    expect(note).to_contain_text("Their cause", timeout=8000)
    expect(mine.get_by_label("2. Root cause")).to_have_value("My cause")
    assert Postmortem.objects.get().root_cause == "Their cause"

    note.get_by_role("button", name="Put mine in its place").click()
    expect(note).to_have_count(0)
    assert Postmortem.objects.get().root_cause == "My cause"


def test_a_secret_typed_into_the_report_is_taken_out_of_the_box(visit, responder, publisher):
    ended(responder, publisher)
    page = visit(responder, URL)

    page.get_by_label("2. Root cause").fill(f"It said {SECRET}")

    expect(page.get_by_label("2. Root cause")).to_have_value(re.compile(r"It said \[removed: "), timeout=8000)
    expect(page.get_by_role("alert").filter(has_text="Not saved yet")).to_be_focused()
    assert Postmortem.objects.get().root_cause == "A certificate expired"


def test_a_follow_up_is_added_in_a_dialog_and_stands_in_the_report(visit, responder, publisher):
    ended(responder, publisher)
    page = visit(responder, URL)

    page.get_by_role("link", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is to be done").fill("Watch the edge")
    dialog.get_by_role("button", name="Add").click()

    page.get_by_role("link", name="Watch the edge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Watch the edge")
    page.get_by_role("link", name="Done…").click()
    page.get_by_label("Proof").fill("https://example.com/change/404")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Say on which day you try whether it holds")
