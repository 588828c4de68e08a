"""A reader on the public page in a real browser, without scripts: ask, confirm, choose, leave."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, expect

from incidents.statuspage import actions as statuspage
from incidents.subscribers import links
from incidents.subscribers.models import Subscriber
from opsportal.responder import SnapshotResponder
from tests.browser.application import Server, serve, whole
from tests.pages import LOOKS, axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Iterator[Server]:
    """The snapshot in front, the house behind it."""
    settings.SNAPSHOT_DIR, settings.EMAIL_CONFIGURED = tmp_path / "snapshot", True
    statuspage.rebuild(now())
    server = serve(SnapshotResponder(whole(), directory=settings.SNAPSHOT_DIR))
    settings.BASE_URL = server.url
    yield server
    server.stop()


@LOOKS
def test_a_reader_asks_confirms_chooses_and_leaves_without_scripts_and_cookies(
    new_context: Callable[..., BrowserContext], site: Server, violations: list[str], viewport, scheme
):
    asking = new_context(viewport=viewport, color_scheme=scheme)
    page = new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=False).new_page()
    judge = asking.new_page()

    def look(path: str = "") -> None:
        judge.goto(path or page.url)
        assert (axe(judge), sideways(judge)) == ([], 0)

    page.goto(f"{site.url}/status/")
    page.get_by_role("link", name="Subscribe").click()
    look()
    page.get_by_role("textbox", name="Address").fill("nobody")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("Write one mail address")
    page.get_by_role("textbox", name="Address").fill("reader@example.org")
    page.get_by_label("Only the components").check()
    page.get_by_label("Dashboard").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Almost done")).to_be_visible()

    row = Subscriber.objects.get()
    page.goto(links.confirm(row.pk, row.nonce))
    look()
    page.get_by_role("button", name="Yes, tell me").click()
    page.get_by_role("link", name="Choose components").click()
    look()
    expect(page.get_by_label("Dashboard")).to_be_checked()
    page.get_by_label("Everything").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.goto(links.unsubscribe(row.pk))
    look()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert page.context.cookies() == [] == violations
