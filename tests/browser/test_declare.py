"""Declaring on a phone: three things, in less than ten seconds of anybody's time, and what it looks like meanwhile."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from incidents.response import actions
from incidents.response.models import Incident
from opsportal.models import User
from tests.incidents.cast import domain
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def visit(live_server: Any, client_as: Any, new_context: Any, violations: list[str]) -> Any:
    """Open a page on a phone as somebody."""

    def open_page(person: User, path: str, **options: Any) -> Page:
        cookie = client_as(person).cookies[settings.SESSION_COOKIE_NAME].value
        context = new_context(base_url=live_server.url, **PHONE, **options)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page: Page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    assert violations == []


def test_three_things_open_a_room_and_what_it_looks_like_is_shown_while_typing(visit, responder):
    before = actions.declare(
        title="Checkout timeouts in Europe", severity="SEV-2", domain=domain(), by=responder, at=now()
    )
    page = visit(responder, "/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.get_by_role("navigation", name="Quick").get_by_role("link", name="Declare").click()
    title = page.get_by_label("Title")
    title.press_sequentially("Checkout down", delay=20)
    expect(page.locator("#alike")).to_contain_text(f"{before.label} Checkout timeouts in Europe")
    expect(page.locator("#alike")).to_contain_text("open now")
    expect(title).to_be_focused()
    expect(title).to_have_value("Checkout down")
    expect(page.get_by_label("What do you see?")).to_be_hidden()
    page.get_by_text("SEV-1 Critical").tap()
    page.get_by_text("Payments", exact=True).tap()
    page.get_by_role("button", name="Declare SEV-1").tap()
    expect(page).to_have_url(re.compile(r"/incidents/INC-2/$"))

    assert not [url for url in asked if "csrf" in url]
    incident = Incident.objects.get(number=2)
    assert (incident.title, incident.severity, incident.domain.slug) == ("Checkout down", "SEV-1", "payments")


def test_the_rest_stands_behind_one_tap_and_has_no_barrier(visit, responder):
    page = visit(responder, "/incidents/new/?title=Keys+out&severity=1&domain=backend")

    page.get_by_text("More:").tap()
    page.get_by_label("Nature").select_option("Security")
    page.get_by_label("When", exact=False).select_option("Test")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Declare SEV-1").tap()

    expect(page.locator("#room-head .badge").filter(has_text="Security, test")).to_be_visible()


def test_the_impact_is_written_down_and_a_time_corrected_in_the_room(visit, responder):
    incident = actions.declare(title="Checkout down", severity="SEV-1", domain=domain(), by=responder, at=now())
    page = visit(responder, incident.get_absolute_url())
    card = page.locator("#impact")

    card.get_by_role("link", name="Change the impact").tap()
    dialog = page.locator("#dialog")
    dialog.get_by_text("API", exact=True).tap()
    dialog.get_by_label("How much of it").select_option("1 to 10 %")
    assert axe(page) == []
    dialog.get_by_role("button", name="Save the impact").tap()
    expect(card).to_contain_text("1 to 10 %")
    card.get_by_role("link", name="Correct the time: impact began").tap()
    dialog.get_by_label("The right time (UTC)").fill("2026-01-02T03:04")
    dialog.get_by_label("Why").fill("The graph says so")
    dialog.get_by_role("button", name="Correct it").tap()
    expect(page.locator("#timeline")).to_contain_text("corrected when the impact began")
    card.get_by_role("button", name="Watch").tap()

    expect(card).to_contain_text("You watch")
    incident.refresh_from_db()
    assert (incident.affected_share, f"{incident.impact_started_at:%Y-%m-%d %H:%M}") == ("below_10", "2026-01-02 03:04")
