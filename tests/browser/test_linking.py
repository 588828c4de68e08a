"""Two people declare the same trouble: the rooms become one, and two again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, expect

from incidents.ownership.models import Domain
from incidents.response import actions
from incidents.response.models import Incident
from opsportal.models import User
from tests.browser.application import Server, enter
from tests.pages import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def declare(title: str, by: User) -> Incident:
    words: dict[str, Any] = {"title": title, "summary": "", "severity": "SEV-2"}
    return actions.declare(**words, domain=Domain.objects.get(slug="backend"), by=by, at=now())


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_two_rooms_become_one_and_two_again(
    new_context: Callable[..., BrowserContext], server: Server, responder: User, viewer: User, violations: list[str],
    script: bool,
):  # fmt: skip
    first, twice = declare("Replica db-7 lags", responder), declare("Reads are old", responder)
    page = new_context(**PHONE, java_script_enabled=script).new_page()
    reader = new_context(java_script_enabled=script).new_page()
    enter(reader, server, viewer, twice.get_absolute_url())
    enter(page, server, responder, twice.get_absolute_url())

    page.get_by_role("link", name="More actions").click()
    page.get_by_role("link", name="Merge into another…").click()
    page.get_by_label("Incident", exact=True).fill("inc-1")
    page.get_by_label("What makes them the same").fill("Same replica")
    assert not script or axe(page) == []
    page.get_by_role("button", name="Merge INC-2").click()

    expect(page).to_have_url(f"{server.url}{first.get_absolute_url()}")
    expect(page.locator("#timeline")).to_contain_text("merged into this incident INC-2")
    if script:  # the card loads after the page; without a script a link leads to it
        expect(page.locator("#related")).to_contain_text("INC-2 Reads are old")
    else:
        reader.reload()
    expect(reader.locator("#merged-note")).to_contain_text("Merged into INC-1", timeout=8_000)  # by the poll
    expect(reader.get_by_role("link", name="Split again")).to_have_count(0)

    page.goto(server.url + twice.get_absolute_url())
    assert not script or axe(page) == []
    page.get_by_role("link", name="Split again").click()
    page.get_by_label("Why they are two after all").fill("Another replica")
    page.get_by_role("button", name="Split it").click()

    expect(page.locator("#merged-note")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("split this incident from INC-1 again")
    assert Incident.objects.get(pk=twice.pk).is_open
    assert violations == []
