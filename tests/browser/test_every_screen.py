"""Every screen of a demo portal, as each role sees it: no barrier, no refused style or script, nothing cut off."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.pages import _LISTEN, axe
from tests.portals import Portal

pytestmark = [pytest.mark.browser, pytest.mark.serial]

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PUBLIC = ("/status/", "/status/history/", "/login/", "/login-link/gone/", "/setup/gone/")
VIEWER = (
    *("/", "/incidents/", "/incidents/INC-17/", "/incidents/INC-15/", "/incidents/INC-17/public/", "/alerts/"),
    *("/incidents/INC-18/", "/incidents/INC-17/related/", "/incidents/INC-17/alerts/", "/incidents/metrics/?weeks=52"),
    *("/checks/", "/checks/api-health/", "/checks/portal-disk/", "/checks/legacy-import/", "/statuspage/"),
    *(
        "/postmortems/",
        "/incidents/INC-14/postmortem/",
        "/incidents/INC-11/postmortem/",
        "/incidents/INC-2/postmortem/",
    ),
    *("/incidents/INC-11/postmortem/print/", "/follow-ups/", "/follow-ups/10/", "/incidents/INC-17/follow-ups/"),
    *("/ownership/", "/deliveries/", "/search/", "/search/?q=ingest", "/search/?q=zzz", "/more/", "/nothing-here/"),
)
RESPONDER = (
    *("/incidents/INC-17/link/", "/incidents/INC-17/unlink/14/", "/incidents/INC-16/merge/"),
    "/incidents/INC-18/split/",
    *("/incidents/new/", "/incidents/INC-17/actions/", "/incidents/INC-17/severity/", "/incidents/INC-17/resolve/"),
    *("/incidents/INC-17/waive/public_update/", "/incidents/INC-17/roles/commander/", "/checks/api-health/pause/"),
    *("/incidents/INC-11/postmortem/sign/", "/incidents/INC-11/postmortem/back/", "/incidents/INC-17/follow-ups/new/"),
    *("/follow-ups/10/edit/", "/follow-ups/10/finish/", "/follow-ups/10/drop/"),
)
PUBLISHER = ("/statuspage/components/new/", "/incidents/INC-10/postmortem/publish/")
ADMIN = ("/people/", "/checks/new/", "/checks/api-health/edit/", "/ownership/domains/backend/")
REACH = {
    "viewer": VIEWER,
    "responder": VIEWER + RESPONDER,
    "publisher": VIEWER + RESPONDER + PUBLISHER,
    "admin": VIEWER + RESPONDER + PUBLISHER + ADMIN,
}


@dataclass
class Walk:
    """Visitors of the shared portal: one sign-in for each role, whatever the size and the light."""

    portal: Portal
    browser: Browser
    states: dict[str, object] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def page(self, role: str = "", **options: object) -> Page:
        """A page of somebody with this role; of a stranger without one."""
        if role and role not in self.states:
            self.states[role] = self._sign_in(role)
        state = {"storage_state": self.states[role]} if role else {}
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
        context.set_default_timeout(15_000)
        if options.get("java_script_enabled", True):
            context.expose_function("reportViolation", lambda refusal: self.refused.append(refusal))
            context.add_init_script(_LISTEN)
        return context

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


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_no_screen_has_a_barrier(walk, scheme, viewport):
    found = {}
    for role, paths in (("admin", REACH["admin"]), ("", PUBLIC)):
        page = walk.page(role, color_scheme=scheme, viewport=viewport)
        for path in paths:
            walk.open(page, path)
            if barriers := axe(page):
                found[path] = barriers
        page.context.close()

    assert found == {}


@pytest.mark.parametrize("width", [320, 900])
def test_no_screen_is_wider_than_its_window(walk, width):
    cut = {}
    for role, paths in (("admin", REACH["admin"]), ("", PUBLIC)):
        page = walk.page(role, viewport={"width": width, "height": 700})
        for path in paths:
            walk.open(page, path)
            if over := sideways(page):
                cut[path] = over
        page.context.close()

    assert cut == {}


@pytest.mark.parametrize("role", REACH)
def test_each_role_reads_its_screens_without_javascript_and_no_others(walk, role):
    page = walk.page(role, java_script_enabled=False)
    refused = set(REACH["admin"]) - set(REACH[role])

    wrong = {}
    for path in REACH["admin"] if role in ("viewer", "admin") else RESPONDER + PUBLISHER + ADMIN:
        status = walk.open(page, path)
        due = 403 if path in refused else 404 if path == "/nothing-here/" else 200
        if status != due or page.locator("h1").count() != 1:
            wrong[path] = (status, page.locator("h1").count())
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
