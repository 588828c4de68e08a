"""Checks in a real browser: add one, try it, see it pass and fail; the same without JavaScript."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.kinds import KINDS
from checks.catalogue.models import Check
from checks.scheduler import actions, loop
from opsportal.models import User
from tests.browser.application import enter
from tests.pages import DESKTOP, PHONE, axe
from tests.targets import HttpTarget

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture
def server(settings: Settings) -> Iterator[LiveServer]:
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    server = LiveServer("localhost:0")
    yield server
    server.stop()


def tick() -> None:
    """What a worker does each second, in a thread because the browser has the event loop of this one."""

    def work() -> None:
        Check.objects.filter(is_own=False).update(next_due=timezone.now())
        actions.tick()
        loop.close()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


def fill(page: Page, target: HttpTarget) -> None:
    page.get_by_label("Name", exact=True).fill("Shop front page")
    page.get_by_label("Address").fill(target.url)
    page.get_by_label("Domain", exact=True).select_option(label="Frontend")
    page.get_by_label("Fail after").fill("1")


def test_a_check_is_tried_added_and_seen_to_pass_and_to_fail(
    page: Page, server: LiveServer, admin: User, http_target: HttpTarget
) -> None:
    enter(page, server, admin, "/checks/")
    page.get_by_role("link", name="Add check").click()
    fill(page, http_target)

    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#trial")).to_contain_text("It passes.")
    expect(page.locator("#trial [role=status]")).to_be_focused()
    expect(page.get_by_text("It passes.")).to_be_in_viewport()  # it stands below a long form
    expect(page.get_by_label("Name", exact=True)).to_have_value("Shop front page")
    page.set_viewport_size({"width": 1280, "height": 720})
    assert not Check.objects.filter(is_own=False).exists()

    page.get_by_role("button", name="Add check").click()
    expect(page.get_by_role("heading", name="Shop front page", level=1)).to_be_visible()
    expect(page.locator("#check-state")).to_contain_text("No data")
    tick()
    refresh = "document.body.dispatchEvent(new CustomEvent('portal:refresh'))"
    page.evaluate(refresh)
    expect(page.locator("#check-state")).to_contain_text("Healthy")

    page.get_by_role("link", name="Checks").first.click()
    row = page.locator("tr", has_text="Shop front page")
    expect(row).to_contain_text("Healthy")
    http_target.stop()
    tick()
    page.evaluate(refresh)
    expect(row).to_contain_text("Unhealthy")
    expect(row).to_contain_text("No connection")


def test_filters_work_while_typing_and_stand_in_the_address(page: Page, server: LiveServer, viewer: User) -> None:
    enter(page, server, viewer, "/checks/")

    page.get_by_label("Filter by name, domain or owner").fill("disk")

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=disk"))
    expect(page.get_by_role("link", name="Add check")).to_have_count(0)


def test_pausing_asks_first_in_a_dialog(page: Page, server: LiveServer, responder: User) -> None:
    enter(page, server, responder, "/checks/portal-disk/")

    page.get_by_role("link", name="Pause…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Pause Portal disk?")
    dialog.get_by_role("link", name="Keep it running").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Pause…").click()
    dialog.get_by_role("button", name="Pause check").click()

    expect(page.locator("#check-state")).to_contain_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#check-state")).to_contain_text("No data")


def test_everything_works_without_javascript(
    new_context: Callable[..., BrowserContext], server: LiveServer, admin: User, http_target: HttpTarget
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    enter(page, server, admin, "/checks/new/")
    fill(page, http_target)

    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#trial")).to_contain_text("It passes.")
    page.get_by_role("button", name="Add check").click()
    expect(page.get_by_role("heading", name="Shop front page", level=1)).to_be_visible()
    tick()
    page.goto(f"{server.url}/checks/?q=shop")
    expect(page.locator("tbody tr")).to_contain_text("Healthy")
    page.get_by_role("link", name="Shop front page").click()
    page.get_by_role("link", name="Pause…").click()
    page.get_by_role("button", name="Pause check").click()
    expect(page.locator("#check-state")).to_contain_text("Paused")
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove check").click()
    expect(page.get_by_role("heading", name="Checks", level=1)).to_be_visible()
    assert not Check.objects.filter(is_own=False).exists()


def test_several_are_chosen_looked_at_and_paused_without_javascript(
    new_context: Callable[..., BrowserContext], server: LiveServer, responder: User
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    enter(page, server, responder, "/checks/?q=portal")

    page.get_by_role("link", name="Choose several").click()
    page.get_by_label("Choose Portal disk").check()
    page.get_by_label("Choose Portal worker").check()
    page.get_by_role("button", name="With the ticked").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pause 2 checks?")
    page.get_by_label("Why").fill("Moves house")
    page.get_by_role("button", name="Pause 2 checks").click()

    expect(page.locator(".toast").first).to_contain_text("2 checks are paused.")
    paused = Check.objects.filter(state="paused").order_by("key")
    assert list(paused.values_list("key", "pause_reason")) == [
        ("portal-disk", "Moves house"),
        ("portal-worker", "Moves house"),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.full
def test_no_screen_of_checks_has_a_barrier(
    new_context: Callable[..., BrowserContext],
    server: LiveServer,
    admin: User,
    violations: list[str],
    size: str,
    scheme: str,
) -> None:
    page = new_context(viewport=SIZES[size], color_scheme=scheme).new_page()
    enter(page, server, admin, "/checks/")
    disk, at = Check.objects.get(key="portal-disk"), timezone.now()
    begun = BulkAct.objects.create(
        act="pause", ids=[disk.pk], total=2, refused=[["portal-live", "is paused already"]], created_by=admin,
        source="web", created_at=at, worked_at=at,
    )  # fmt: skip
    paths = ("", "portal-live/", "portal-disk/", "new/", "portal-live/edit/", "health/", "domain/devops-sre/")
    asked = [f"many/ask/?act={act}&chosen={disk.pk}" for act in ("mute", "archive")]
    many = ("?choose=page", "many/", f"many/{begun.pk}/", *asked)
    forms = [f"new/?kind={kind}" for kind in KINDS]

    for path in (*paths, *many, *forms, "as-code/", "portal-live/pause/"):
        page.goto(f"{server.url}/checks/{path}")
        assert axe(page) == [], path
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways == 0, path
    assert violations == []
