"""Pictures of every screen of a demo portal: for the README, and for eyes before a release.

bin/screenshots [FOLDER [NAME...]]   all screens or those of these names, light and dark, desktop and phone
bin/screenshots --readme             only docs/images/, which the README shows
"""

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.pages import FLAGS, executable
from tests.portals import ROOT, Portal, end, new_data_dir

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

# name, address; the numbers of the demo's incidents are known
SCREENS = (
    ("now", "/"),
    ("incidents", "/incidents/"),
    ("declare", "/incidents/new/"),
    ("room", "/incidents/INC-20/"),
    ("heading", "/incidents/INC-20/heading/"),
    ("role", "/incidents/INC-20/roles/commander/"),
    ("room-merged", "/incidents/INC-21/"),
    ("merge", "/incidents/INC-19/merge/"),
    ("split", "/incidents/INC-21/split/"),
    ("link", "/incidents/INC-20/link/"),
    ("close", "/incidents/INC-17/close/"),
    ("verify", "/incidents/INC-17/verify/"),
    ("rules", "/settings/response/"),
    ("periods", "/settings/response/SEV-1/periods/"),
    ("metrics", "/incidents/metrics/"),
    ("declare-more", "/incidents/new/?title=Ingest+late&mode=test"),
    ("impact", "/incidents/INC-20/impact/"),
    ("impact-edit", "/incidents/INC-20/impact/edit/"),
    ("impact-time", "/incidents/INC-20/times/impact_started_at/"),
    ("channel", "/incidents/INC-20/channel/"),
    ("areas", "/settings/response/areas/"),
    ("postmortems", "/postmortems/"),
    ("postmortem", "/incidents/INC-17/postmortem/"),
    ("postmortem-print", "/incidents/INC-13/postmortem/print/"),
    ("follow-ups", "/follow-ups/"),
    ("changes", "/changes/"),
    ("change", "/changes/CHG-1/"),
    ("change-new", "/changes/new/"),
    ("change-announce", "/changes/CHG-1/announce/"),
    ("change-checks", "/changes/CHG-1/checks/"),
    ("change-rules", "/changes/rules/"),
    ("change-rule", "/changes/rules/deploy/"),
    ("freeze", "/changes/freezes/new/"),
    ("room-changes", "/incidents/INC-20/changes/"),
    ("suspect", "/incidents/INC-20/changes/1/suspect/"),
    ("drills", "/drills/"),
    ("drill", "/drills/DRILL-3/"),
    ("drill-preview", "/drills/DRILL-3/preview/"),
    ("scenario", "/drills/scenarios/ingest-outage/"),
    ("duties", "/duties/"),
    ("duty", "/duties/daily-health-checks/"),
    ("runbooks", "/runbooks/"),
    ("runbook", "/runbooks/database-outage/"),
    ("runbook-edit", "/runbooks/database-outage/edit/"),
    ("runbook-history", "/runbooks/database-outage/history/"),
    ("runbook-version", "/runbooks/database-outage/history/2/"),
    ("runbook-print", "/runbooks/database-outage/print/"),
    ("runbook-import", "/runbooks/import/"),
    ("room-runbooks", "/incidents/INC-20/runbooks/"),
    ("take-steps", "/incidents/INC-20/runbooks/database-outage/take/"),
    ("checks", "/checks/"),
    ("check", "/checks/api-health/"),
    ("check-new", "/checks/new/"),
    ("statuspage", "/statuspage/"),
    ("components", "/statuspage/components/"),
    ("component-new", "/statuspage/components/new/"),
    ("texts", "/statuspage/rules/"),
    ("update", "/incidents/INC-20/public/"),
    ("unpublish", "/incidents/INC-20/public/unpublish/"),
    ("afterwards", "/incidents/INC-3/public/afterwards/"),
    ("subscribers", "/statuspage/subscribers/"),
    ("subscribers-import", "/statuspage/subscribers/import/"),
    ("look", "/statuspage/look/"),
    ("maintenances", "/statuspage/maintenance/"),
    ("maintenance-plan", "/statuspage/maintenance/new/"),
    ("series-end", "/statuspage/maintenance/rules/1/end/"),
    ("ownership", "/ownership/"),
    ("deliveries", "/deliveries/"),
    ("destinations", "/deliveries/destinations/"),
    ("alerts", "/alerts/"),
    ("people", "/people/"),
    ("person", "/people/3/"),
    ("view-as", "/view-as/responder/"),
    ("account", "/account/"),
    ("factors", "/account/factors/"),
    ("authenticator", "/account/factors/app/"),
    ("tokens", "/settings/tokens/"),
    ("audit", "/audit/"),
    ("abuse", "/abuse/"),
    ("configuration", "/settings/"),
    ("leak", "/settings/leak/"),
    ("api", "/api/v1/docs"),
    ("search", "/search/?q=ingest"),
    ("more", "/more/"),
    ("not-found", "/nothing-here/"),
)
PUBLIC = (
    ("public", "/status/"),
    ("public-history", "/status/history/"),
    ("public-maintenance", "/status/maintenance/"),
    ("public-components", "/status/components/"),
    ("subscribe", "/status/subscribe/"),
    ("sign-in", "/login/"),
)
README = (("now-desktop-light", "now", False, "light"), ("room-phone-dark", "room", True, "dark"))


def main(arguments: list[str]) -> None:
    folder = ROOT / "docs" / "images" if "--readme" in arguments else Path(arguments[0] if arguments else "var/shots")
    folder.mkdir(parents=True, exist_ok=True)
    names = frozenset(arguments[1:])
    portal = Portal(new_data_dir(), arguments=("--demo",)).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
            for scheme in SCHEMES:
                for is_phone in (False, True):
                    _take(
                        browser, portal, folder, scheme, names, is_phone=is_phone, only_readme="--readme" in arguments
                    )
            browser.close()
    finally:
        end(portal)


def _take(
    browser: Browser,
    portal: Portal,
    folder: Path,
    scheme: Scheme,
    names: frozenset[str],
    *,
    is_phone: bool,
    only_readme: bool,
) -> None:
    size = "phone" if is_phone else "desktop"
    context = browser.new_context(
        viewport=PHONE if is_phone else DESKTOP, color_scheme=scheme, is_mobile=is_phone, has_touch=is_phone
    )
    page = context.new_page()
    page.goto(portal.login_link("admin"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{portal.url}/")
    wanted = {name for name, screen, phone, theme in README if (phone, theme) == (is_phone, scheme)}
    for name, address in SCREENS:
        file = f"{name}-{size}-{scheme}"
        if (file in wanted) if only_readme else (not names or name in names):
            page.goto(portal.url + address)
            page.wait_for_load_state("networkidle")
            _shoot(page, folder / f"{file}.png", whole=not only_readme)
    if not only_readme:
        context.clear_cookies()
        for name, address in ((name, address) for name, address in PUBLIC if not names or name in names):
            page.goto(portal.url + address)
            _shoot(page, folder / f"{name}-{size}-{scheme}.png", whole=True)
    context.close()


def _shoot(page: Page, file: Path, *, whole: bool) -> None:
    """The window as it is, or one as tall as the page: bars that stick to an edge then stand where they belong."""
    size = page.viewport_size
    if whole and size:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    page.screenshot(path=file)
    if whole and size:
        page.set_viewport_size(size)


if __name__ == "__main__":
    main(sys.argv[1:])
