"""Ways in, in a real browser: an app with its real codes, a passkey of a virtual device, and pages without barriers."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from playwright.sync_api import Page, expect

from opsportal.models import User
from tests.browser.application import Server
from tests.opsportal.test_accounts_factors import PASSWORD, SECRET, code_of
from tests.pages import DESKTOP, PHONE, axe, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def person(admin: User) -> User:
    admin.set_password(PASSWORD)
    admin.save()
    return admin


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def log_out(page: Page) -> None:
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/logout/")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")


def with_device(page: Page) -> None:
    """A device with a finger reader that always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    traits = ("hasResidentKey", "hasUserVerification", "isUserVerified", "automaticPresenceSimulation")
    options = {"protocol": "ctap2", "transport": "internal", **dict.fromkeys(traits, True)}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add_passkey(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/account/factors/passkeys/add/")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/account/factors/codes/")


def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(server, page, person):
    sign_in(page, server)
    page.goto(f"{server.url}/account/factors/")
    page.get_by_role("link", name="Set up an app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert axe(page) == []
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_role("textbox", name="Code").fill(code_of(secret))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.get_by_role("list", name="Codes").get_by_role("listitem")).to_have_count(10)
    assert axe(page) == []

    log_out(page)
    cache.clear()  # the code of this half minute was used to set the app up
    sign_in(page, server)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the code")
    assert axe(page) == []
    page.get_by_role("textbox", name="Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".note--crit[tabindex]").first).to_be_focused()
    for _ in range(2):  # a code that its half minute took away while it was typed is refused, and the next one passes
        page.get_by_role("textbox", name="Code").fill(code_of(secret))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        if page.url == f"{server.url}/":
            break

    page.wait_for_url(f"{server.url}/")


def test_a_passkey_is_added_and_signs_in_alone(server, page, person):
    with_device(page)
    sign_in(page, server)
    add_passkey(page, server)
    page.goto(f"{server.url}/account/factors/passkeys/")
    expect(page.get_by_text("Signs in alone")).to_be_visible()
    assert axe(page) == []

    log_out(page)
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(f"{server.url}/")
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None


def test_a_passkey_is_the_second_step_after_a_password(server, page, person):
    with_device(page)
    sign_in(page, server)
    add_passkey(page, server)
    log_out(page)
    sign_in(page, server)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the code")

    page.get_by_role("button", name="Use a passkey").click()

    expect(page).to_have_url(f"{server.url}/")


def test_a_browser_without_a_passkey_says_so(server, page, person):
    page.goto(f"{server.url}/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new DOMException('no')); }")

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.locator("#passkey-note")).to_contain_text("did not give a passkey")
    assert axe(page) == []


PAGES = (
    *("/account/", "/account/factors/", "/account/factors/app/", "/account/factors/passkeys/"),
    *("/account/factors/passkeys/add/", "/account/factors/codes/new/", "/account/factors/app/remove/"),
    *("/account/password/", "/account/again/", "/account/again/code/", "/account/again/none/", "/people/"),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.full
def test_pages_of_accounts_have_no_barrier(server, new_context, violations, person, viewport, scheme):
    page = new_context(color_scheme=scheme, viewport=viewport).new_page()
    sign_in(page, server)
    page.wait_for_url(f"{server.url}/")
    found: dict[str, list[str]] = {}
    for step, path in enumerate((*PAGES, f"/people/{person.pk}/")):
        if step == 5:  # what follows is for somebody with an app
            TOTP.activate(person, SECRET)
        page.goto(server.url + path)
        found[path] = axe(page) + ([f"{sideways(page)} px sideways"] if sideways(page) else [])

    assert {path: faults for path, faults in found.items() if faults} == {}
    assert violations == []


def test_everything_but_passkeys_works_without_javascript(server, new_context, person):
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, server)
    page.goto(f"{server.url}/account/factors/app/")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_role("textbox", name="Code").fill(code_of(secret))
    page.get_by_role("button", name="Switch on").click()

    expect(page.get_by_role("list", name="Codes").get_by_role("listitem")).to_have_count(10)
