"""The second step, proof again before sensitive acts, sessions and their ends."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from opsportal.accounts import actions, factors, sessions
from opsportal.errors import Refused
from opsportal.models import AuditEvent, Delivery, User
from opsportal.roles import Role
from opsportal.secrets.actions import closed_elsewhere
from tests.test_urls_access import addresses

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk before the night shift"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def no_limits_of_other_tests():
    cache.clear()


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def with_password(person: User) -> User:
    person.set_password(PASSWORD)
    person.save()
    return person


def with_app(person: User) -> User:
    TOTP.activate(person, SECRET)
    return person


def age(client: Client, **seconds: float) -> None:
    """Let time pass for a session: its proofs, its start, its last request."""
    session = client.session
    for record in session.get("account_authentication_methods", []):
        record["at"] -= seconds.get("proof", 0)
    for name, key in (("signed_in_at", "started"), ("seen_at", "seen")):
        if key in seconds:
            session[name] = time.time() - seconds[key]
    session["account_authentication_methods"] = session.get("account_authentication_methods", [])
    session.save()


def sign_in(name: str) -> tuple[Client, str]:
    """By password; where it led."""
    client = Client()
    answer = client.post("/login/", {"login": name, "password": PASSWORD})
    return client, answer.headers.get("Location", "")


# --- setting up -------------------------------------------------------------------------------------------------------


def test_an_app_is_set_up_with_its_code_and_the_recovery_codes_are_shown_once(
    client_as, responder, django_capture_on_commit_callbacks
):
    client = client_as(responder)

    page = client.get("/account/factors/app/").text
    secret = re.search(r'id="totp-secret">([A-Z2-7]+)<', page)
    assert secret
    assert "<svg" in page
    assert "data:image" not in page
    assert "<?xml" not in page
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/account/factors/app/", {"code": code_of(secret[1])})

    assert done["Location"] == "/account/factors/codes/"
    assert factors.has_factor(responder)
    assert len(re.findall(r"<li>\d{8}</li>", client.get("/account/factors/codes/").text)) == 10
    assert re.findall(r"<li>\d{8}</li>", client.get("/account/factors/codes/").text) == []
    assert AuditEvent.objects.filter(act="mfa.app.add", actor="responder").exists()


def test_a_wrong_first_code_switches_nothing_on(client_as, responder):
    client = client_as(responder)
    client.get("/account/factors/app/")

    answer = client.post("/account/factors/app/", {"code": "000000"})

    assert "This code is wrong" in answer.text
    assert not factors.has_factor(responder)


def test_the_secret_of_an_app_is_closed_and_a_rotation_of_keys_keeps_it_working(responder):
    with_app(with_password(responder))
    before = Authenticator.objects.get(user=responder).data["secret"]

    factors.close_again()

    after = Authenticator.objects.get(user=responder).data["secret"]
    assert SECRET not in before + after
    assert before != after
    assert factors.close_again in closed_elsewhere
    assert sign_in("responder")[0].post("/login/step/", {"code": code_of(SECRET)})["Location"] == "/"


def test_whoever_must_have_a_factor_sets_one_up_before_anything_else(client_as, publisher, viewer, settings):
    settings.MFA_REQUIRED = True

    led = client_as(publisher).get("/more/")
    part = client_as(publisher).get("/more/", headers={"HX-Request": "true", "HX-Request-Type": "partial"})

    assert led["Location"] == part["HX-Redirect"] == "/account/factors/"
    assert "Your role needs one" in client_as(publisher).get("/account/factors/").text
    assert client_as(publisher).get("/account/factors/app/").status_code == 200
    assert client_as(viewer).get("/more/").status_code == 200
    with_app(publisher)
    assert client_as(publisher).get("/more/").status_code == 200


# --- signing in -------------------------------------------------------------------------------------------------------


def test_a_password_alone_is_not_enough_with_a_factor(responder):
    with_app(with_password(responder))
    client, led = sign_in("responder")

    assert led == "/login/step/"
    assert client.get("/more/").status_code == 302
    assert client.post("/login/step/", {"code": code_of(SECRET)})["Location"] == "/"
    assert client.get("/more/").status_code == 200


def test_a_code_works_once(responder):
    with_app(with_password(responder))
    code = code_of(SECRET)
    sign_in("responder")[0].post("/login/step/", {"code": code})

    again = sign_in("responder")[0].post("/login/step/", {"code": code})

    assert again.status_code == 200
    assert AuditEvent.objects.filter(act="mfa.refused", actor="responder").exists()


def test_the_code_that_set_the_app_up_signs_nobody_in(client_as, responder):
    client = client_as(with_password(responder))
    secret = re.search(r'id="totp-secret">([A-Z2-7]+)<', client.get("/account/factors/app/").text)
    assert secret
    code = code_of(secret[1])
    client.post("/account/factors/app/", {"code": code})

    answer = sign_in("responder")[0].post("/login/step/", {"code": code})

    assert answer.status_code == 200
    assert "was used already" in answer.text


def test_a_recovery_code_works_once(client_as, responder):
    with_app(with_password(responder))
    client = client_as(responder)
    client.post("/account/factors/codes/new/")
    code = re.findall(r"<li>(\d{8})</li>", client.get("/account/factors/codes/").text)[0]

    first = sign_in("responder")[0].post("/login/step/", {"code": code})
    second = sign_in("responder")[0].post("/login/step/", {"code": code})

    assert first.status_code == 302
    assert second.status_code == 200


def test_a_one_time_link_keeps_the_second_step(responder):
    with_app(responder)
    token = actions.offer_login(responder, by="admin", at=timezone.now())

    assert Client().post(f"/login-link/{token}/")["Location"] == "/login/step/"


def test_a_break_glass_link_passes_it_and_every_admin_is_told(responder, admin, settings):
    settings.EMAIL_CONFIGURED, settings.ALERT_EMAIL = True, ["ops@example.com", "third@example.com"]
    User.objects.filter(pk=admin.pk).update(email="admin@example.com")
    User.objects.add("second", Role.ADMIN, "second@example.com")
    User.objects.add("third", Role.ADMIN, "third@example.com")
    User.objects.add("publisher", Role.PUBLISHER, "publisher@example.com")
    gone = User.objects.add("gone", Role.ADMIN, "gone@example.com")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with_app(responder)
    token = actions.offer_login(responder, by="shell", at=timezone.now(), skips_factor=True)
    client = Client()

    assert client.post(f"/login-link/{token}/")["Location"] == "/"

    assert client.get("/more/").status_code == 200
    assert AuditEvent.objects.filter(act="login.break_glass", actor="responder").exists()
    told = {one.destination for one in Delivery.objects.filter(subject__contains="responder used a break-glass link")}
    assert told == {f"{name}@example.com" for name in ("admin", "second", "third", "ops")}
    assert Delivery.objects.count() == len(told)


def test_a_newcomer_may_choose_a_password_at_once(responder):
    token = actions.offer_login(responder, by="admin", at=timezone.now())
    client = Client()

    assert "Choose a password first" in client.get(f"/login-link/{token}/").text
    led = client.post(f"/login-link/{token}/", {"then": "password"})["Location"]
    done = client.post(led, {"password1": PASSWORD, "password2": PASSWORD})

    assert done["Location"] == "/account/"
    assert sign_in("responder")[1] == "/"


def test_guesses_stop_the_password_but_not_a_link(responder):
    with_password(responder)
    for _ in range(6):
        Client().post("/login/", {"login": "responder", "password": "a wrong guess of somebody"})

    assert "Too many tries" in Client().post("/login/", {"login": "responder", "password": PASSWORD}).text
    token = actions.offer_login(responder, by="shell", at=timezone.now())
    assert Client().post(f"/login-link/{token}/").status_code == 302


# --- proof again ------------------------------------------------------------------------------------------------------


def test_an_old_sign_in_is_not_enough_for_a_role_and_the_form_goes_on_after_the_proof(client_as, admin, viewer):
    client = client_as(with_password(admin))
    age(client, proof=301)

    asked = client.post("/people/role/", {"user": "viewer", "role": "responder"})
    assert asked["Location"].startswith("/account/again/?next=")
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER
    wrong = client.post(asked["Location"], {"password": "not this one", "next": "/people/role/"})
    assert wrong.status_code == 200
    client.post(asked["Location"], {"password": PASSWORD, "next": "/people/role/"})

    viewer.refresh_from_db()
    assert viewer.role == Role.RESPONDER


def test_whoever_can_prove_nothing_is_told_to_come_in_again(client_as, admin):
    client = client_as(admin)
    age(client, proof=301)

    led = client.get("/account/factors/app/")["Location"]

    assert led == "/account/again/none/?next=%2Faccount%2Ffactors%2Fapp%2F"
    assert "new one-time link" in client.get(led).text
    assert client.get("/account/again/")["Location"] == "/account/again/none/"


def test_everything_that_changes_a_way_in_asks_for_a_recent_proof():
    named = {name: view for name, _, view in addresses(get_resolver().url_patterns)}
    acts = [name for name in named if name.startswith("mfa_") and not name.startswith(("mfa_re", "mfa_login"))]
    acts = [name for name in acts if name not in {"mfa_index", "mfa_list_webauthn", "mfa_authenticate"}]
    acts += ["account_change_password", "account_set_password", "accounts:person-factor", "accounts:person-sessions"]
    acts += ["accounts:role", "accounts:link", "accounts:deactivate", "accounts:activate"]

    assert [name for name in acts if not getattr(named[name], "needs_recent_sign_in", False)] == []


# --- sessions ---------------------------------------------------------------------------------------------------------


def not_seen_yet(client: Client) -> Client:
    """A session whose first request is still to come, and which that request writes down."""
    session = client.session
    del session["seen_at"]
    session.save()
    return client


def test_a_person_sees_their_sessions_and_ends_another(client_as, responder):
    here, there = not_seen_yet(client_as(responder)), not_seen_yet(client_as(responder))
    there.get("/more/", headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    here.get("/more/")

    page = here.get("/account/").text
    other = next(one for one in sessions.living(responder) if one.where == "Firefox on Windows")
    here.post("/account/sessions/", {"session": other.pk})

    assert "Firefox on Windows" in page
    assert "127.0.0.0" in page
    assert "127.0.0.1" not in page
    assert there.get("/more/").status_code == 302
    assert here.get("/more/").status_code == 200


def test_all_other_sessions_end_at_once(client_as, responder):
    here, there = client_as(responder), client_as(responder)
    here.get("/more/")

    here.post("/account/sessions/")

    assert there.get("/more/").status_code == 302
    assert here.get("/more/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else_as_their_own(client_as, responder, viewer):
    theirs = not_seen_yet(client_as(viewer))
    theirs.get("/more/")

    client_as(responder).post("/account/sessions/", {"session": sessions.living(viewer)[0].pk})

    assert theirs.get("/more/").status_code == 200


@pytest.mark.parametrize("chosen", ["9" * 5000, "9" * 19, "²", "x", "-1"])
def test_what_is_no_session_ends_none(client_as, admin, viewer, chosen):
    here, there, desk = client_as(viewer), client_as(viewer), client_as(admin)

    assert here.post("/account/sessions/", {"session": chosen}).status_code == 302
    assert desk.post(f"/people/{viewer.pk}/sessions/", {"session": chosen}).status_code == 302
    assert there.get("/deliveries/").status_code == 200


def test_an_admin_ends_all_sessions_of_a_person(client_as, admin, responder):
    theirs = client_as(responder)
    theirs.get("/more/")

    client_as(admin).post(f"/people/{responder.pk}/sessions/")

    assert theirs.get("/more/").status_code == 302
    assert AuditEvent.objects.filter(act="session.revoke_all", actor="admin").exists()


def test_an_admin_takes_a_lost_factor_away_but_not_their_own(client_as, admin, responder):
    with_app(responder)
    theirs = client_as(responder)

    client_as(admin).post(f"/people/{responder.pk}/factor/")

    assert not factors.has_factor(responder)
    assert theirs.get("/more/").status_code == 302
    with pytest.raises(Refused, match="your own"):
        factors.reset(admin, by=admin)


@pytest.mark.parametrize("passed", [{"started": 12 * 3600 + 1, "seen": 5}, {"started": 4000, "seen": 3601}])
def test_a_session_ends_after_twelve_hours_and_after_an_idle_hour(client_as, responder, passed):
    client = client_as(responder)
    client.get("/more/")
    age(client, **passed)

    assert client.get("/more/")["Location"].startswith("/login/")


def test_a_changed_password_ends_the_other_sessions(client_as, responder):
    with_password(responder)
    here, there = client_as(responder), client_as(responder)

    form = {"oldpassword": PASSWORD, "password1": PASSWORD + " twice", "password2": PASSWORD + " twice"}
    assert here.post("/account/password/", form)["Location"] == "/account/"

    assert here.get("/more/").status_code == 200
    assert there.get("/more/").status_code == 302


def test_the_own_time_zone_is_kept_and_an_invented_one_refused(client_as, responder):
    client = client_as(responder)

    assert client.post("/account/", {"time_zone": "Europe/Berlin"}).status_code == 302
    assert client.post("/account/", {"time_zone": "Moon/Base"}).status_code == 422
    responder.refresh_from_db()
    assert responder.time_zone == "Europe/Berlin"


def test_the_people_screen_says_who_lacks_a_factor(client_as, admin, publisher, viewer, settings):
    with_app(admin)
    with_app(viewer)
    settings.MFA_REQUIRED = True

    page = client_as(admin).get("/people/").text

    assert page.count("Second factor needed") == 1
    assert page.count(">App<") >= 1


def test_ending_one_persons_sessions_is_quick_among_many(responder, viewer):
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session

    end = timezone.now() + timedelta(hours=1)
    Session.objects.bulk_create(
        Session(session_key=f"{i:032}", session_data="x", expire_date=end) for i in range(10_000)
    )
    UserSession.objects.bulk_create(
        UserSession(user=viewer, ip="127.0.0.0", session_key=f"{i:032}", user_agent="x") for i in range(10_000)
    )

    start = time.thread_time()
    actions.end_sessions(viewer)

    assert time.thread_time() - start < 5
    assert Session.objects.count() == 0
