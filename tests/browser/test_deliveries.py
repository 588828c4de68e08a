"""The Deliveries screens in a real browser: reasons, replay, circuits, tests; with and without JavaScript."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from opsportal.models import User
from opsportal.outbox import actions, destinations
from opsportal.outbox.models import Delivery, Destination, Route
from tests.pages import DESKTOP, LOOKS, PHONE, axe, sideways
from tests.targets import HttpTarget

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK: dict[str, Any] = {"viewport": DESKTOP}
HAND: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
NO_SCRIPT: dict[str, Any] = {"java_script_enabled": False}
EVERYWHERE = pytest.mark.parametrize(
    "options",
    [DESK, HAND, DESK | NO_SCRIPT, HAND | NO_SCRIPT],
    ids=["desktop", "phone", "desktop without script", "phone without script"],
)
LogIn = Callable[[User], Client]


@pytest.fixture
def visit(
    live_server: LiveServer, client_as: LogIn, new_context: Callable[..., BrowserContext], violations: list[str]
) -> Any:
    """Open a page as somebody who has just signed in."""

    def open_page(person: User, path: str, **options: Any) -> Page:
        cookie = client_as(person).cookies[settings.SESSION_COOKIE_NAME].value
        context = new_context(base_url=live_server.url, **options)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    assert violations == []


@pytest.fixture
def partner(db: None, settings: Any, sink: HttpTarget) -> Destination:
    """A webhook that an admin added."""
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    return destinations.add(
        name="Partner", channel="webhook", address=sink.url, token="", by="admin", at=timezone.now()
    )[0]


@pytest.fixture
def night(partner: Destination) -> None:
    """One message of each kind: new, tried twice, given up twice, taken; and a way that is closed."""
    at = timezone.now()
    rows = {
        "INC-1 is new": {},
        "INC-2 is tried again": {"attempts": 2, "last_error": "status_5xx", "due_at": at + timedelta(minutes=5)},
        "INC-3 was given up": {"state": "dead", "attempts": 9, "last_error": "timeout", "failed_at": at},
        "INC-4 was given up": {"state": "dead", "attempts": 9, "last_error": "redirect", "failed_at": at},
        "INC-5 was taken": {"state": "sent", "attempts": 1, "sent_at": at},
    }
    for number, (subject, fields) in enumerate(rows.items(), 1):
        made = actions.enqueue(
            key=f"incident:{number}", channel="webhook", destination="Partner", to=partner, subject=subject, body="b",
            at=at, because="INC was declared",
        )  # fmt: skip
        Delivery.objects.filter(pk=made.pk).update(**fields)
    Route.objects.filter(name="SLACK_WEBHOOK_URL").delete()
    Route.objects.create(
        name="SLACK_WEBHOOK_URL", failures=5, opened=1, open_until=at + timedelta(minutes=9), last_error="connect"
    )


@LOOKS
@pytest.mark.parametrize("path", ["/deliveries/", "/deliveries/?state=dead", "/deliveries/destinations/"])
def test_the_screens_have_no_barrier(visit, admin, night, path, scheme, viewport):
    page = visit(admin, path, viewport=viewport, color_scheme=scheme)

    assert axe(page) == []
    assert sideways(page) == 0


@EVERYWHERE
def test_every_message_says_why_it_was_sent_and_how_it_stands(visit, responder, night, options):
    page = visit(responder, "/deliveries/", **options)

    queues = page.get_by_role("table", name="Messages by route and attempt")
    row = queues.get_by_role("row").filter(has_text="Partner")
    if options["viewport"] == DESKTOP:
        assert [cell.strip() for cell in row.get_by_role("cell").all_inner_texts()][1:7] == [
            "1",
            "0",
            "1",
            "0",
            "2",
            "1",
        ]
    newest = page.get_by_role("region", name="Newest messages")
    for subject, words in (
        ("INC-1 is new", "Waits for a worker."),
        ("INC-2 is tried again", "Second try failed: an error on its side. Next try"),
        ("INC-3 was given up", "after 9 tries: no answer within 10 seconds."),
        ("INC-4 was given up", "redirects are never followed"),
        ("INC-5 was taken", "Taken"),
    ):
        item = newest.get_by_role("listitem").filter(has_text=subject)
        expect(item).to_contain_text(words)
        expect(item).to_contain_text("INC was declared (event incident:")
    closed = page.get_by_role("region", name="Closed after failures")
    expect(closed).to_contain_text("5 failures in a row")
    expect(page.get_by_role("button", name=re.compile("Replay|Send again|Try now"))).to_have_count(0)


@EVERYWHERE
def test_chosen_dead_letters_are_replayed_after_a_question(visit, admin, night, options):
    page = visit(admin, "/deliveries/", **options)

    page.get_by_role("checkbox", name="Choose INC-3 was given up").check()
    page.get_by_role("button", name="Replay the chosen…").click()
    expect(page.get_by_role("heading", name="Replay 1 message?")).to_be_visible()
    assert Delivery.objects.dead().count() == 2
    page.get_by_role("button", name="Replay 1 message").click()

    expect(page.locator("#toasts")).to_contain_text("1 queued again, 0 left alone.")
    assert Delivery.objects.get(subject="INC-3 was given up").state == "waiting"
    page.get_by_role("button", name="Send again INC-4 was given up").click()
    expect(page.locator("#toasts")).to_contain_text("Queued again.")
    assert not Delivery.objects.dead().exists()


@EVERYWHERE
def test_a_closed_way_is_tried_at_once(visit, admin, night, options):
    page = visit(admin, "/deliveries/", **options)

    page.get_by_role("button", name="Try now Slack, ops channel").click()

    expect(page.locator("#toasts")).to_contain_text("One message tries it now.")
    way = Route.objects.get(name="SLACK_WEBHOOK_URL")
    assert way.open_until is not None
    assert way.open_until <= timezone.now()


@EVERYWHERE
def test_a_test_is_sent_and_its_way_shown(visit, admin, partner, sink, options):
    page = visit(admin, "/deliveries/destinations/", **options)

    page.get_by_role("button", name="Send a test to Partner").click()
    expect(page.locator("#toasts")).to_contain_text("A test is queued")
    last = page.get_by_role("region", name="Last tests")
    expect(last).to_contain_text("Waiting")
    actions.deliver_due()
    page.reload()

    expect(last).to_contain_text("Arrived")
    expect(last).to_contain_text("admin pressed Send a test")
    assert b"Test message of Opsportal" in sink.requests[0].body
