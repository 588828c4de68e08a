"""A chart in a real browser: dragged closer, followed by table and CSV; the same by links without JavaScript."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from checks.catalogue.models import Check
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.trends import isoweek
from opsportal.models import User
from tests.browser.application import enter
from tests.pages import axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATH = "/checks/portal-live/"


@pytest.fixture
def history() -> None:
    """A week of hours that answer in 20 to 40 ms."""
    check, now = Check.objects.get(key="portal-live"), timezone.now().replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [now - timedelta(days=8), now + timedelta(days=1)])
    buckets.replace_hours(
        Counts(
            check.pk, now - timedelta(hours=number), ok=60, expected=60, lat_sum=1800.0, lat_min=20.0, lat_max=40.0,
            hist=histogram.encode([20.0] * 30 + [40.0] * 30),
        )
        for number in range(168)
    )  # fmt: skip


def test_dragging_over_a_trend_shows_those_weeks(
    page: Page, server: LiveServer, viewer: User, violations: list[str]
) -> None:
    check, now = Check.objects.get(key="portal-live"), timezone.now()
    mondays = isoweek.closed(now, 12)
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [mondays[0], now])
    buckets.replace_weeks(Counts(check.pk, monday, ok=10_000, err=80, expected=10_080) for monday in mondays)
    enter(page, server, viewer, "/trends/")
    assert axe(page) == []
    chart = page.locator("svg.chart.not-phone").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=3)
    page.mouse.up()

    expect(page).to_have_url(re.compile(r"/trends/\?since=20\d\d-W\d\d&until=20\d\d-W\d\d#weeks$"))
    expect(page.locator("#weeks .chip[aria-current]")).to_contain_text(" to ")


def test_dragging_over_the_chart_shows_that_time_and_everything_follows(
    page: Page, server: LiveServer, viewer: User, history: None, violations: list[str]
) -> None:
    enter(page, server, viewer, f"{PATH}?range=7d")
    plot = page.locator("#check-plot .u-over")
    expect(plot).to_be_visible()
    expect(page.locator("svg.chart.not-phone")).to_be_hidden()
    expect(page.locator("#check-plot")).to_have_attribute("aria-label", re.compile("failed of .* runs in 7 days"))
    assert axe(page) == []
    box = plot.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    page.mouse.up()

    expect(page).to_have_url(re.compile(r"\?since=20\d\d-\d\d-\d\dT\d\d:\d\d&until=20.*#check-span$"))
    expect(page.locator("#check-span .chip[aria-current]")).to_contain_text(" to ")
    assert page.locator("#check-table tbody tr").count() in range(40, 46)
    expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", re.compile("since=.*until="))
    page.keyboard.press("Tab")  # the skip link has scrolled away; links of the chart are reached by keys alone
    page.get_by_role("link", name="Zoom out").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#check-plot .u-over")).to_be_visible()
    assert page.locator("#check-table tbody tr").count() > 46
    assert violations == []


def test_the_chart_is_drawn_and_zoomed_without_javascript(
    new_context: Callable[..., BrowserContext], server: LiveServer, viewer: User, history: None
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    enter(page, server, viewer, f"{PATH}?range=7d")
    expect(page.locator("svg.chart.not-phone")).to_be_visible()

    page.get_by_role("link", name="Zoom in").click()
    expect(page.locator("svg.chart.not-phone")).to_be_visible()
    page.get_by_text("Show as table").click()
    expect(page.locator("#check-table tbody tr").first).to_be_visible()
    page.get_by_text("From and to").click()
    page.get_by_label("To, UTC").fill("2026-01-01T00:00")
    page.get_by_role("button", name="Show this time").click()

    expect(page.get_by_text("Choose a time after the first one.").first).to_be_visible()
    expect(page.get_by_label("To, UTC")).to_have_value("2026-01-01T00:00")


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(
    new_context: Callable[..., BrowserContext], server: LiveServer, viewer: User, history: None, scheme: str
) -> None:
    page = new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme).new_page()

    enter(page, server, viewer, PATH)

    expect(page.locator("#check-plot .u-over")).to_be_visible()
    assert (axe(page), sideways(page)) == ([], 0)
