"""A night with two responders and no publisher: one declares, the other gets communications and tells the world."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.response import roles
from incidents.response.models import Incident, Seat
from incidents.statuspage import actions
from opsportal.models import User
from opsportal.responder import SnapshotResponder
from opsportal.roles import Role
from tests.browser.application import Server, enter, serve, whole
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
NewContext = Callable[..., BrowserContext]


@pytest.fixture
def portal(settings: Any, tmp_path: Path) -> Iterator[Server]:
    """The whole door: the snapshot first, then Django."""
    settings.SNAPSHOT_DIR = tmp_path / "snapshot"
    server = serve(SnapshotResponder(whole(), directory=settings.SNAPSHOT_DIR))
    settings.BASE_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.add("bob", Role.RESPONDER)


@pytest.fixture
def incident(responder: User, portal: Server) -> Incident:
    """The responder declared it and took communications; a first draft waits."""
    domain = Domain.objects.get(slug="backend")
    words: dict[str, Any] = {"title": "replica db-7 lags", "summary": "", "severity": "SEV-2", "domain": domain}
    incident = response.declare(**words, by=responder, at=now())
    actions.draft_first(incident, at=now())
    roles.take(incident, "communications", by=responder, at=now())
    return incident


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_communications_is_handed_over_and_the_receiver_publishes(
    new_context: NewContext, portal: Server, incident: Incident, responder: User, bob: User, violations: list[str],
    script: bool,
):  # fmt: skip
    desk = new_context(java_script_enabled=script).new_page()
    phone = new_context(**PHONE, java_script_enabled=script).new_page()
    enter(phone, portal, bob, incident.get_absolute_url())
    expect(role(phone, "communications")).to_contain_text("responder")

    enter(desk, portal, responder, incident.get_absolute_url())
    role(desk, "communications").get_by_role("link", name="Hand over").click()
    desk.get_by_label("Offer it to").select_option("bob")
    desk.get_by_role("button", name="Offer it").click()
    expect(role(desk, "communications")).to_contain_text("You, offered to bob")

    if not script:
        phone.reload()
    accept = role(phone, "communications").get_by_role("button", name="Accept")
    expect(accept).to_be_visible(timeout=8000)
    accept.click()
    expect(role(phone, "communications")).to_contain_text("You")
    expect(phone.locator("#timeline")).to_contain_text("bob took over the role communications from responder")

    phone.goto(f"{portal.url}/incidents/{incident.label}/public/")
    phone.get_by_role("button", name="Save and preview").click()
    phone.get_by_role("link", name="Publish…").click()
    phone.get_by_role("button", name="Publish update").click()
    expect(phone.get_by_text("Open the public page")).to_be_visible()

    phone.goto(f"{portal.url}/status/")
    expect(phone.get_by_role("article")).to_contain_text("We are looking into a problem")
    desk.goto(f"{portal.url}/incidents/{incident.label}/public/")
    desk.get_by_role("button", name="Save and preview").click()
    expect(desk.get_by_text("whoever holds the Communications role in this incident")).to_be_visible()
    assert violations == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_free_role_is_taken_laid_down_and_one_that_sleeps_is_taken_over(
    new_context: NewContext, portal: Server, incident: Incident, bob: User, script: bool
):
    page = new_context(java_script_enabled=script).new_page()
    enter(page, portal, bob, incident.get_absolute_url())

    role(page, "scribe").get_by_role("button", name="Take").click()
    expect(role(page, "scribe")).to_contain_text("You")
    role(page, "scribe").get_by_role("link", name="Hand over").click()
    page.get_by_role("button", name="Step down").click()
    expect(role(page, "scribe")).to_contain_text("Nobody")

    role(page, "commander").get_by_role("link", name="More about commander").click()
    page.get_by_label("Why you take it over").fill("Asleep since four")
    page.get_by_role("button", name="Take it over").click()
    expect(role(page, "commander")).to_contain_text("You")
    expect(page.locator("#timeline")).to_contain_text("Asleep since four")
    assert Seat.objects.get(role="commander").holder == bob


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_the_pages_of_roles_are_accessible_and_fit(
    new_context: NewContext, portal: Server, incident: Incident, responder: User, bob: User, violations: list[str],
    options: Any,
):  # fmt: skip
    roles.offer(incident, "commander", to=bob, by=responder, at=now())
    page = new_context(**options).new_page()
    width = page.viewport_size["width"] if page.viewport_size else 0

    for tail in ("", "roles/commander/", "roles/scribe/"):
        enter(page, portal, bob, incident.get_absolute_url() + tail)
        assert axe(page) == [], tail
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tail
    assert violations == []


def role(page: Page, name: str) -> Any:
    """The row of a role in the room."""
    return page.locator(f"#role-{name}")
