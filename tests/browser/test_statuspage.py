"""The status page in a real browser: readers in every light and size, and a first post from a phone."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.response.models import Incident
from incidents.statuspage import actions, rendering, snapshot, writer
from incidents.statuspage.models import Component, StatusUpdate
from opsportal.models import User
from opsportal.responder import SnapshotResponder
from tests.browser.application import Server, enter, serve, whole
from tests.incidents.statuspage.conftest import NOW, a_component, a_page, an_incident, an_update
from tests.incidents.statuspage.test_snapshot import a_busy_page
from tests.pages import LOOKS, axe

pytestmark = [pytest.mark.browser]
PAGES = [
    "/status/maintenance/maintenanc02/",
    "/status/",
    "/status/incidents/incident0500/",
    "/status/history/",
    "/status/nothing-here/",
]


def no_django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What stands behind the responder while everything else is down."""
    start_response("500 Down", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


class Clock:
    now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path: Path, clock: Clock) -> Iterator[str]:
    """A busy page, served from files with nothing else running."""
    with writer.exclusive(tmp_path):
        tree = snapshot.build(a_busy_page(), at=NOW, render=rendering.render, assets=rendering.assets())
        writer.write(tmp_path, tree, at=NOW)
    server = serve(SnapshotResponder(no_django, directory=tmp_path, clock=clock))
    yield server.url
    server.stop()


# --- readers ----------------------------------------------------------------------------------------------------------


@LOOKS
def test_public_pages_are_accessible_fresh_and_stale(
    new_context: Callable[..., BrowserContext], site: str, clock: Clock, violations: list[str], viewport, scheme
):
    for age in (0, 120):
        clock.now = NOW.timestamp() + age
        page = new_context(viewport=viewport, color_scheme=scheme).new_page()
        for path in PAGES:
            page.goto(site + path)
            # The line that says it is old is the same on each.
            if age == 0 or path == PAGES[0] or os.environ.get("OPSPORTAL_FULL"):
                assert axe(page) == [], path
            expect(page.get_by_text("This page is not up to date.")).to_be_visible(visible=age > 60)
    assert violations == []


def test_nothing_needs_javascript_and_no_cookie_is_set(new_context: Callable[..., BrowserContext], site: str):
    context = new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(f"{site}/status/")
    page.get_by_role("heading", name="Problem with Component 1").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Problem with Component 1")
    page.get_by_role("link", name="Current status").click()
    page.get_by_role("link", name="All history").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Incident history")
    assert context.cookies() == []


def test_the_first_view_is_three_requests_and_under_24_kb(page: Page, site: str):
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))

    page.goto(f"{site}/status/", wait_until="networkidle")

    weight = sum(int(answer.headers["content-length"]) for answer in answers)
    assert len(answers) <= 4
    assert weight <= 24 * 1024


@pytest.mark.parametrize("path", PAGES)
def test_at_320_pixels_nothing_scrolls_sideways(new_context: Callable[..., BrowserContext], site: str, path: str):
    page = new_context(viewport={"width": 320, "height": 640}).new_page()

    page.goto(site + path)

    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_very_long_word_does_not_break_the_page(new_context: Callable[..., BrowserContext], tmp_path: Path):
    word = "Donau" * 32
    content = a_page(
        an_incident(1, name=word, updates=(an_update(body=word),)), components=(a_component(1, name=word[:80]),)
    )
    with writer.exclusive(tmp_path):
        tree = snapshot.build(content, at=NOW, render=rendering.render, assets=rendering.assets())
        writer.write(tmp_path, tree, at=NOW)
    server = serve(SnapshotResponder(no_django, directory=tmp_path, clock=Clock()))
    page = new_context(viewport={"width": 320, "height": 640}).new_page()

    page.goto(f"{server.url}/status/")

    assert page.evaluate("document.documentElement.scrollWidth") == 320
    server.stop()


# --- staff ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def portal(settings, tmp_path: Path) -> Iterator[Server]:
    """The whole door: the snapshot first, then Django."""
    settings.SNAPSHOT_DIR = tmp_path / "snapshot"
    server = serve(SnapshotResponder(whole(), directory=settings.SNAPSHOT_DIR))
    settings.BASE_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def incident(responder: User, portal: Server) -> Incident:
    incident = response.declare(
        title="replica db-7 lags", summary="", severity="SEV-2", domain=Domain.objects.get(slug="backend"),
        by=responder, at=now(),
    )  # fmt: skip
    actions.draft_first(incident, at=now())
    return incident


