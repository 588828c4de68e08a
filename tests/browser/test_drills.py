"""A drill from its schedule to its score, with the public page read at every step."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from incidents.drills import actions, ending
from incidents.drills.models import Drill, Plan
from incidents.response import actions as response
from incidents.statuspage import actions as statuspage
from opsportal.models import User
from opsportal.responder import SnapshotResponder
from tests.browser.application import Server, enter, serve, whole
from tests.incidents.drills.cast import flip, room_of
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
NewContext = Callable[..., BrowserContext]


@pytest.fixture
def portal(settings: Any, tmp_path: Path) -> Iterator[Server]:
    """The whole door: the snapshot first, then Django."""
    settings.SNAPSHOT_DIR = tmp_path / "snapshot"
    server = serve(SnapshotResponder(whole(), directory=settings.SNAPSHOT_DIR))
    settings.BASE_URL = server.url
    yield server
    server.stop()


def read_by_the_world(page: Page, portal: Server) -> str:
    """Everything that readers and their programs could get of it, built anew."""
    statuspage.rebuild(now())
    parts = ("/status/", "/status/history/", "/status/history.atom", "/api/v2/incidents.json")
    return "\n".join(page.request.get(portal.url + path).text() for path in parts)


def test_a_drill_from_its_schedule_to_its_score_is_never_public(
    new_context: NewContext, portal: Server, admin: User, violations: list[str]
):
    page = new_context().new_page()
    page.set_default_timeout(20_000)
    enter(page, portal, admin)

    def is_hidden() -> None:
        shown = read_by_the_world(page, portal)
        assert "Harmless words" not in shown and "DRILL" not in shown and "Ingest answers" not in shown

    page.goto(f"{portal.url}/drills/plan/")
    page.get_by_label("Begin drills by themselves").check()
    page.get_by_label("Scenario").select_option("ingest-outage")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Every month, on the second Tuesday")).to_be_visible()
    Plan.objects.update(next_at=now())
    begun = actions.start_planned(at=now())
    assert begun is not None
    is_hidden()

    flip("unhealthy", at=now())
    ending.keep(at=now())
    page.goto(portal.url + begun.get_absolute_url())
    expect(page.locator(".drillbar")).to_contain_text("Practice only")
    assert axe(page) == []
    page.goto(portal.url + room_of(begun).get_absolute_url())
    expect(page).to_have_title(re.compile("DRILL INC-1 DRILL: Ingest answers 5xx"))
    page.get_by_role("button", name="Acknowledge as SEV-1").first.click()
    expect(page.get_by_text("acknowledged it as").first).to_be_visible()
    is_hidden()

    for status in ("investigating", "identified", "mitigated", "monitoring", "resolved"):
        page.goto(portal.url + begun.get_absolute_url())
        if status == "mitigated":
            page.get_by_role("button", name="Mitigated").click()
            expect(page.get_by_text("The flag is down.").first).to_be_attached()
            flip("healthy", at=now())
            continue
        assert page.get_by_label("Status", exact=True).input_value() == status
        page.get_by_label("Text", exact=True).fill(f"Harmless words: {status}.")
        page.get_by_role("button", name="Publish to the preview page").click()
        expect(page.locator("#drill-told")).to_contain_text(f"Harmless words: {status}.")
        is_hidden()
    response.change_status(room_of(begun), to="resolved", by=admin, at=now())
    page.goto(f"{portal.url}{begun.get_absolute_url()}preview/")
    expect(page.locator(".preview")).to_contain_text("Harmless words: identified.")

    page.goto(portal.url + begun.get_absolute_url())
    page.get_by_role("link", name="End with lessons…").click()
    page.get_by_label("Lessons learned").fill("Everybody knew their part.")
    page.get_by_role("button", name="End the drill").click()
    expect(page.get_by_text("Everything is cleaned up", exact=True)).to_be_visible()
    expect(page.locator("#drill-sheet")).to_contain_text("70 of 70")
    is_hidden()
    assert Drill.objects.get().state == "finished"
    assert violations == []
