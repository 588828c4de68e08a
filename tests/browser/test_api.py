"""The API's reference and the Tokens screen in a real browser: no barrier, nothing the policy refuses."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.application import enter
from tests.pages import DESKTOP, PHONE, axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Leaves one operation made of the same elements as others: a hundred of them cost axe as much as twenty screens.
_ONE_OF_A_SHAPE = """() => {
  const met = new Set();
  for (const operation of document.querySelectorAll("main section.card[id]")) {
    const parts = [...operation.querySelectorAll("*")].map((part) => `${part.tagName}.${part.className}`);
    const shape = [...new Set(parts)].sort().join();
    if (met.has(shape)) operation.remove();
    met.add(shape);
  }
}"""


@pytest.mark.parametrize(
    ("who", "scheme", "viewport"),
    [
        pytest.param("stranger", "light", DESKTOP, id="stranger-desktop-light"),
        pytest.param("admin", "dark", PHONE, id="admin-phone-dark"),
        pytest.param("admin", "light", DESKTOP, id="admin-desktop-light", marks=pytest.mark.full),
        pytest.param("stranger", "dark", PHONE, id="stranger-phone-dark", marks=pytest.mark.full),
    ],
)
def test_the_reference_has_no_barrier(server, new_context, violations, admin, who, scheme, viewport):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()

    if who == "admin":
        enter(page, server, admin, "/api/v1/docs")
    else:
        page.goto(f"{server.url}/api/v1/docs")

    expect(page.get_by_role("heading", level=1)).to_have_text("API reference")
    assert sideways(page) == 0
    names = page.locator("[id]").evaluate_all("(all) => all.map((one) => one.id)")
    assert len(names) == len(set(names))
    if not os.environ.get("OPSPORTAL_FULL"):
        page.evaluate(_ONE_OF_A_SHAPE)
    assert axe(page) == []
    assert violations == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_person_makes_rotates_and_revokes_a_token(server, new_context, violations, admin, viewport):
    page = new_context(viewport=viewport).new_page()
    enter(page, server, admin, "/settings/tokens/")
    assert axe(page) == []

    page.get_by_label("Name").fill("deploy-pipeline")
    page.get_by_label(re.compile("^incidents:read")).check()
    page.get_by_role("button", name="Make the token").click()
    first = page.locator(".cmd code").inner_text()
    assert axe(page) == [] and sideways(page) == 0
    page.get_by_role("link", name="Rotate deploy-pipeline").click()
    assert axe(page) == [] and sideways(page) == 0
    page.get_by_role("button", name="Make the new token").click()
    second = page.locator(".cmd code").inner_text()
    page.get_by_role("link", name="Revoke deploy-pipeline").first.click()
    assert axe(page) == [] and sideways(page) == 0
    page.get_by_role("button", name="Revoke it").click()

    assert first.startswith("opsp_") and second.startswith("opsp_") and first != second
    expect(page.locator("#toasts")).to_contain_text("no longer works")
    expect(page.locator("#main")).not_to_contain_text("opsp_")
    assert violations == []
