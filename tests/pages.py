"""A real Chromium: pages, what the content security policy refused, and axe."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

# The shell draws no window that nobody sees: a visitor costs it half of what a whole browser takes.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The popups of an address bar that nobody sees: a second of a processor for each visitor, more than most tests need.
_UNSEEN = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess")
# What playwright turns off itself; the browser listens to the last such flag only.
_OFF = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "PaintHolding"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
)
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", f"--disable-features={','.join(_OFF + _UNSEEN)}"),
)
# Milliseconds for what comes at once where nobody else works.
_PATIENCE = 30_000
# Navigation and bars around every screen: half of what axe has to read on most.
FRAME = [".side", ".top", ".tabbar"]
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Both lights and both sizes, paired as in tests/browser/test_every_screen.py; the other pairs for OPSPORTAL_FULL=1.
LOOKS = pytest.mark.parametrize(
    ("scheme", "viewport"),
    [
        pytest.param("light", DESKTOP, id="desktop-light"),
        pytest.param("dark", PHONE, id="phone-dark"),
        pytest.param("dark", DESKTOP, id="desktop-dark", marks=pytest.mark.full),
        pytest.param("light", PHONE, id="phone-light", marks=pytest.mark.full),
    ],
)
_LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  window.reportViolation(`${event.violatedDirective} ${event.blockedURI} on ${location.pathname}`));
"""
# A colour on its way to another is in nobody's palette, and on a slow machine it is on its way for long.
_AT_REST = """
() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null))).then(() => null)
"""


def executable() -> str | None:
    """The machine's own browser; None means the one that playwright brings."""
    for name in _NAMES:
        program = shutil.which(name)
        if program and subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0:
            return program
    return None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per file. It is closed after it, because it leaves an event loop running in this thread."""
    expect.set_options(timeout=_PATIENCE)
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def violations() -> list[str]:
    """What the content security policy refused in this test; a test that expects some clears the list."""
    return []


@pytest.fixture
def new_context(browser: Browser, violations: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """Makes visitors with cookies of their own; the options are playwright's, such as `color_scheme="dark"`."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        context.set_default_timeout(_PATIENCE)
        context.expose_function("reportViolation", lambda refusal: violations.append(refusal))
        context.add_init_script(_LISTEN)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], violations: list[str]) -> Iterator[Page]:
    """A visitor's page at desktop size. The test fails when the policy refused anything."""
    yield new_context().new_page()
    assert violations == []


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext], violations: list[str]) -> Iterator[Page]:
    """The same on a phone."""
    yield new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).new_page()
    assert violations == []


def sideways(page: Page) -> int:
    """How far the page scrolls sideways, in pixels."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def axe(page: Page, *, frame: bool = True) -> list[str]:
    """What axe finds wrong on the page: one line per rule and element; an empty list is what tests want.

    Without the frame it reads what stands in it, for whoever has looked at the frame on another screen.
    """
    page.evaluate(_AT_REST)
    around = None if frame else {"exclude": FRAME}
    found = Axe().run(page, around).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
