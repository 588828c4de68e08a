"""Degrade mode in a real browser: an admin lowers the limits, sees it where they look, and ends it."""

import pytest
from playwright.sync_api import expect

from tests.browser.application import enter
from tests.pages import LOOKS, axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@LOOKS
def test_limits_are_lowered_shown_and_brought_back(server, new_context, violations, admin, scheme, viewport):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()
    enter(page, server, admin, "/settings/")
    page.get_by_role("link", name="Degrade mode").click()

    page.get_by_label("Largest request, in KiB").fill("64")
    page.get_by_label("Items of one list").fill("50")
    page.get_by_label("Why").fill("A client sends the same batch in a loop")
    page.get_by_role("button", name="Lower the limits").click()

    expect(page.get_by_role("heading", name="Change")).to_be_visible()
    assert axe(page) == []
    assert sideways(page) == 0
    page.goto(server.url + "/settings/")
    expect(page.get_by_role("heading", name="Degrade mode is on")).to_be_visible()
    assert axe(page) == []
    assert sideways(page) == 0
    page.goto(server.url + "/settings/limits/")
    page.get_by_role("button", name="Bring the configured limits back now").click()
    expect(page.get_by_text("As configured")).to_be_visible()
    page.goto(server.url + "/settings/")
    expect(page.get_by_role("heading", name="Degrade mode is on")).to_have_count(0)
    assert violations == []
