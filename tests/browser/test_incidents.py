"""What people do in the room, in a real browser: with and without JavaScript, on a desk and on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from incidents.response import actions, checklist
from incidents.response.models import Incident
from opsportal.models import User
from tests.incidents.cast import SECRET, domain
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LogIn = Callable[[User], Client]
NewContext = Callable[..., BrowserContext]


@pytest.fixture
def visit(live_server: LiveServer, client_as: LogIn, new_context: NewContext, violations: list[str]) -> Any:
    """Open a page as somebody; the options are the browser's, such as `java_script_enabled=False`."""

    def open_page(person: User, path: str, **options: Any) -> Page:
        cookie = client_as(person).cookies[settings.SESSION_COOKIE_NAME].value
        context = new_context(base_url=live_server.url, **options)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    assert violations == []


def declared(by: User, **changes: Any) -> Incident:
    words: dict[str, Any] = {"title": "EU cards failing", "summary": "", "severity": "SEV-1", "domain": domain()}
    return actions.declare(**words | changes, by=by, at=now())


@pytest.mark.parametrize("options", [PHONE, {**PHONE, "java_script_enabled": False}], ids=["script", "no script"])
def test_declaring_on_a_phone(visit, responder, options):
    page = visit(responder, "/", **options)

    page.get_by_role("navigation", name="Quick").get_by_role("link", name="Declare").click()
    page.get_by_label("Title").fill("Checkout down")
    page.get_by_text("SEV-1 Critical").click()
    page.get_by_text("Payments", exact=True).click()
    page.get_by_role("button", name="Declare SEV-1").click()

    expect(page).to_have_url(re.compile(r"/incidents/INC-1/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout down")
    incident = Incident.objects.get()
    assert (incident.severity, incident.domain.slug, incident.declared_by) == ("SEV-1", "payments", responder)


def test_a_secret_on_the_form_takes_the_focus_and_the_text_stays(visit, responder):
    page = visit(responder, "/incidents/new/?title=Export&domain=backend")

    page.get_by_text("More:").click()
    page.get_by_label("What do you see?").fill(f"Failed twice\nsaid {SECRET}")
    page.get_by_role("button", name="Declare SEV-2").click()

    note = page.get_by_role("alert").filter(has_text="Not saved yet")
    expect(note).to_be_focused()
    expect(page.get_by_label("What do you see?")).to_have_value(
        "Failed twice\nsaid [removed: database connection string]"
    )
    page.get_by_role("button", name="Declare SEV-2").click()
    expect(page).to_have_url(re.compile(r"/incidents/INC-1/$"))
    assert "hunter2" not in Incident.objects.get().summary


def test_posting_an_update_shows_it_at_once_and_empties_the_box(visit, responder):
    page = visit(responder, declared(responder).get_absolute_url())
    box = page.get_by_label("Update text")

    box.fill("Moved to provider B")
    page.get_by_label("Status after this update").select_option("Move to Identified")
    box.press("Control+Enter")

    expect(page.locator("#timeline")).to_contain_text("Moved to provider B")
    expect(page.locator("#room-head .steps [aria-current]")).to_have_text("Identified")
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text("Posted to the team.")


def test_half_typed_text_and_open_details_survive_news_of_others(visit, responder, publisher):
    incident = declared(responder)
    page = visit(responder, incident.get_absolute_url())
    box = page.get_by_label("Update text")
    page.locator("#phase-2 summary").click()
    box.fill("Half a sen")

    actions.post_note(incident, text="Somebody else knows more", by=publisher, at=now())
    step = incident.checklist.get(position=0)
    checklist.tick(step, by=publisher, at=now())

    expect(page.locator("#timeline")).to_contain_text("Somebody else knows more", timeout=8000)
    expect(page.locator("#step-0 [role=checkbox]")).to_be_checked()
    expect(box).to_have_value("Half a sen")
    expect(box).to_be_focused()
    expect(page.locator("#phase-2")).to_have_attribute("open", "")

    checklist.untick(step, by=publisher, at=now())
    expect(page.locator("#step-0 [role=checkbox]")).not_to_be_checked(timeout=8000)


def test_the_end_of_a_session_takes_no_words_and_they_are_sent_after_a_sign_in_elsewhere(visit, responder):
    responder.set_password("a long walk before the night shift")
    responder.save()
    incident = declared(responder)
    page = visit(responder, incident.get_absolute_url())
    box, alert = page.get_by_label("Update text"), page.get_by_role("alert").filter(has_text="You are signed out")
    look_again = "document.body.dispatchEvent(new CustomEvent('portal:refresh'))"
    box.fill("Half a sen")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    page.evaluate(look_again)
    expect(alert.first).to_be_visible()
    expect(page.locator("[data-live]")).to_have_text("Not live")
    page.get_by_role("button", name="Post to team").click()
    expect(page.locator("#signed-out")).to_have_count(1)
    expect(box).to_have_value("Half a sen")
    assert axe(page) == []

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    tab = opened.value
    tab.get_by_label("Username").fill(responder.username)
    tab.get_by_label("Password").fill("a long walk before the night shift")
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    page.route("**/more/", lambda route: route.fulfill(status=503), times=1)  # the first try finds nobody
    with page.expect_response(lambda answer: answer.status == 503):
        page.evaluate(look_again)
    expect(page.locator("#signed-out")).to_have_count(1)
    page.evaluate(look_again)
    expect(alert).to_have_count(0)
    expect(page.locator("[data-live]")).to_have_text("Live")
    page.get_by_role("button", name="Post to team").click()

    expect(page.locator("#timeline")).to_contain_text("Half a sen")
    assert incident.timeline.get(kind="note").text.body == "Half a sen"


def test_a_box_follows_the_server_after_it_was_ticked_here(visit, responder, publisher):
    incident = declared(responder)
    page = visit(responder, incident.get_absolute_url())

    page.locator("#step-0 [role=checkbox]").click()
    expect(page.locator("#timeline")).to_contain_text("ticked")
    checklist.untick(incident.checklist.get(position=0), by=publisher, at=now())

    expect(page.locator("#step-0 [role=checkbox]")).not_to_be_checked(timeout=8000)


def test_a_wrong_update_keeps_the_words_in_the_box(visit, responder):
    page = visit(responder, declared(responder).get_absolute_url())
    box = page.get_by_label("Update text")

    box.fill(f"It said {SECRET}")
    page.get_by_role("button", name="Post to team").click()

    expect(page.locator("#compose").get_by_role("alert").first).to_contain_text("Not saved yet")
    expect(box).to_have_value("It said [removed: database connection string]")


def test_the_phones_sheet_opens_stays_open_on_a_mistake_and_closes_after_posting(visit, responder):
    page = visit(responder, declared(responder).get_absolute_url(), **PHONE)
    box = page.get_by_label("Update text")
    expect(box).to_be_hidden()

    page.get_by_role("link", name="Post update").click()
    expect(box).to_be_visible()
    page.get_by_role("button", name="Post to team").click()
    expect(page.locator("#compose")).to_contain_text("Write what changed before you post.")
    expect(box).to_be_visible()
    box.fill("Moved to provider B")
    page.get_by_role("button", name="Post to team").click()

    expect(page.locator("#timeline")).to_contain_text("Moved to provider B")
    expect(box).to_be_hidden()


def test_resolving_asks_in_a_dialog_and_the_safe_button_has_the_focus(visit, responder):
    page = visit(responder, declared(responder).get_absolute_url())

    page.get_by_role("link", name="Resolve…").click()
    dialog = page.get_by_role("dialog", name="Resolve INC-1?")
    expect(dialog.get_by_role("link", name="Keep it open")).to_be_focused()
    dialog.get_by_role("link", name="Keep it open").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Resolve…").click()
    dialog.get_by_label("What ended it").fill("Provider fixed it")
    dialog.get_by_role("button", name="Resolve INC-1").click()

    expect(page.locator("#room-head .steps [aria-current]")).to_have_text("Resolved")
    expect(page.locator("#timeline")).to_contain_text("Provider fixed it")


def test_lowering_the_severity_asks_twice_in_the_same_dialog(visit, responder):
    page = visit(responder, declared(responder).get_absolute_url())

    page.get_by_role("link", name="Change severity").click()
    dialog = page.locator("#dialog")
    dialog.get_by_text("SEV-3 Partial").click()
    dialog.get_by_role("button", name="Change severity").click()
    expect(dialog.get_by_label("Why")).to_be_focused()  # the browser itself says that it is needed
    dialog.get_by_label("Why").fill("One plan only")
    dialog.get_by_role("button", name="Change severity").click()
    expect(dialog).to_contain_text("Lower INC-1 from SEV-1 to SEV-3?")
    dialog.get_by_role("button", name="Lower to SEV-3").click()

    expect(page.locator("#room-head")).to_contain_text("SEV-3 Partial")


def test_acknowledging_from_the_board(visit, responder):
    declared(responder)
    page = visit(responder, "/")

    page.get_by_role("button", name="Acknowledge").first.click()

    expect(page).to_have_url(re.compile(r"/incidents/INC-1/$"))
    expect(page.locator("#room-head")).to_contain_text("responder has it")


def test_the_room_works_without_javascript(visit, responder):
    page = visit(responder, declared(responder).get_absolute_url(), java_script_enabled=False)

    page.get_by_label("Update text").fill("Moved to provider B")
    page.get_by_role("button", name="Post to team").click()
    page.locator("#step-0 [role=checkbox]").click()
    page.get_by_role("link", name="Resolve…").click()
    page.get_by_role("button", name="Resolve INC-1").click()

    expect(page.locator("#timeline")).to_contain_text("Moved to provider B")
    expect(page.locator("#timeline")).to_contain_text("ticked")
    expect(page.locator("#room-head .steps [aria-current]")).to_have_text("Resolved")


@pytest.mark.parametrize("script", [True, False])
def test_the_matrix_is_edited_in_place(visit, admin, script):
    page = visit(admin, "/ownership/", java_script_enabled=script)

    page.get_by_role("link", name="Edit Payments").click()
    page.get_by_label("Primary of Payments").fill("@night-owl")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#domain-payments")).to_contain_text("@night-owl")
    expect(page.get_by_role("link", name="Edit Payments")).to_be_visible()
    if script:
        expect(page.locator("#mark-oncall-payments")).not_to_have_text("Who?")


def test_a_conflict_in_the_matrix_shows_both_and_replaces_on_purpose(visit, admin):
    first, second = visit(admin, "/ownership/"), visit(admin, "/ownership/")
    for page in (first, second):
        page.get_by_role("link", name="Edit Payments").click()
        expect(page.get_by_label("Primary of Payments")).to_be_visible()

    first.get_by_label("Primary of Payments").fill("@first")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("#domain-payments")).to_contain_text("@first")
    second.get_by_label("Primary of Payments").fill("@second")
    second.get_by_role("button", name="Save").click()

    expect(second.locator("#domain-payments")).to_contain_text("Stored now: @first")
    expect(second.get_by_label("Primary of Payments")).to_have_value("@second")
    second.get_by_role("button", name="Replace").click()
    expect(second.locator("#domain-payments")).to_contain_text("@second")


