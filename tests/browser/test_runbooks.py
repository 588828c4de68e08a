"""From an incident to its runbook, its steps into the checklist, and back with how it went."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from opsportal.models import User
from tests.browser.application import Server, enter
from tests.browser.test_linking import PHONE, declare
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_runbook_is_followed_for_an_incident(
    new_context: Callable[..., BrowserContext], server: Server, responder: User, violations: list[str], script: bool
) -> None:
    incident = declare("db_verify status=fail reason=missing_tables", responder)
    page = new_context(**PHONE, java_script_enabled=script).new_page()
    enter(page, server, responder, incident.get_absolute_url())
    if not script:  # the card loads after the page; without a script a link leads to it
        page.get_by_role("link", name="What to do, by its alerts and its domain").click()
    expect(page.locator("#runbooks")).to_contain_text("Answers missing_tables")

    page.get_by_role("link", name="Steps of db_verify misses tables into the checklist").click()
    page.get_by_label("Phase").select_option("recover")
    page.get_by_label("1. Make sure that it is the right database").uncheck()
    assert not script or axe(page) == []
    page.get_by_role("button", name="Take them").click()

    expect(page.locator("#checklist")).to_contain_text("Run the migrations again")
    expect(page.locator("#checklist")).not_to_contain_text("Make sure that it is the right database")
    expect(page.locator("#timeline")).to_contain_text("took steps into the checklist from db_verify misses tables")

    page.goto(f"{server.url}/runbooks/db-verify-missing-tables/?for={incident.label}")
    assert not script or axe(page) == []
    page.get_by_label("Did it work?").select_option("worked")
    page.get_by_role("button", name="Write it down").click()

    expect(page.get_by_role("region", name="Used")).to_contain_text(f"for {incident.label}")
    page.get_by_role("button", name="Verified today").click()
    expect(page.get_by_role("region", name="Verified")).to_contain_text("by responder")
    assert violations == []
