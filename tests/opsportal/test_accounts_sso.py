"""Single sign-on against a real provider on loopback: who gets in, who does not, and what happens when it is away."""

import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from opsportal.models import AuditEvent, Delivery, User
from opsportal.roles import Role
from tests.opsportal.oidc import Provider

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk before the night shift"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """The test looks at where it leads."""


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    cache.clear()
    provider = Provider().start()
    settings.SSO_ENABLED = True
    settings.SSO_NAME = "Acme ID"
    app = {
        "provider_id": "sso",
        "name": "Acme ID",
        "client_id": provider.client_id,
        "secret": provider.client_secret,
        "settings": {"server_url": provider.issuer},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield provider
    provider.stop()


def visit(client: Client, query: str = "") -> Any:
    """From the button to the end, through the provider."""
    away = client.get(f"/login/sso/{query}")["Location"]
    opener = urllib.request.build_opener(NoRedirect)
    try:
        opener.open(away, timeout=5)
    except urllib.error.HTTPError as redirect:
        back = urlsplit(redirect.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def person(name: str = "sre-oncall", email: str = "sre@example.com") -> User:
    return User.objects.add(name, Role.RESPONDER, email)


def test_a_verified_address_finds_the_person(provider):
    person(email="SRE@example.com")
    provider.claims = {"sub": "42", "email": "sre@example.com", "email_verified": True, "name": "S. Oncall"}
    client = Client()

    answer = visit(client, "?next=/checks/")

    assert answer["Location"] == "/checks/"
    assert client.get("/more/").status_code == 200
    assert not AuditEvent.objects.filter(act="login.break_glass").exists()
    assert SocialAccount.objects.get().extra_data == {}


def test_the_name_finds_the_person_when_there_is_no_address(provider):
    person(email="")
    provider.claims = {"sub": "42", "preferred_username": "sre-oncall"}

    assert visit(Client())["Location"] == "/"


def test_the_second_visit_finds_the_person_by_the_providers_number(provider):
    somebody = person()
    provider.claims = {"sub": "42", "email": "sre@example.com", "email_verified": True}
    visit(Client())
    User.objects.filter(pk=somebody.pk).update(email="new@example.com")

    assert visit(Client())["Location"] == "/"
    assert SocialAccount.objects.get().extra_data == {}


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.com", "email_verified": True},
        {"email": "sre@example.com", "email_verified": False},
        {"email": "twice@example.com", "email_verified": True},
        {"preferred_username": "gone"},
    ],
    ids=["unknown", "unverified", "ambiguous", "switched off"],
)
def test_whoever_is_not_one_known_person_is_refused_with_words_and_nobody_is_made(provider, claims):
    person()
    person("one", "twice@example.com")
    person("two", "twice@example.com")
    User.objects.filter(pk=person("gone", "").pk).update(is_active=False)
    provider.claims = {"sub": "43", **claims}
    client = Client()

    answer = visit(client)

    assert answer.status_code == 403
    assert "Nobody here has this account" in answer.content.decode()
    assert User.objects.count() == 4
    assert client.get("/more/").status_code == 302
    assert AuditEvent.objects.filter(act="sign_in.refused", object="sso").exists()


def test_a_token_for_somebody_else_is_refused(provider):
    person()
    provider.claims = {"sub": "42", "email": "sre@example.com", "email_verified": True}
    provider.audience = "another-portal"

    assert visit(Client()).status_code == 403


def test_an_answer_without_the_state_of_this_browser_is_refused(provider):
    person()

    assert Client().get("/login/sso/callback/?code=x&state=y").status_code == 403


def test_a_second_factor_is_asked_for_after_single_sign_on_too(provider):
    TOTP.activate(person(), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    provider.claims = {"sub": "42", "email": "sre@example.com", "email_verified": True}

    assert visit(Client())["Location"] == "/login/step/"


def test_when_the_provider_is_away_a_password_gets_in_and_every_admin_is_told(provider, admin, settings):
    settings.EMAIL_CONFIGURED = True
    User.objects.filter(pk=admin.pk).update(email="admin@example.com")
    somebody = person()
    somebody.set_password(PASSWORD)
    somebody.save()
    provider.server.server_close()
    provider.server.shutdown()
    client = Client()

    away = client.get("/login/sso/")
    assert away.status_code == 502
    assert "does not answer" in away.content.decode()
    assert client.post("/login/", {"login": "sre-oncall", "password": PASSWORD})["Location"] == "/"

    assert AuditEvent.objects.filter(act="login.break_glass", actor="sre-oncall").exists()
    assert "sre-oncall signed in without" in Delivery.objects.get(destination="admin@example.com").subject


def test_the_sign_in_page_offers_it_only_when_it_is_configured(provider, settings):
    assert "Continue with Acme ID" in Client().get("/login/").content.decode()

    settings.SSO_ENABLED = False

    assert "Acme ID" not in Client().get("/login/").content.decode()
    assert Client().get("/login/sso/").status_code == 404
    assert Client().get("/login/other/start/").status_code == 404