def test_cancelling_an_edit_brings_the_row_back(visit, admin):
    page = visit(admin, "/ownership/")

    page.get_by_role("link", name="Edit Payments").click()
    page.get_by_role("link", name="Cancel").click()

    expect(page.locator("#domain-payments")).to_contain_text("@payments-lead")
    expect(page.get_by_role("link", name="Edit Payments")).to_be_visible()
    expect(page.locator("#mark-oncall-payments")).not_to_have_text("Who?")


def test_filtering_the_list_while_typing_keeps_the_address_in_step(visit, responder):
    declared(responder)
    declared(responder, title="Exports are empty")
    page = visit(responder, "/incidents/")

    page.get_by_placeholder("Search title and timeline").type("exports")

    expect(page.locator("#listing")).not_to_contain_text("EU cards failing")
    expect(page.locator("#listing")).to_contain_text("Exports are empty")
    expect(page).to_have_url(re.compile(r"q=exports"))


def test_live_refresh_eats_neither_text_nor_focus_nor_open_details_nor_a_selection(visit, responder, publisher):
    incident = declared(responder)
    page = visit(responder, incident.get_absolute_url())
    box = page.get_by_label("Update text")
    page.get_by_text("It happened earlier").click()
    page.get_by_label("It happened at").fill("2026-01-02T03:04")
    box.fill("Half a sentence")
    box.evaluate("(el) => el.setSelectionRange(5, 9)")

    for number in range(3):
        actions.post_note(incident, text=f"News {number}", by=publisher, at=now())
        expect(page.locator("#timeline")).to_contain_text(f"News {number}", timeout=8000)

    expect(box).to_have_value("Half a sentence")
    expect(box).to_be_focused()
    assert box.evaluate("(el) => [el.selectionStart, el.selectionEnd]") == [5, 9]
    expect(page.get_by_label("It happened at")).to_have_value("2026-01-02T03:04")
    expect(page.get_by_label("It happened at")).to_be_visible()

    page.locator("h1").evaluate("(el) => getSelection().selectAllChildren(el)")
    actions.post_note(incident, text="One more", by=publisher, at=now())
    expect(page.locator("#timeline")).to_contain_text("One more", timeout=8000)
    assert page.evaluate("getSelection().toString()") == "EU cards failing"


