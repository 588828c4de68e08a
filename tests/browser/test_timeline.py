"""Correct a row, remove words, pin, search and take the timeline away, in a real browser."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from incidents.response import actions, corrections
from incidents.response.models import Incident, TimelineText
from opsportal.models import User
from opsportal.seals.actions import seal_everything
from tests.browser.application import Server, enter
from tests.incidents.cast import domain
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def visit(server: Server, new_context: Callable[..., BrowserContext], violations: list[str]) -> Any:
    """Open a page as somebody; the options are the browser's."""

    def open_page(person: User, path: str, **options: Any) -> Page:
        page = new_context(base_url=server.url, **options).new_page()
        enter(page, server, person, path)
        return page

    yield open_page
    assert violations == []


@pytest.fixture
def incident(responder: User) -> Incident:
    one = actions.declare(title="Cards fail", summary="", severity="SEV-2", domain=domain(), by=responder, at=now())
    actions.post_note(one, text="Ann from Graz wrote in", by=responder, at=now())
    actions.post_note(one, text="Provider B is down", by=responder, at=now())
    return one


def row(page: Page, words: str) -> Any:
    return page.locator("ol.tl").last.get_by_role("listitem").filter(has_text=words)


def test_two_corrections_at_once_show_both_in_the_dialog_and_so_does_a_refusal(visit, responder, publisher, incident):
    page = visit(responder, incident.get_absolute_url())
    dialog = page.get_by_role("dialog")
    row(page, "Provider B").get_by_role("link", name="More about the row").click()
    dialog.get_by_role("link", name="Correct").click()
    dialog.get_by_label("What should stand there").fill("Provider A is down")
    dialog.get_by_label("What was wrong").fill("Wrong letter")
    event = incident.timeline.get(text__body__contains="Provider B")
    corrections.correct(event, text="Provider C is down", reason="Mine", seen=0, by=publisher, at=now())

    dialog.get_by_role("button", name="Correct").click()
    expect(dialog).to_contain_text("Provider C is down")
    expect(dialog.get_by_label("What should stand there")).to_have_value("Provider A is down")

    User.objects.filter(pk=responder.pk).update(role="viewer")
    dialog.get_by_role("button", name="Correct").click()
    expect(dialog.get_by_role("alert").filter(has_text="Your role does not allow this")).to_be_visible()
    expect(dialog.get_by_label("What should stand there")).to_have_value("Provider A is down")
    assert axe(page) == []


def test_correct_remove_and_take_away(visit, responder, incident):
    page = visit(responder, incident.get_absolute_url())
    dialog = page.get_by_role("dialog")

    row(page, "Provider B").get_by_role("link", name="More about the row").click()
    expect(dialog.get_by_role("heading", level=2)).to_contain_text("Row of")
    assert axe(page) == []
    dialog.get_by_role("link", name="Correct").click()
    dialog.get_by_label("What should stand there").fill("Provider A is down")
    dialog.get_by_label("What was wrong").fill("Wrong letter")
    assert axe(page) == []
    dialog.get_by_role("button", name="Correct").click()

    expect(page.get_by_role("status")).to_contain_text("Corrected")
    corrected = row(page, "Provider B is down")
    expect(corrected.locator("s")).to_contain_text("Provider B is down")
    expect(corrected).to_contain_text("Provider A is down")

    row(page, "Ann from Graz").get_by_role("link", name="More about the row").click()
    dialog.get_by_role("link", name="Remove the words").click()
    dialog.get_by_label("Why").fill("A name")
    dialog.get_by_role("button", name="Remove the words").click()

    expect(page.get_by_text("Words removed at").first).to_be_visible()
    expect(page.get_by_text("Ann from Graz")).to_have_count(0)
    assert not TimelineText.objects.filter(body__contains="Graz").exists()

    seal_everything()
    with page.expect_download() as file:
        page.get_by_role("link", name="JSON Lines").click()
    head, *facts = map(json.loads, file.value.path().read_text().splitlines())
    assert file.value.suggested_filename == "INC-1-timeline.jsonl"
    assert (head["incident"], len(facts)) == ("INC-1", incident.timeline.count())
    assert "Provider A is down" in [fact["text"] for fact in facts]
    assert "Graz" not in str(facts)
    page.reload()
    expect(page.locator("#seal-slot")).to_contain_text("Sealed")
    assert axe(page) == []


@pytest.mark.parametrize("options", [PHONE, {**PHONE, "java_script_enabled": False}], ids=["script", "no script"])
def test_a_decision_on_a_phone_is_looked_back_at(visit, responder, incident, options):
    page = visit(responder, incident.get_absolute_url() + "#compose", **options)

    page.get_by_label("Update text").fill("Fail over to provider A")
    page.get_by_label("Kind of row").select_option("Decision, look back in 15 min")
    page.get_by_role("button", name="Post to team").click()
    expect(row(page, "Fail over to provider A")).to_contain_text("Look back at")
    page.get_by_role("link", name="Did it work?").click()
    page.get_by_label("What you saw").fill("Errors are gone")
    page.get_by_role("button", name="It worked").click()

    expect(row(page, "Fail over to provider A").first).to_contain_text("It worked")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_pin_and_a_search_survive_the_poll_and_typed_words_stay(visit, responder, publisher, incident):
    page = visit(responder, incident.get_absolute_url())
    row(page, "Provider B").get_by_role("link", name="More about the row").click()
    page.get_by_role("dialog").get_by_role("button", name="Pin").click()
    expect(page.get_by_role("region", name="Pinned rows")).to_contain_text("Provider B")

    page.get_by_label("Words of this timeline").fill("graz")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?q=graz"))
    expect(row(page, "Ann from Graz")).to_be_visible()
    page.get_by_label("Words of this timeline").fill("half a wo")
    actions.post_note(incident, text="Another note from Graz", by=publisher, at=now())
    actions.post_note(incident, text="Nothing of the kind", by=publisher, at=now())

    expect(row(page, "Another note from Graz")).to_be_visible(timeout=9_000)
    expect(page.get_by_text("Nothing of the kind")).to_have_count(0)
    expect(page.get_by_label("Words of this timeline")).to_have_value("half a wo")