@pytest.mark.django_db(transaction=True)
def test_a_first_post_from_a_phone_takes_three_fields_and_is_public_at_once(
    phone: Page, new_context: Callable[..., BrowserContext], portal: Server, incident: Incident, publisher: User
):
    reader = new_context().new_page()
    enter(phone, portal, publisher, f"/incidents/{incident.label}/public/")

    phone.get_by_text("Identified", exact=True).first.click()
    phone.get_by_label("Text", exact=True).fill("Requests fail now and then. We are moving them away.")
    phone.get_by_label("Next update by").select_option(index=1)
    phone.get_by_role("button", name="Save and preview").click()
    expect(phone.locator("#preview")).to_contain_text("We are moving them away.")
    phone.get_by_role("link", name="Publish…").click()
    expect(phone.get_by_role("dialog")).to_contain_text("A mistake is corrected in the open")
    phone.get_by_role("button", name="Publish update").click()
    expect(phone.get_by_text("Published. Readers see it now.").first).to_be_attached()

    reader.goto(f"{portal.url}/status/")
    expect(reader.get_by_role("article")).to_contain_text("We are moving them away.")
    expect(reader.get_by_role("heading", level=1)).to_have_text("Partial system outage")


@pytest.mark.django_db(transaction=True)
def test_planned_work_goes_from_a_plan_to_the_public_page(
    page: Page, new_context: Callable[..., BrowserContext], portal: Server, publisher: User, violations: list[str]
):
    enter(page, portal, publisher, "/statuspage/maintenance/")
    page.get_by_role("link", name="Plan maintenance").click()
    page.get_by_label("Title readers see").fill("Database upgrade")
    page.get_by_label("Text", exact=True).fill("Sign-in may pause.")
    page.get_by_label("API", exact=True).check()
    assert axe(page) == []
    page.get_by_role("button", name="Plan and preview").click()
    expect(page.get_by_role("region", name="As readers will see it")).to_contain_text("Sign-in may pause.")
    assert axe(page) == []
    page.get_by_role("link", name="Announce…").click()
    expect(page.get_by_role("dialog")).to_contain_text("It begins and ends by itself.")
    page.get_by_role("button", name="Announce").click()
    expect(page.get_by_text("Announced. Readers see it now.").first).to_be_attached()

    reader = new_context(java_script_enabled=False).new_page()
    reader.goto(f"{portal.url}/status/")
    expect(reader.get_by_role("heading", level=1)).to_have_text("All systems operational")
    reader.get_by_role("link", name="Database upgrade").click()
    expect(reader.get_by_role("article")).to_contain_text("Scheduled")
    assert violations == []


@pytest.mark.django_db(transaction=True)
def test_publishing_works_without_javascript(
    new_context: Callable[..., BrowserContext], portal: Server, incident: Incident, publisher: User
):
    page = new_context(java_script_enabled=False).new_page()
    enter(page, portal, publisher, f"/incidents/{incident.label}/public/")

    page.get_by_role("button", name="Save and preview").click()
    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish update").click()

    expect(page.get_by_text("Open the public page")).to_be_visible()
    assert StatusUpdate.objects.get().state == "published"


@pytest.mark.django_db(transaction=True)
@LOOKS
def test_staff_screens_are_accessible(
    new_context: Callable[..., BrowserContext], portal: Server, incident: Incident, publisher: User, violations,
    viewport, scheme,
):  # fmt: skip
    page = new_context(viewport=viewport, color_scheme=scheme).new_page()
    component = Component.objects.first()
    assert component is not None
    room = f"/incidents/{incident.label}/public/"

    for path in (
        "/statuspage/", room, f"{room}publish/", f"{room}discard/", "/statuspage/components/new/",
        f"/statuspage/components/{component.public_id}/",
    ):  # fmt: skip
        enter(page, portal, publisher, path)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
    response.change_status(incident, to="resolved", note="It works.", by=publisher, at=now())
    enter(page, portal, publisher, f"{room}afterwards/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Publish afterwards")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert violations == []


@pytest.mark.django_db(transaction=True)
def test_the_preview_looks_like_the_public_page(page: Page, portal: Server, incident: Incident, publisher: User):
    """The same marks under both stylesheets: the words, and the colours of stripe and state."""
    enter(page, portal, publisher, f"/incidents/{incident.label}/public/")
    page.get_by_role("button", name="Save and preview").click()
    promised = _look(page, "#preview article")
    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish update").click()
    expect(page.get_by_text("Open the public page")).to_be_visible()

    page.goto(f"{portal.url}/status/")

    assert _look(page, "article") == promised


def _look(page: Page, where: str) -> dict[str, str]:
    found: dict[str, str] = page.locator(where).evaluate("""(card) => ({
      title: card.querySelector("h3").textContent, body: card.querySelector(".upd__body").textContent.trim(),
      stripe: getComputedStyle(card).boxShadow, state: getComputedStyle(card.querySelector(".state")).color })""")
    return found
