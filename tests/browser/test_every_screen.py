"""Every screen of a demo portal, as each role sees it: no barrier, no refused style or script, nothing cut off.

The screens are found, not listed: every address of the URL resolver is asked for, with the numbers and names that other
pages carry. A new screen is walked from the day it has an address; a new address that shows nothing has to say why.
"""

import os
import re
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from django.urls import Resolver404, ResolverMatch, resolve
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page

from opsportal.roles import Role
from tests.pages import _LISTEN, DESKTOP, PHONE, axe, sideways
from tests.portals import Portal
from tests.test_urls_access import EXAMPLES, addresses

pytestmark = [pytest.mark.browser, pytest.mark.serial]

SHOWN = {"number": 17, "key": "api-health", "slug": "backend"}
# Other states of screens that are found, and pages that say no.
MORE = (
    *("/incidents/INC-15/", "/checks/portal-disk/", "/checks/legacy-import/", "/search/?q=ingest", "/search/?q=zzz"),
    *("/incidents/?status=resolved", "/audit/?actor=nobody", "/nothing-here/", "/theme/"),
)
PUBLIC = (
    "/status/",
    "/status/history/",
    "/status/maintenance/",
    "/status/components/",
    "/status/subscribe/",
    "/status/nothing-here/",
    "/login-link/gone/",
    "/setup/gone/",
    "/theme/",
)
# Screens that a portal of this age or a person without password cannot have, and where they are walked.
ELSEWHERE = {
    # tests/browser/test_accounts.py
    *("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_authenticate"),
    *("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_edit_webauthn", "mfa_remove_webauthn"),
    *("account_change_password", "accounts:login-link", "accounts:setup"),
    # tests/browser/test_subscribers.py
    *("incidents:reader_confirm", "incidents:reader_manage", "incidents:reader_unsubscribe"),
    # tests/browser/test_api.py, test_statuspage.py and test_deliveries.py
    *(
        "tokens:revoke",
        "tokens:rotate",
        "incidents:public_publish",
        "incidents:public_discard",
        "incidents:public_afterwards",
        "outbox:replay-chosen",
    ),
    # A calendar for programs, behind a secret word: tests/incidents/oncall/test_feeds.py
    "incidents:oncall_calendar",
    # The answer to a question that was sent to a person: tests/incidents/paging/test_reach.py
    "incidents:reach_proof",
    # tests/browser/test_checks.py
    *("checks:bulk-ask", "checks:bulk-progress"),
}
# Thousands of elements, for which axe takes as long as for twenty screens; it is asked in tests/browser/test_api.py.
ASKED_ELSEWHERE = {"/api/v1/docs"}
# Parts of other screens, and answers for another site.
NO_SCREENS = {
    "incidents:top",
    *("incidents:paging_marks", "incidents:oncall_marks", "incidents:runbook_marks", "checks:domain_marks"),
    "incidents:honesty",
    "mfa_login_webauthn",
    "sso",
    "openid_connect_login",
    "openid_connect_callback",
}
# Who has a part in the incident may before the role does; in the demo's incidents nobody of a lower role has it.
BY_PART = {"incidents:update_correct": Role.PUBLISHER, "incidents:public_publish": Role.PUBLISHER}
_LINK = re.compile(r'<a [^>]*?href="(/[^"#?]*)')
_TITLE = re.compile("<h1[ >]")
_FRESH_SECONDS = 200  # below the five minutes after which some screens ask who one is
_ENOUGH, _MOST = 3, 60  # addresses of a route to follow links from, and to look for one that shows something


@dataclass
class Screens:
    """What somebody can open: an address of each route that shows a page, and the routes that refused all of theirs."""

    found: dict[str, str] = field(default_factory=dict)
    blank: dict[str, int] = field(default_factory=dict)


def look_around(request: APIRequestContext, url: str) -> Screens:
    """Ask for each address of the resolver; then for those that pages link to, and for those made of their parts."""
    screens, tries = Screens(), Counter[str]()
    answered: set[str] = set()
    acts: set[str] = set()
    met: set[str] = set()
    waiting = deque(examples({}))
    while waiting:
        path = waiting.popleft()
        match = None if path in met else match_of(path)
        met.add(path)
        if match is None or match.view_name in acts:
            continue
        if tries[match.view_name] >= (_ENOUGH if match.view_name in answered else _MOST):
            continue
        tries[match.view_name] += 1
        answer = request.get(url + path, max_redirects=0)
        is_page = answer.headers.get("content-type", "text/html").startswith("text/html")
        if answer.status in (401, 405) or (answer.ok and not is_page):  # an act, an answer for programs
            acts.add(match.view_name)
        elif answer.ok or not is_page:
            answered.add(match.view_name)
        else:
            screens.blank[match.view_name] = answer.status
        if answer.ok and is_page:
            screens.found.setdefault(match.view_name, path)
            waiting.extend(_LINK.findall(answer.text()))
            waiting.extend(examples(match.kwargs))
    screens.blank = {name: status for name, status in screens.blank.items() if name not in answered | acts}
    return screens


def examples(parts: Mapping[str, object]) -> Iterator[str]:
    """An address of every route, with these parts where it has them."""
    return (path for _, path, _ in addresses(examples={**EXAMPLES, **SHOWN, **parts}))


def match_of(path: str) -> ResolverMatch | None:
    try:
        return resolve(path.partition("?")[0])
    except Resolver404:
        return None


def role_of(path: str) -> Role | None:
    """Whom the view asks for; None when it asks nobody."""
    match = match_of(path)
    if match is None:
        return None
    return BY_PART.get(match.view_name) or getattr(match.func, "required_role", None)