def test_posts_of_two_people_at_the_same_time_both_stand_in_order(visit, responder, publisher):
    incident = declared(responder)
    mine, theirs = visit(responder, incident.get_absolute_url()), visit(publisher, incident.get_absolute_url())
    mine.get_by_label("Update text").fill("Mine")
    theirs.get_by_label("Update text").fill("Theirs")

    mine.get_by_role("button", name="Post to team").click()
    theirs.get_by_role("button", name="Post to team").click()

    for page in (mine, theirs):
        expect(page.locator("#timeline li", has_text="Mine")).to_have_count(1, timeout=8000)
        expect(page.locator("#timeline li", has_text="Theirs")).to_have_count(1, timeout=8000)
    orders = [re.findall("Mine|Theirs", page.locator("#timeline").inner_text()) for page in (mine, theirs)]
    assert orders[0] == orders[1]


def test_two_severities_at_once_show_both_in_the_dialog(visit, responder, publisher):
    incident = declared(responder, severity="SEV-2")
    page = visit(responder, incident.get_absolute_url())
    page.get_by_role("link", name="Change severity").click()
    dialog = page.locator("#dialog")
    dialog.get_by_text("SEV-3 Partial").click()
    dialog.get_by_label("Why").fill("One plan only")

    actions.change_severity(incident, to="SEV-1", reason="All cards fail now", by=publisher, at=now())
    dialog.get_by_role("button", name="Change severity").click()

    expect(dialog).to_contain_text("All cards fail now")
    expect(dialog.get_by_label("Why")).to_have_value("One plan only")
    assert axe(page) == []
    dialog.get_by_role("button", name="Replace it").click()
    dialog.get_by_role("button", name="Lower to SEV-3").click()
    expect(page.locator("#room-head")).to_contain_text("SEV-3 Partial")


