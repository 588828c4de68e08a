"""A SEV-1 from its alert to its closing with a reviewed report, over the pages, in a real browser."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from incidents import reactions
from incidents.postmortems import actions as postmortems
from incidents.postmortems.models import Postmortem
from incidents.response import actions, checklist, closing, duties
from incidents.response.models import ChecklistTemplateStep, Incident, Reaction
from incidents.statuspage import actions as statuspage
from opsportal.models import User
from tests.browser.application import Server, enter
from tests.incidents.cast import domain
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXTS = {"summary": "Half of all", "root_cause": "A certificate", "mitigation": "Renewed", "prevention": "A check"}


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


def publish(incident: Incident, status: str, by: User) -> None:
    draft = statuspage.save_draft(
        incident,
        title="Checkout fails",
        status=status,
        body="Some payments failed.",
        next_update_at=None if status == "resolved" else now() + timedelta(minutes=90),
        components={},
        by=by,
        at=now(),
    )
    statuspage.publish(draft, by=by, at=now())


def sign(incident: Incident, writer: User, reader: User) -> None:
    """The report has a story of its own in tests/browser/test_postmortems.py."""
    report = Postmortem.objects.get(incident=incident)
    report = postmortems.save(report, TEXTS, seen=report.marks, by=writer, at=now()).postmortem
    postmortems.review(postmortems.ask_review(report, by=writer, at=now()), by=reader, at=now())


def settle_checklist(page: Page) -> None:
    """One step does not apply, the others are ticked; the next phase opens by itself."""
    for position in range(12):
        step = page.locator(f"#step-{position}")
        expect(step).to_be_visible()
        if position != 2:
            step.get_by_role("checkbox").click()
            expect(step).to_contain_text("responder,")
            continue
        step.get_by_role("link", name=re.compile("Not applicable")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Why it does not apply here").fill("Nothing was rolled out")
        dialog.get_by_role("button", name="It does not apply").click()
        expect(step).to_contain_text("Nothing was rolled out")


def test_a_sev_1_from_its_alert_to_its_closing(visit, responder, publisher, admin):
    ChecklistTemplateStep.objects.filter(position=0).update(command="bin/manage doctor")
    incident = actions.open_from_alert(title="Checkout fails", severity="SEV-1", domain=domain(), at=now())
    page = visit(responder, "/")
    expect(page.locator("#night")).to_contain_text("Next: INC-1, Nobody has it yet")

    page.locator("#night").get_by_role("button", name="Acknowledge").click()
    head = page.locator("#room-head")
    expect(head).to_contain_text("Next: Tell readers for the first time")
    expect(page).to_have_title(re.compile(r"^14:\d\d first public update, INC-1 Checkout fails"))
    expect(page.locator("#step-0").get_by_role("button", name="Copy command")).to_be_visible()
    assert axe(page) == []

    publish(incident, "investigating", publisher)
    actions.change_status(incident, to="resolved", note="Renewed", by=responder, at=now())
    run_worker()
    page.reload()
    expect(head).to_contain_text("Next: Check that it stays recovered")

    head.get_by_role("link", name="Close…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 things to do before INC-1 is closed")
    assert axe(page) == []
    dialog.get_by_role("link", name="Verify").click()
    dialog.get_by_label("What you checked").fill("Error share 0.2 % for half an hour")
    dialog.get_by_role("button", name="Recovery verified").click()
    expect(page.locator("#timeline")).to_contain_text("verified the recovery")

    page.reload()
    settle_checklist(page)
    publish(incident, "resolved", publisher)
    sign(incident, responder, admin)
    page.reload()
    expect(head).to_contain_text("Next: Everything is done")
    expect(page).to_have_title(re.compile("^INC-1 Checkout fails"))
    head.get_by_role("link", name="Close for INC-1").click()
    dialog.get_by_role("button", name="Close INC-1").click()

    expect(head).to_contain_text("Closed")
    expect(page.locator("#timeline")).to_contain_text("closed the incident")
    assert Incident.objects.get().closed_by == responder


def ready_to_close(by: User) -> Incident:
    """A SEV-1 that nobody outside noticed, resolved, with its steps, its proof, and no need of a report."""
    incident = actions.declare(title="Checkout fails", severity="SEV-1", domain=domain(), by=by, at=now())
    duties.say_no_public_impact(incident, reason="Staff only", by=by, at=now())
    actions.change_status(incident, to="resolved", note="Renewed", by=by, at=now())
    for step in filter(closing.is_in_the_way, incident.checklist.order_by("position")):
        checklist.tick(step, by=by, at=now())
    duties.verify_recovery(incident, note="Error share 0.2 %", by=by, at=now())
    actions.waive(incident, kind="postmortem", reason="Known since June", by=by, at=now())
    return incident


def test_what_was_closed_and_comes_back_is_reopened_with_its_clock_and_shuts_the_gate(visit, responder):
    incident = ready_to_close(responder)
    page = visit(responder, incident.get_absolute_url())
    head, dialog, box = page.locator("#room-head"), page.get_by_role("dialog"), page.locator("#compose")
    stands = head.locator(".steps [aria-current]")
    head.get_by_role("link", name="Close for INC-1").click()
    dialog.get_by_role("button", name="Close INC-1").click()
    expect(stands).to_have_text(["Resolved", "Closed"])

    box.get_by_label("Status after this update").select_option("Reopen as Investigating")
    box.get_by_role("button", name="Post to team").click()
    expect(box).to_contain_text("Write what changed before you post.")
    assert Incident.objects.get().is_closed

    box.get_by_label("Update text").fill("It fails again")
    box.get_by_role("button", name="Post to team").click()
    expect(stands).to_have_text(["Investigating"])
    expect(page).to_have_title(re.compile(r"^14:\d\d first public update, INC-1 Checkout fails"))
    expect(page.locator("#timeline")).to_contain_text("It fails again")

    head.get_by_role("link", name="Resolve…").click()
    dialog.get_by_role("button", name="Resolve INC-1").click()
    head.get_by_role("link", name="Close…").click()
    expect(dialog).to_contain_text("2 things to do before INC-1 is closed")
    expect(dialog).to_contain_text("Nobody has verified the recovery.")
    expect(dialog).to_contain_text("The post-mortem is not reviewed.")
    expect(dialog.get_by_role("button", name="Close INC-1")).to_have_count(0)


def test_closing_without_javascript_names_what_is_missing(visit, responder):
    incident = actions.declare(
        title="Export empty", summary="", severity="SEV-3", domain=domain(), by=responder, at=now()
    )
    actions.change_status(incident, to="resolved", note="Over", by=responder, at=now())
    page = visit(responder, incident.get_absolute_url(), java_script_enabled=False)

    page.locator("#room-head").get_by_role("link", name="Close…").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Close INC-1")
    expect(page.locator("main")).to_contain_text("8 mandatory steps are open.")
    expect(page.get_by_role("button", name="Close INC-1")).to_have_count(0)


def test_an_admin_edits_the_rules(visit, admin):
    page = visit(admin, "/settings/response/")
    assert axe(page) == []

    page.get_by_role("link", name="Change SEV-1").click()
    page.get_by_label("First public update within").fill("10")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("The periods of SEV-1 hold from the next clock on.")

    page.get_by_role("link", name="Add a step").click()
    page.get_by_label("What has to be done").fill("Ask the provider")
    page.get_by_label("Mandatory for").select_option("SEV-1 alone")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("Ask the provider")
    page.get_by_role("button", name="Up Ask the provider").click()
    page.get_by_role("link", name="Ask the provider").click()
    assert axe(page) == []
    page.get_by_role("button", name="Take this step out").click()
    expect(page.locator("main")).not_to_contain_text("Ask the provider")
