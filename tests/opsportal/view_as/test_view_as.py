"""An admin sees what somebody else sees, changes nothing, for a quarter of an hour, and it is written down."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from opsportal.accounts import actions as accounts
from opsportal.errors import Refused
from opsportal.models import AuditEvent, User, Viewing
from opsportal.roles import Role
from opsportal.view_as import actions
from opsportal.view_as.tasks import end_view_as
from tests.test_urls_access import ALL, PUBLIC

pytestmark = pytest.mark.django_db
WHY = "Support cannot see INC-117"
API = "/api/v1/"  # answers in its own form
STAYS_OPEN = {"view_as:stop", "account_logout", "accounts:logout"}
ADDRESSES = [(name, path) for name, path, _ in ALL if name not in STAYS_OPEN]


@pytest.fixture
def seeing(client_as, admin, viewer) -> Client:
    """The admin's browser, in which they see the portal as the viewer."""
    client: Client = client_as(admin)
    assert client.post("/view-as/viewer/", {"reason": WHY}).status_code == 302
    return client


def let_time_pass() -> None:
    """To the end of the quarter of an hour, by the database's clock."""
    Viewing.objects.update(ends_at=Now() - timedelta(seconds=1))


def lines(*acts: str) -> list[tuple[str, str, str, str, str]]:
    rows = AuditEvent.objects.filter(act__in=acts).order_by("pk")
    return list(rows.values_list("act", "actor", "object", "reason", "result"))


# --- beginning --------------------------------------------------------------------------------------------------------


def test_it_asks_for_a_reason_first(client_as, admin, viewer):
    page = client_as(admin).get("/view-as/viewer/").content.decode()

    assert "View as viewer" in page
    assert not Viewing.objects.exists()


def test_the_people_screen_leads_there_for_those_who_may_be_seen(client_as, admin, viewer, responder):
    User.objects.add("second", Role.ADMIN)

    page = client_as(admin).get("/people/").content.decode()

    assert {name for name in ("viewer", "responder", "second", "admin") if f"/view-as/{name}/" in page} == {
        "viewer",
        "responder",
    }


def test_it_asks_who_is_there_when_the_sign_in_is_old(admin, viewer):
    client = Client()
    client.force_login(admin)

    for method in ("get", "post"):
        assert getattr(client, method)("/view-as/viewer/", {"reason": WHY}).status_code == 302
    assert not Viewing.objects.exists()


@pytest.mark.parametrize("reason", ["", "too short", "         x         "])
def test_a_reason_of_less_than_ten_characters_is_refused(client_as, admin, viewer, reason):
    answer = client_as(admin).post("/view-as/viewer/", {"reason": reason})

    assert answer.status_code == 422
    assert not Viewing.objects.exists()


def test_a_secret_in_the_reason_is_refused(client_as, admin, viewer):
    secret = "postgresql://app:hunter2hunter2@db.internal/orders"

    answer = client_as(admin).post("/view-as/viewer/", {"reason": f"look at {secret}"})

    assert answer.status_code == 422
    assert secret not in answer.content.decode()
    assert not Viewing.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "responder", "publisher"])
def test_only_an_admin_begins(client_as, viewer, responder, publisher, role):
    person = {"viewer": viewer, "responder": responder, "publisher": publisher}[role]
    other = "viewer" if role != "viewer" else "responder"

    assert client_as(person).post(f"/view-as/{other}/", {"reason": WHY}).status_code == 403
    assert not Viewing.objects.exists()


