"""The frame in a real browser: contrast, reflow, policy, keys, and what happens when the server goes away."""

import json
import re
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import expect

from opsportal import navigation
from opsportal.models import User
from opsportal.shell import Count
from tests.browser.application import enter, serve, whole
from tests.pages import LOOKS, axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MANIFEST = Path(__file__).parents[2] / "static/vendor/MANIFEST.json"
PASSWORD = "a long walk before the night shift"


@pytest.fixture
def admin(admin: User) -> User:
    admin.set_password(PASSWORD)
    admin.save()
    return admin


# --- looked at by axe -------------------------------------------------------------------------------------------------


@LOOKS
@pytest.mark.parametrize("path", ["/login/", "/nowhere/", "/login-link/gone/", "/setup/gone/"])
def test_pages_for_strangers_have_no_barrier(server, new_context, violations, path, scheme, viewport):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()

    page.goto(server.url + path)

    assert axe(page) == []
    assert sideways(page) == 0
    assert violations == []


@LOOKS
@pytest.mark.parametrize("path", ["/more/", "/people/", "/nowhere/", "/logout/"])
def test_pages_for_people_have_no_barrier(server, new_context, violations, admin, path, scheme, viewport):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()

    enter(page, server, admin, path)

    assert axe(page) == []
    assert sideways(page) == 0
    assert violations == []


def test_a_page_that_a_role_may_not_see_has_no_barrier(server, page, viewer):
    enter(page, server, viewer, "/people/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your role does not reach this")
    assert axe(page) == []


@pytest.mark.parametrize("path", ["/login/", "/more/", "/people/", "/nowhere/"])
def test_nothing_scrolls_sideways_at_320_pixels(server, new_context, admin, path):
    page = new_context(viewport={"width": 320, "height": 640}).new_page()

    enter(page, server, admin, path)

    assert sideways(page) == 0


