"""The main job in a real browser on a real portal: from the set-up link to the resolved incident.

The only thing that is not an operator's is the target server, which the test stops and starts.
"""

import json
import re
import time
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.portals import Portal, free_port
from tests.targets import HttpTarget

pytestmark = [pytest.mark.browser, pytest.mark.serial]

PASSWORD = "a long walk before the night shift"


def fetch(portal: Portal, path: str) -> str:
    with urllib.request.urlopen(portal.url + path, timeout=10) as answer:
        page: bytes = answer.read()
    return page.decode()


def eventually(question, *, within: float = 180.0, every: float = 0.5):
    """The first true answer."""
    limit = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < limit, f"not within {within:g} s"
        time.sleep(every)
    return answer


def sign_out(page: Page) -> None:
    page.locator(".side__foot").get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")


@pytest.fixture
def shop():
    """The service that the operators of this story watch."""
    with HttpTarget(port=free_port()) as target:
        yield target


def test_from_the_set_up_link_to_the_resolved_incident(page: Page, fresh_portal, shop, sink):
    portal = fresh_portal(
        PROBE_ALLOWED_INTERNAL=f"127.0.0.1:{shop.port}",
        SLACK_WEBHOOK_URL=sink.url,
    )

    # The first admin comes in by the printed link and adds a responder and a publisher.
    page.goto(portal.setup_link)
    page.get_by_label("Name").fill("ops-admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make admin and sign in").click()
    expect(page.get_by_role("heading", name="Now", level=1)).to_be_visible()
    links = {}
    for name, role in (("sre-oncall", "responder"), ("status-admin", "publisher")):
        page.goto(f"{portal.url}/people/")
        form = page.locator("form", has=page.get_by_label("Name"))
        form.get_by_label("Name").fill(name)
        form.get_by_label("Role").select_option(role)
        form.get_by_role("button", name=re.compile("Add")).click()
        (links[name],) = re.findall(r"http://\S+/login-link/[\w-]+/", page.locator("main").inner_text())

    # The matrix is edited in place.
    page.goto(f"{portal.url}/ownership/")
    expect(page.get_by_text("@payments-oncall")).to_be_visible()

    # A check of the shop is added and passes.
    page.goto(f"{portal.url}/checks/new/")
    page.get_by_label("Name", exact=True).fill("Shop front page")
    page.get_by_label("Address").fill(f"http://127.0.0.1:{shop.port}/")
    page.get_by_label("Domain", exact=True).select_option(label="Backend")
    page.get_by_label("Every", exact=True).select_option(label="5 seconds")
    page.get_by_label("Fail after").fill("2")
    page.get_by_role("button", name="Add check").click()
    expect(page.get_by_role("heading", name="Shop front page", level=1)).to_be_visible()
    page.goto(f"{portal.url}/checks/")
    row = page.locator("tr", has_text="Shop front page")
    expect(row).to_contain_text("Healthy", timeout=40_000)
    sign_out(page)

    # The shop goes down: the state flips, an alert arrives, a room opens, a draft waits, the channel is told.
    shop.stop()
    page.goto(links["sre-oncall"])
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{portal.url}/checks/")
    expect(page.locator("tr", has_text="Shop front page")).to_contain_text("Unhealthy", timeout=60_000)
    sink.wait_for_requests(1, within=60)
    told = sink.requests[0].body.decode()
    assert "INC-1" in told
    assert "Shop front page" in told
    assert "@be-oncall" in told or "@be-lead" in told
    page.goto(f"{portal.url}/")
    page.get_by_role("link", name=re.compile("Shop front page")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shop front page")
    expect(page.locator("main")).to_contain_text("@be-oncall")
    page.get_by_role("button", name="Acknowledge").first.click()

    # A team update, a status move, a tick.
    composer = page.locator("form", has=page.get_by_role("button", name="Post to team"))
    composer.get_by_role("textbox").fill("The front page refuses connections. Looking at the last release.")
    composer.get_by_role("button", name="Post to team").click()
    expect(page.locator("#timeline")).to_contain_text("refuses connections")
    composer.get_by_role("textbox").fill("The release stopped the server.")
    composer.get_by_role("combobox").first.select_option("identified")
    composer.get_by_role("button", name="Post to team").click()
    expect(page.locator("#timeline")).to_contain_text("Identified")
    page.locator("#checklist").get_by_role("checkbox").first.click()
    expect(page.locator("#timeline")).to_contain_text("ticked")
    sign_out(page)

    # The publisher reviews the waiting draft and publishes it; readers see it at once.
    assert "Shop front page" not in fetch(portal, "/status/")
    page.goto(links["status-admin"])
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{portal.url}/statuspage/")
    page.locator("section", has=page.get_by_role("heading", name="Drafts")).get_by_role("link").first.click()
    page.get_by_role("radio", name="Identified").check(force=True)
    page.get_by_label("Text", exact=True).fill(
        "The front page cannot be reached. We have found the cause and are mending it."
    )
    page.get_by_role("button", name="Save and preview").click()
    expect(page.locator("#preview")).to_contain_text("found the cause")
    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish update").click()
    eventually(lambda: "found the cause" in fetch(portal, "/status/"), within=60)
    incidents = json.loads(fetch(portal, "/api/v2/incidents/unresolved.json"))["incidents"]
    assert [one["incident_updates"][0]["body"] for one in incidents] == [
        "The front page cannot be reached. We have found the cause and are mending it."
    ]

    # The shop comes back: the timeline says so. Monitoring, then resolved.
    shop.start()
    page.goto(f"{portal.url}/incidents/INC-1/")
    expect(page.locator("#timeline")).to_contain_text("recovered", timeout=60_000)
    composer = page.locator("form", has=page.get_by_role("button", name="Post to team"))
    composer.get_by_role("textbox").first.fill("The server runs again. Watching.")
    composer.get_by_role("combobox").first.select_option("monitoring")
    composer.get_by_role("button", name="Post to team").click()
    expect(page.locator("#timeline")).to_contain_text("The server runs again. Watching.")
    page.get_by_role("link", name="Resolve…").first.click()
    with page.expect_navigation():
        page.get_by_role("button", name="Resolve INC-1").click()
    expect(page.locator("#room-head")).to_contain_text("Resolved", timeout=15_000)
    page.goto(f"{portal.url}/")
    expect(page.get_by_role("heading", name="Shop front page")).to_have_count(0)

    # The daily line knows the shop and what happened, and says it in totals only.
    daily = portal.manage("ops_daily", "--mode=ci")
    assert re.search(r"^ops_daily check=shop-front-page status=\w+ samples=\d+ availability=", daily.stdout, re.M)
    assert daily.stdout.rstrip().splitlines()[-1].startswith("ops_daily_watchdog status=")
    assert daily.returncode in {0, 2}
    assert str(shop.port) not in daily.stdout
    health = portal.manage("check_runtime_health").stdout.splitlines()
    assert health[0] == "runtime_health part=live status=ok http=200"
    assert "runtime_health part=body_limit status=ok http=413" in health