@pytest.mark.parametrize(
    ("who", "code"), [("second", "NEVER_AN_ADMIN"), ("admin", "NOT_YOURSELF"), ("gone", "USER_INACTIVE")]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_never_another_admin_oneself_or_somebody_switched_off(client_as, admin, who, code, method):
    User.objects.add("second", Role.ADMIN)
    gone = User.objects.add("gone", Role.VIEWER)
    gone.is_active = False
    gone.save()

    answer = getattr(client_as(admin), method)(f"/view-as/{who}/", {"reason": WHY})

    assert answer.status_code == 422
    assert not Viewing.objects.exists()
    assert lines("view_as.start") == [("view_as.start", "admin", who, code, "denied")]


def test_the_action_itself_refuses_whoever_is_no_admin(responder, viewer):
    with pytest.raises(Refused, match="Only an admin"):
        actions.start(viewer, by=responder, reason=WHY)


def test_a_role_that_changed_a_moment_ago_counts(admin, viewer):
    stale = User.objects.get(pk=viewer.pk)
    User.objects.filter(pk=viewer.pk).update(role=Role.ADMIN)

    with pytest.raises(Refused, match="just changed"):
        actions.start(stale, by=admin, reason=WHY)


def test_a_second_one_ends_the_first(seeing, client_as, admin, viewer, responder):
    client_as(admin).post("/view-as/responder/", {"reason": WHY})

    assert list(Viewing.objects.order_by("pk").values_list("ended_how", flat=True)) == ["replaced", ""]


# --- meanwhile --------------------------------------------------------------------------------------------------------


def test_the_screens_are_those_of_the_person(seeing):
    page = seeing.get("/deliveries/")

    assert page.context["user"].username == "viewer"
    assert "You see the portal as viewer" in page.content.decode()
    assert "Declare incident" not in page.content.decode()
    assert seeing.get("/people/").status_code == 403
    assert seeing.get("/audit/").status_code == 403


@pytest.mark.parametrize("path", ["/", "/incidents/", "/checks/", "/ownership/", "/more/", "/nowhere/", "/people/"])
def test_the_banner_with_stop_stands_on_every_page(seeing, path):
    page = seeing.get(path).content.decode()

    assert "You see the portal as viewer" in page
    assert 'action="/stop-viewing/"' in page


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed_at_any_address(seeing, method):
    wrong = {}
    before = AuditEvent.objects.count()
    for _, path in ADDRESSES:
        answer = getattr(seeing, method)(path, headers={"HX-Request": "true"} if method == "post" else {})
        said = path.startswith(API) or "nothing changed" in answer.content.decode()
        lines_now = AuditEvent.objects.count()
        if (answer.status_code, said, lines_now - before) != (403, True, 1):
            wrong[path] = (answer.status_code, said, lines_now - before)
        before = lines_now

    assert wrong == {}


def test_what_belongs_to_the_person_alone_is_not_shown(seeing):
    own = [
        (name, path)
        for name, path, view in ALL
        if (path.startswith("/account/") or not hasattr(view, "required_role")) and name not in STAYS_OPEN
    ]
    wrong = {}
    for name, path in own:
        answer = seeing.get(path)
        if name in {"accounts:more", "live", "ready", "api-health"}:
            is_right = answer.status_code != 403
        else:
            said = path.startswith(API) or "belongs to viewer alone" in answer.content.decode()
            is_right = answer.status_code == 403 and said
        if not is_right:
            wrong[path] = answer.status_code

    assert wrong == {}


def test_a_denied_act_stands_under_the_admins_name(seeing):
    seeing.get("/people/")
    seeing.post("/incidents/new/", {"title": "x"})

    assert lines("access.denied") == [
        ("access.denied", "admin", "GET accounts:people", "as viewer", "denied"),
        ("access.denied", "admin", "POST incidents:declare", "as viewer", "denied"),
    ]


def test_the_persons_own_session_goes_on_untouched(seeing, client_as, viewer):
    own = client_as(viewer)

    assert "You see the portal as" not in own.get("/deliveries/").content.decode()
    assert "You see the portal as" not in Client().get("/login/").content.decode()


def test_another_person_cannot_borrow_it(seeing, client_as, responder):
    theirs = client_as(responder)
    session = theirs.session
    session["view_as"] = Viewing.objects.get().pk
    session.save()

    assert theirs.get("/deliveries/").context["user"].username == "responder"


# --- ending -----------------------------------------------------------------------------------------------------------


def test_stop_ends_it_and_both_ends_are_written_down(seeing):
    answer = seeing.post("/stop-viewing/", follow=True)

    assert answer.context["user"].username == "admin"
    assert "You see the portal as" not in answer.content.decode()
    assert lines("view_as.start", "view_as.end") == [
        ("view_as.start", "admin", "viewer", WHY, "ok"),
        ("view_as.end", "admin", "viewer", "stopped", "ok"),
    ]


def test_it_lasts_fifteen_minutes_of_the_databases_clock(seeing):
    with connection.cursor() as cursor:
        cursor.execute("SELECT ends_at - started_at, ended_at FROM opsportal_viewing")
        assert cursor.fetchone() == (timedelta(minutes=15), None)


def test_after_it_the_admin_is_told_on_the_next_page(seeing):
    let_time_pass()

    first, second = seeing.get("/people/"), seeing.get("/people/")

    assert first.status_code == 200
    assert first.context["user"].username == "admin"
    assert "has ended" in first.content.decode()
    assert "has ended" not in second.content.decode()
    assert lines("view_as.end") == [("view_as.end", "admin", "viewer", "expired", "ok")]


def test_a_form_from_before_is_not_sent_in_the_admins_name(seeing, viewer):
    let_time_pass()

    answer = seeing.post("/people/deactivate/", {"user": "viewer"})

    viewer.refresh_from_db()
    assert answer.status_code == 403
    assert viewer.is_active


def test_a_part_that_is_asked_for_after_it_brings_the_whole_page_anew(seeing):
    let_time_pass()

    assert seeing.get("/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_what_nobody_stopped_ends_by_itself_and_once(seeing):
    let_time_pass()

    end_view_as()
    end_view_as()
    seeing.get("/")

    assert lines("view_as.end") == [("view_as.end", "admin", "viewer", "expired", "ok")]


def test_it_ends_when_the_admin_signs_out(seeing):
    answer = seeing.post("/logout/")

    assert answer.status_code == 302
    assert "_auth_user_id" not in seeing.session
    assert lines("view_as.end", "sign_out") == [
        ("view_as.end", "admin", "viewer", "sign_out", "ok"),
        ("sign_out", "admin", "", "", "ok"),
    ]


def test_it_ends_when_the_person_becomes_admin(seeing, admin, viewer):
    other = User.objects.add("second", Role.ADMIN)
    accounts.change_role(viewer, to=Role.ADMIN, by=other, at=viewer.created_at)

    assert seeing.get("/deliveries/").context["user"].username == "admin"
    assert lines("view_as.end")[0][3] == "withdrawn"


def test_it_ends_when_the_admin_is_one_no_more(seeing, admin, viewer):
    User.objects.filter(pk=admin.pk).update(role=Role.VIEWER)

    assert seeing.get("/deliveries/").context["user"].username == "admin"
    assert seeing.get("/people/").status_code == 403


def test_stop_without_anything_to_stop_does_nothing(client_as, viewer):
    assert client_as(viewer).post("/stop-viewing/").status_code == 302
    assert not lines("view_as.end")


def test_public_addresses_stay_public():
    assert {"live", "ready"} <= PUBLIC