def test_a_form_with_a_mistake_takes_the_focus_to_what_is_wrong(server, page, admin):
    page.goto(f"{server.url}/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_title("Error: Sign in – Opsportal")
    expect(page.locator(".note--crit[tabindex]")).to_be_focused()
    assert axe(page) == []


def test_dialogs_have_no_barrier(server, page, admin):
    enter(page, server, admin)
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert axe(page) == []


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_the_htmx_in_the_page_is_the_one_in_the_manifest(server, page, admin):
    enter(page, server, admin)

    versions = {entry["file"]: entry["version"] for entry in json.loads(MANIFEST.read_text())}
    assert page.evaluate("htmx.version") == versions["htmx.min.js"]
    assert page.evaluate("htmx.config.noSwap") == [204, 304, "5xx"]


def test_a_first_view_asks_for_few_files_and_only_here(server, page, admin):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    enter(page, server, admin)
    page.wait_for_load_state("networkidle")

    assert {urlsplit(url).netloc for url in asked} == {urlsplit(server.url).netloc}
    assert len(asked) <= 8  # the page, one stylesheet, four scripts, the icons and the favicon


# --- theme and keys ---------------------------------------------------------------------------------------------------


def test_the_theme_changes_at_once_and_stays(server, new_context, admin):
    page = new_context(color_scheme="light").new_page()
    enter(page, server, admin)

    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Switch theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_without_javascript_forms_still_work(server, new_context, admin):
    page = new_context(java_script_enabled=False, color_scheme="light").new_page()
    page.goto(f"{server.url}/login/?next=/more/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("More")

    page.get_by_role("button", name="Switch theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#live")).to_be_hidden()

    page.locator(".side").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_logging_out_leads_to_sign_in_though_a_poll_comes_in_between(page, admin):
    """The session has ended, so a poll is sent to sign in before the browser has heard of its own way out."""
    app, polled = whole(), threading.Event()

    def slow_to_say_so(environ: dict[str, Any], start_response: Any) -> Any:
        answer = app(environ, start_response)
        if environ["PATH_INFO"] == "/logout/":
            polled.clear()
            polled.wait(30)
            time.sleep(0.5)  # the page acts on the poll's answer
        elif environ["QUERY_STRING"].startswith("next="):
            polled.set()
        return answer

    server = serve(slow_to_say_so)
    enter(page, server, admin, "/")
    page.evaluate("setInterval(() => document.body.dispatchEvent(new CustomEvent('portal:refresh')), 200)")

    page.locator(".side").get_by_role("button", name="Log out").click(no_wait_after=True)

    page.wait_for_url(re.compile("/login/"))
    assert polled.is_set()
    assert urlsplit(page.url).query == ""
    server.stop()


def test_keys_lead_to_screens_but_not_from_inside_a_field(server, page, admin):
    enter(page, server, admin)
    page.locator("#q").focus()
    page.keyboard.type("gp")
    assert urlsplit(page.url).path == "/more/"

    page.locator("h1").click()
    page.keyboard.type("gp")

    page.wait_for_url("**/people/")


def test_keys_that_are_switched_off_do_nothing(server, page, admin):
    enter(page, server, admin)
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch off").click()

    page.keyboard.type("?gp")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert urlsplit(page.url).path == "/more/"


# --- is it still true? ------------------------------------------------------------------------------------------------


def test_numbers_beside_the_navigation_follow(server, page, admin, monkeypatch):
    numbers: dict[str, Count] = {}
    monkeypatch.setattr(navigation, "counts", lambda _person: numbers)
    page.clock.install()
    enter(page, server, admin)
    beside = page.get_by_role("navigation", name="Main").get_by_role("link", name="People")
    expect(beside).to_have_text("People")

    numbers["accounts:people"] = Count(2, "waiting")
    page.clock.fast_forward(15_000)

    expect(beside).to_have_text("People2 waiting")


def test_two_missed_polls_are_told_and_so_is_the_return(server, page, admin):
    page.clock.install()
    enter(page, server, admin)
    expect(page.locator("#live")).to_contain_text("Live, updated")
    server.stop()

    page.clock.fast_forward(15_000)
    expect(page.locator("#reconnect")).to_be_hidden()
    with page.expect_event("requestfailed"):
        page.clock.fast_forward(15_000)

    expect(page.locator("#reconnect")).to_contain_text("Connection lost 30 s ago")
    expect(page.locator("#live")).to_contain_text("Not live")
    assert axe(page) == []

    returned = serve(port=server.server_port)
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#reconnect")).to_be_hidden()
    page.clock.fast_forward(100)
    expect(page.locator("#said")).to_have_text("Connected again")
    returned.stop()


def test_a_timer_runs_on_the_servers_clock_and_tells_once_when_it_is_late(server, page, admin):
    page.clock.install(time="2020-01-01T00:00:00Z")  # a visitor whose clock is years behind
    enter(page, server, admin)
    page.evaluate(
        """() => {
          const due = Number(document.body.dataset.now) + 302;
          document.querySelector("h1").insertAdjacentHTML("afterend", `<div class="due"><span class="timer" role="timer"
            data-due="${due}"></span><span data-words="until the update" data-late="update late"></span></div>`);
        }"""
    )

    page.clock.run_for(1000)
    expect(page.locator(".due")).to_contain_text("until the update")
    assert re.fullmatch("05:0[012]|04:5[0-9]", page.locator(".timer").inner_text())
    page.clock.run_for(5000)
    expect(page.locator("#said")).to_have_text("5 min until the update")
    page.route("**", lambda _route: None)  # an answer would tell the server's time, which did not leap
    page.clock.fast_forward(310_000)

    expect(page.locator(".due--late")).to_contain_text("update late")
    assert re.fullmatch(r"\+00:[1-5][0-9]", page.locator(".timer").inner_text())  # seconds pass on a busy machine too
    page.clock.run_for(100)
    expect(page.locator("#said")).to_have_text("update late")


def test_an_act_that_the_server_refuses_is_told_beside_what_was_typed(server, page, admin):
    enter(page, server, admin)
    page.evaluate(
        "document.body.addEventListener('htmx:config:request', (e) => { window.sent = e.detail.ctx.request })"
    )

    page.evaluate("htmx.ajax('POST', '/people/deactivate/', {source: 'h1', values: {user: 'admin'}})")

    expect(page.get_by_role("alert")).to_contain_text("You cannot deactivate yourself. Ask another admin.")
    assert page.evaluate("Boolean(window.sent.headers['X-CSRFToken'])")
    assert axe(page) == []

    assert page.evaluate("window.sent.method") == "POST"
    page.evaluate("window.answer = htmx.ajax('GET', '/more/', {source: 'h1', swap: 'none'})")
    page.evaluate("window.answer")
    expect(page.get_by_role("alert")).to_contain_text("You cannot deactivate yourself.")

    page.evaluate("document.getElementById('dialog').showModal()")
    page.evaluate("htmx.ajax('POST', '/people/deactivate/', {source: '#dialog', values: {user: 'admin'}})")
    expect(page.locator("#dialog").get_by_role("alert")).to_contain_text("You cannot deactivate yourself.")


def test_an_act_that_does_not_reach_the_server_is_told(server, page, admin):
    enter(page, server, admin)
    page.context.set_offline(True)

    page.evaluate("htmx.ajax('POST', '/people/deactivate/', {source: 'h1', values: {user: 'admin'}})")

    expect(page.get_by_role("alert")).to_contain_text("The server did not answer. What you typed is still here.")


def test_a_hidden_tab_does_not_ask(server, page, admin):
    page.clock.install()
    enter(page, server, admin)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))

    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.fast_forward(60_000)
    assert "/more/" not in asked

    page.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#live")).to_contain_text("updated 0 s ago")
    assert asked.count("/more/") == 1


def test_when_the_session_ends_the_page_asks_to_sign_in(server, page, admin):
    page.clock.install()
    enter(page, server, admin)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    page.clock.fast_forward(15_000)

    expect(page).to_have_url(f"{server.url}/login/?next=/more/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