def test_the_palette_finds_an_incident_by_keyboard(visit, responder):
    declared(responder)
    declared(responder, title="Exports are empty")
    page = visit(responder, "/incidents/")
    box, hits = page.get_by_role("combobox", name="Incident, words"), page.get_by_role("listbox", name="Top hits")

    page.wait_for_load_state("networkidle")  # htmx listens by then
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(hits.get_by_role("option", name="Ownership")).to_be_visible()
    page.keyboard.type("expor")
    expect(hits.get_by_role("option", name="Exports are empty")).to_be_visible()
    expect(hits.get_by_role("option", name="Ownership")).to_have_count(0)
    assert axe(page) == []

    page.keyboard.press("ArrowUp")
    expect(hits.get_by_role("option", selected=True)).to_contain_text("Checks named")
    page.keyboard.press("ArrowDown")
    expect(hits.get_by_role("option", selected=True)).to_contain_text("Exports are empty")
    active = box.get_attribute("aria-activedescendant")
    assert active == hits.get_by_role("option", selected=True).get_attribute("id")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/incidents/INC-2/$"))

    page.keyboard.press("/")
    page.keyboard.type("cards")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=cards$"))
    expect(page.locator("#results")).to_contain_text("EU cards failing")


def test_searching_works_without_javascript(visit, responder):
    declared(responder)
    page = visit(responder, "/", java_script_enabled=False)

    page.locator("#q").fill("cards")
    page.locator("#q").press("Enter")

    expect(page.locator("#results")).to_contain_text("EU cards failing")


def test_older_rows_of_a_long_story_are_reached_without_javascript(visit, responder):
    incident = declared(responder)
    for number in range(60):
        actions.post_note(incident, text=f"Look {number:02}", by=responder, at=now())
    page = visit(responder, incident.get_absolute_url(), java_script_enabled=False)

    expect(page.locator("#timeline")).not_to_contain_text("Look 05")
    page.locator("#timeline").get_by_role("link", name="Older").click()

    expect(page.locator("#timeline")).to_contain_text("Look 05")


PAGES = ["/", "/incidents/", "/incidents/new/", "ROOM", "ROOM?show=public", "ROOM/resolve/", "ROOM/severity/",
         "ROOM/waive/first_public_update/", "ROOM/actions/", "/ownership/", "/ownership/domains/payments/",
         "/ownership/contacts/security-contact/", "/alerts/", "/search/?q=cards"]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 390, "height": 844}], ids=["desk", "phone"])
@pytest.mark.full
def test_every_screen_of_this_wing_is_accessible_and_does_not_scroll_sideways(visit, admin, size, scheme):
    incident = declared(admin, summary="No card works")
    checklist.tick(incident.checklist.get(position=0), by=admin, at=now())
    page = visit(admin, "/", viewport=size, color_scheme=scheme)
    found = []

    for address in PAGES:
        page.goto(address.replace("ROOM/", incident.get_absolute_url()).replace("ROOM", incident.get_absolute_url()))
        page.wait_for_load_state("networkidle")
        found += [f"{address} {line}" for line in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{address} scrolls sideways")

    assert found == []