def is_new_frame(page: Page, frames: set[str]) -> bool:
    """Whether no screen before had this entry of the navigation as the present one; any with OPSPORTAL_FULL=1."""
    present = page.evaluate("document.querySelector('.nav [aria-current]')?.textContent ?? ''")
    is_new = present not in frames
    frames.add(present)
    return is_new or bool(os.environ.get("OPSPORTAL_FULL"))


@dataclass
class Walk:
    """Visitors of the shared portal: one sign-in for each role, whatever the size and the light."""

    portal: Portal
    browser: Browser
    states: dict[str, tuple[float, object]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def page(self, role: str = "", **options: object) -> Page:
        """A page of somebody with this role; of a stranger without one."""
        if role and (role not in self.states or time.monotonic() - self.states[role][0] > _FRESH_SECONDS):
            self.states[role] = (time.monotonic(), self._sign_in(role))
        state = {"storage_state": self.states[role][1]} if role else {}
        return self._context(**state, **options).new_page()

    def _sign_in(self, role: str) -> object:
        context = self._context()
        page = context.new_page()
        page.goto(self.portal.login_link(role))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.portal.url}/")
        state = context.storage_state()
        context.close()
        return state

    def _context(self, **options: object) -> BrowserContext:
        context = self.browser.new_context(**{"viewport": DESKTOP, **options})  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        if options.get("java_script_enabled", True):
            context.expose_function("reportViolation", lambda refusal: self.refused.append(refusal))
            context.add_init_script(_LISTEN)
        return context

    def look_around(self, role: str = "") -> Screens:
        page = self.page(role)
        screens = look_around(page.request, self.portal.url)
        page.context.close()
        return screens

    def open(self, page: Page, path: str) -> int:
        """Go there, and wait for the parts that load after the page."""
        answer = page.goto(self.portal.url + path)
        assert answer is not None
        if page.locator('[hx-trigger*="load"]').count():
            page.wait_for_timeout(250)
        return answer.status


@pytest.fixture(scope="module")
def walk(portal: Portal, browser: Browser) -> Iterator[Walk]:
    walk = Walk(portal, browser)
    yield walk
    assert walk.refused == []


@pytest.fixture(scope="module")
def screens(walk: Walk) -> Screens:
    """Those of an admin."""
    return walk.look_around("admin")


@pytest.fixture(scope="module")
def strangers(walk: Walk) -> Screens:
    """Those of nobody."""
    return walk.look_around()


def test_every_address_shows_a_screen_to_somebody(screens, strangers):
    blank = {name: status for name, status in screens.blank.items() if name not in strangers.found}

    assert {name: status for name, status in blank.items() if name not in ELSEWHERE | NO_SCREENS} == {}


@pytest.mark.parametrize(
    ("scheme", "viewport", "turn"), [("light", DESKTOP, 0), ("dark", PHONE, 1)], ids=["desktop", "phone"]
)
def test_no_screen_has_a_barrier_or_is_wider_than_its_window(walk, screens, strangers, scheme, viewport, turn):
    """Each screen in one of two looks, the two taking turns down the list; all in both with OPSPORTAL_FULL=1."""
    wrong: dict[str, object] = {}
    admins = [*screens.found.values(), *MORE]
    for role, paths in (("admin", admins), ("", [*strangers.found.values(), *PUBLIC])):
        page = walk.page(role, color_scheme=scheme)
        frames: set[str] = set()
        for path in paths if os.environ.get("OPSPORTAL_FULL") else paths[turn::2]:
            page.set_viewport_size(viewport)
            walk.open(page, path)
            if path not in ASKED_ELSEWHERE and (barriers := axe(page, frame=is_new_frame(page, frames))):
                wrong[path] = barriers
            for width in (900, 320):
                page.set_viewport_size({"width": width, "height": 700})
                if over := sideways(page):
                    wrong[f"{path} at {width}"] = over
        page.context.close()

    assert wrong == {}


@pytest.mark.parametrize("role", Role)
def test_each_role_reads_its_screens_without_javascript_and_no_others(walk, screens, role):
    page = walk.page(role)

    wrong = {}
    for path in screens.found.values():
        if (required := role_of(path)) is None:
            continue
        answer = page.request.get(walk.portal.url + path, max_redirects=0)
        titles = len(_TITLE.findall(answer.text()))
        if (answer.status, titles) != (200 if role.rank >= required.rank else 403, 1):
            wrong[path] = (answer.status, titles)
    page.context.close()

    assert wrong == {}


def test_the_public_page_is_light_and_needs_no_script(walk):
    page = walk.page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if answer.ok else None)
    page.goto(walk.portal.url + "/status/")
    page.wait_for_load_state("networkidle")

    assert page.locator("script").count() == 0
    assert page.context.cookies() == []
    assert len(sizes) <= 4
    assert page.evaluate("performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)") < 24_000
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator('meta[name="description"]').get_attribute("content")
    page.context.close()


def test_a_room_prints_without_the_frame(walk):
    page = walk.page("viewer")
    walk.open(page, "/incidents/INC-17/")
    page.emulate_media(media="print", color_scheme="dark")

    hidden = [one for one in (".side", ".top", ".tabbar") if page.locator(one).is_visible()]
    assert hidden == []
    assert page.get_by_role("heading", level=1).is_visible()
    ink = page.locator("h1").evaluate("(title) => getComputedStyle(title).color")
    assert ink == "rgb(19, 25, 36)"  # dark words on white paper, whatever the theme of the screen
    page.context.close()
