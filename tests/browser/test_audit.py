"""The audit log and the banner of view-as in a real browser: light, dark, desktop and phone."""

import pytest
from playwright.sync_api import expect

from opsportal.audit import actions as audit
from opsportal.seals.actions import seal_recent
from tests.browser.application import enter
from tests.pages import LOOKS, axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def rows() -> None:
    audit.record("user.role", by="admin", object="viewer viewer -> responder")
    audit.record("view_as.start", by="admin", object="viewer", reason="Support cannot see INC-117, check their view")
    audit.record("access.denied", by="responder", object="POST accounts:role", result="denied")
    audit.record(
        "chain.verify", by="portal", object="audit", reason="audit_verify status=fail first_bad=7", result="failed"
    )
    seal_recent()


@LOOKS
@pytest.mark.parametrize("path", ["/audit/", "/audit/?actor=nobody", "/view-as/viewer/"])
def test_the_screens_have_no_barrier(server, new_context, violations, admin, viewer, rows, path, scheme, viewport):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()

    enter(page, server, admin, path)

    assert axe(page) == []
    assert sideways(page) == 0
    assert violations == []


@LOOKS
def test_the_banner_has_no_barrier_and_stops(server, new_context, violations, admin, viewer, scheme, viewport):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()
    enter(page, server, admin, "/view-as/viewer/")
    page.get_by_label("Reason").fill("Support cannot see INC-117")
    page.get_by_role("button", name="View as viewer").click()
    banner = page.get_by_role("region", name="View-as")

    for path in ("/", "/incidents/", "/people/"):
        page.goto(server.url + path)
        expect(banner).to_contain_text("You see the portal as viewer")
        assert axe(page) == []
        assert sideways(page) == 0
    banner.get_by_role("button", name="Stop").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    expect(banner).to_have_count(0)
    assert violations == []


def test_a_click_verifies_the_chains(server, page, admin, rows):
    enter(page, server, admin, "/audit/")
    expect(page.get_by_role("heading", name="The chain is broken")).to_be_visible()

    page.get_by_role("button", name="Verify now").click()

    expect(page.get_by_role("heading", name="The chain is whole")).to_be_visible()
    expect(page.get_by_text("audit_verify status=ok").first).to_be_visible()


def test_filters_and_the_export_follow_the_address(server, page, admin, rows):
    enter(page, server, admin, "/audit/")
    page.get_by_role("link", name="Denied").click()
    page.wait_for_url("**/audit/?result=denied*")
    expect(page.get_by_role("table", name="Audit log")).to_contain_text("access.denied")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    assert download.value.suggested_filename.endswith(".csv")
    assert "access.denied" in download.value.path().read_text()


def test_a_part_of_a_page_is_refused_beside_what_was_typed(server, page, admin, viewer):
    enter(page, server, admin, "/view-as/viewer/")
    page.get_by_label("Reason").fill("Support cannot see INC-117")
    page.get_by_role("button", name="View as viewer").click()
    expect(page.get_by_role("region", name="View-as")).to_be_visible()

    page.wait_for_load_state("networkidle")  # a part that arrives later takes the words of an earlier answer away
    page.evaluate("htmx.ajax('POST', '/people/deactivate/', {source: 'h1', values: {user: 'viewer'}})")

    expect(page.get_by_role("alert")).to_contain_text("everything can be read, nothing changed")
