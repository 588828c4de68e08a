"""Who gets in, once, and who may do what."""

from datetime import timedelta
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from opsportal.accounts import actions, sessions
from opsportal.accounts.forms import PersonForm
from opsportal.errors import Refused
from opsportal.models import AuditEvent, LoginLink, User
from opsportal.roles import Role

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk before the night shift"


def test_the_set_up_link_makes_the_first_admin_and_logs_in():
    token = actions.offer_setup(at=timezone.now())
    client = Client()

    response = client.post(
        f"/setup/{token}/", {"username": "ops", "email": "", "password1": PASSWORD, "password2": PASSWORD}
    )

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert User.objects.get().role == Role.ADMIN
    assert "_auth_user_id" in client.session


def test_the_set_up_link_works_once():
    token = actions.offer_setup(at=timezone.now())
    form = {"username": "ops", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(f"/setup/{token}/", form)

    again = Client().post(f"/setup/{token}/", {**form, "username": "other"})

    assert again.status_code == 410
    assert User.objects.count() == 1


def test_no_set_up_link_is_offered_once_an_admin_exists(admin):
    assert actions.offer_setup(at=timezone.now()) is None


def test_a_set_up_link_ends_after_an_hour():
    token = actions.offer_setup(at=timezone.now() - timedelta(hours=1, seconds=1))

    assert Client().get(f"/setup/{token}/").status_code == 410


@pytest.mark.parametrize(
    ("password1", "password2", "words"),
    [
        ("short", "short", "at least 15 characters"),
        (PASSWORD, PASSWORD + "x", "differ"),
        ("passwordpassword1", "passwordpassword1", "guessed first"),
    ],
)
def test_a_poor_password_is_refused_with_words_and_the_name_comes_back(password1, password2, words):
    token = actions.offer_setup(at=timezone.now())

    response = Client().post(f"/setup/{token}/", {"username": "ops", "password1": password1, "password2": password2})

    assert response.status_code == 422
    assert words in response.content.decode()
    assert 'value="ops"' in response.content.decode()
    assert not User.objects.exists()


def test_a_login_link_asks_for_a_click_and_then_works_once(responder):
    token = actions.offer_login(responder, by="shell", at=timezone.now())
    client = Client()

    looked = client.get(f"/login-link/{token}/")
    clicked = client.post(f"/login-link/{token}/")
    again = Client().post(f"/login-link/{token}/")

    assert looked.status_code == 200
    assert clicked.status_code == 302
    assert client.get("/deliveries/").status_code == 200
    assert again.status_code == 410


def test_a_new_login_link_ends_the_older_one(responder):
    first = actions.offer_login(responder, by="shell", at=timezone.now())
    actions.offer_login(responder, by="shell", at=timezone.now())

    assert Client().post(f"/login-link/{first}/").status_code == 410


def test_only_the_hash_of_a_link_is_stored(responder):
    token = actions.offer_login(responder, by="shell", at=timezone.now())

    assert token not in str(LoginLink.objects.values().get())


def test_the_login_link_command_names_the_known_people_when_it_does_not_know_one(responder):
    err = StringIO()

    with pytest.raises(SystemExit) as stopped:
        call_command("login_link", "--user", "nobody", stderr=err)

    assert stopped.value.code == 1
    assert "Known: responder" in err.getvalue()


def test_the_login_link_command_prints_an_address_and_is_audited(responder):
    out = StringIO()

    call_command("login_link", "--user", "responder", stdout=out)

    assert out.getvalue().startswith("http://localhost")
    assert AuditEvent.objects.filter(act="login_link.offer", actor="shell", object="responder").exists()


def test_a_password_signs_in_and_a_wrong_one_says_nothing_about_the_name(admin):
    admin.set_password(PASSWORD)
    admin.save()

    wrong = Client().post("/login/", {"login": "admin", "password": "not this one at all"})
    unknown = Client().post("/login/", {"login": "nobody", "password": "not this one at all"})
    right = Client().post("/login/", {"login": "admin", "password": PASSWORD})

    assert right.status_code == 302
    assert wrong.status_code == unknown.status_code
    assert _error(wrong) == _error(unknown)


def _error(response) -> list[str]:
    return list(response.context["form"].non_field_errors())


def test_nobody_signs_up_by_themselves():
    assert Client().get("/signup/").status_code in {302, 404}


def test_an_admin_adds_somebody_and_sees_the_link_once(client_as, admin):
    client = client_as(admin)

    response = client.post("/people/", {"username": "sre-oncall", "email": "", "role": "responder"})

    assert "/login-link/" in response.content.decode()
    assert User.objects.get(username="sre-oncall").role == Role.RESPONDER
    assert "/login-link/" not in client.get("/people/").content.decode()


def test_a_role_change_ends_the_sessions_of_that_person(client_as, admin, responder):
    theirs = client_as(responder)

    client_as(admin).post("/people/role/", {"user": "responder", "role": "publisher"})

    responder.refresh_from_db()
    assert responder.role == Role.PUBLISHER
    assert theirs.get("/deliveries/").status_code == 302


def test_the_last_admin_stays(admin, responder):
    other = User.objects.add("second", Role.ADMIN)
    actions.change_role(other, to=Role.VIEWER, by=admin, at=timezone.now())

    with pytest.raises(Refused, match="own role"):
        actions.change_role(admin, to=Role.VIEWER, by=admin, at=timezone.now())
    with pytest.raises(Refused, match="last admin"):
        actions.deactivate(admin, by=other, at=timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("takes_away", ["role", "account"])
def test_two_admins_who_remove_each_other_at_the_same_moment_leave_one(admin, takes_away):
    other = User.objects.add("second", Role.ADMIN)
    together, refused = Barrier(2), []

    def remove(person: User, by: User) -> None:
        together.wait(timeout=10)
        try:
            if takes_away == "role":
                actions.change_role(person, to=Role.VIEWER, by=by, at=timezone.now())
            else:
                actions.deactivate(person, by=by, at=timezone.now())
        except Refused as refusal:
            refused.append(refusal.code)
        finally:
            connections.close_all()

    threads = [Thread(target=remove, args=pair) for pair in ((other, admin), (admin, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert refused == ["LAST_ADMIN"]
    assert User.objects.admins().count() == 1


def test_whoever_lost_the_role_a_moment_ago_changes_nobody_any_more(admin, responder):
    late = User.objects.add("late", Role.ADMIN)
    actions.change_role(late, to=Role.VIEWER, by=admin, at=timezone.now())

    with pytest.raises(Refused, match="no longer an admin"):
        actions.change_role(responder, to=Role.ADMIN, by=late, at=timezone.now())
    with pytest.raises(Refused, match="no longer an admin"):
        actions.deactivate(responder, by=late, at=timezone.now())
    with pytest.raises(Refused, match="no longer an admin"):
        actions.activate(responder, by=late, at=timezone.now())


def test_a_deactivated_person_is_out_at_once(client_as, admin, responder):
    theirs = client_as(responder)

    client_as(admin).post("/people/deactivate/", {"user": "responder"})

    assert theirs.get("/deliveries/").status_code == 302
    with pytest.raises(Refused, match="deactivated"):
        actions.offer_login(User.objects.get(pk=responder.pk), by="shell", at=timezone.now())


@pytest.mark.parametrize("name", ["anonymous", "Portal", "shell", "unknown", "RESPONDER"])
def test_a_name_that_would_be_mistaken_for_another_is_refused(client_as, admin, responder, name):
    answer = client_as(admin).post("/people/", {"username": name, "email": "", "role": "viewer"})

    assert answer.status_code == 422
    assert "mistaken for another" in answer.text
    assert not User.objects.filter(username=name).exists()


@pytest.mark.parametrize("address", ["/people/", "/people/role/", "/people/link/", "/people/deactivate/"])
def test_people_are_for_admins(client_as, publisher, address):
    assert client_as(publisher).post(address).status_code == 403


@pytest.mark.parametrize("data", [{}, {"username": "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "role": "viewer"}])
def test_a_person_without_a_name_or_with_a_secret_for_one_is_not_added(client_as, admin, data):
    answer = client_as(admin).post("/people/", data)

    assert answer.status_code == 422
    assert "4eC39HqLyjWDarjtT1zdp7dc" not in answer.text
    assert User.objects.count() == 1


def test_two_admins_who_add_the_same_name_at_the_same_moment(client_as, admin, responder, monkeypatch):
    monkeypatch.setattr(PersonForm, "validate_unique", lambda form: None)  # both looked before either saved

    answer = client_as(admin).post("/people/", {"username": responder.username, "email": "", "role": "viewer"})

    assert answer.status_code == 409
    assert "a moment ago" in answer.text
    assert User.objects.get(username=responder.username).role == "responder"


def test_session_and_person_are_one_question(client_as, viewer, django_assert_num_queries):
    client = client_as(viewer)
    sessions.note_seen(viewer, client.session.session_key, network="::1", user_agent="", at=timezone.now())

    with django_assert_num_queries(1):
        client.get("/health/live")


def test_who_was_seen_in_a_session_proves_nothing(client_as, viewer, admin):
    """Who is signed in stands in the session; a row that names somebody else gives nobody their rights."""
    client = client_as(viewer)
    sessions.note_seen(admin, client.session.session_key, network="::1", user_agent="", at=timezone.now())

    assert client.get("/people/").status_code == 403


def test_a_session_that_ended_is_over_though_it_was_seen(client_as, viewer):
    client = client_as(viewer)
    sessions.note_seen(viewer, client.session.session_key, network="::1", user_agent="", at=timezone.now())
    Session.objects.update(expire_date=timezone.now())

    assert client.get("/").url.startswith("/login/")
