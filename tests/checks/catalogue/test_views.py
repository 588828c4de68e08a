"""The screens of checks: who may what, page and part, filters, forms, and the number of queries."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from checks.catalogue import actions
from checks.catalogue.kinds import KINDS
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.outcome import ErrorClass, failed, passed
from checks.runs import actions as runs
from checks.runs.batch import Result
from incidents.changes import actions as changes
from incidents.changes.actions import Facts, Teller
from incidents.ownership.models import Domain
from opsportal.models import AuditEvent, User
from tests.targets import HttpTarget

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def fields(**changed: object) -> dict[str, object]:
    """What the form of an HTTP check sends."""
    return {
        "name": "Checkout page",
        "url": "https://shop.example/",
        "expect": "200-299",
        "domain": Domain.objects.get(slug="frontend").pk,
        "severity": "SEV-2",
        "every_seconds": 60,
        "fail_after": 3,
        "ok_after": 2,
        "is_daily": "on",
        **changed,
    }


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/checks/", "viewer"),
        ("/checks/portal-live/", "viewer"),
        ("/checks/domain/frontend/", "viewer"),
        ("/checks/health/", "viewer"),
        ("/checks/portal-live/pause/", "responder"),
        ("/checks/new/", "admin"),
        ("/checks/new/?kind=database", "admin"),
        ("/checks/new/?kind=portal", "admin"),
        ("/checks/portal-live/edit/", "admin"),
        ("/checks/portal-disk/edit/", "admin"),
        ("/checks/portal-live/remove/", "admin"),
    ],
)
def test_who_may_look_where(
    client_as: ClientAs, viewer: User, responder: User, publisher: User, admin: User, path: str, allowed: str
) -> None:
    ranks = [viewer, responder, publisher, admin]

    for person in ranks:
        expected = 200 if ranks.index(person) >= [one.role for one in ranks].index(allowed) else 403
        assert client_as(person).get(path).status_code == expected, f"{person} {path}"


def test_only_admins_define_and_responders_run(client_as: ClientAs, responder: User, publisher: User) -> None:
    assert client_as(publisher).post("/checks/new/", fields()).status_code == 403
    assert client_as(responder).post("/checks/portal-live/edit/", fields()).status_code == 403
    assert client_as(responder).post("/checks/portal-live/run/").status_code == 302


def test_a_new_check_is_due_at_once_and_audited(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).post("/checks/new/", fields(keyword="Pay now", max_latency_ms="800"))

    check = Check.objects.get(key="checkout-page")
    assert answer.headers["Location"] == "/checks/checkout-page/"
    assert check.spec == {
        "url": "https://shop.example/",
        "expect": "200-299",
        "keyword": "Pay now",
        "max_latency_ms": 800,
    }
    assert check.next_due <= timezone.now()
    assert AuditEvent.objects.filter(act="check.add", actor="admin", object="checkout-page").exists()


def test_a_second_check_of_the_same_name_gets_a_key_of_its_own(client_as: ClientAs, admin: User) -> None:
    client_as(admin).post("/checks/new/", fields())
    client_as(admin).post("/checks/new/", fields())
    client_as(admin).post("/checks/new/", fields(name="New"))

    keys = set(Check.objects.filter(is_own=False).values_list("key", flat=True))
    assert keys == {"checkout-page", "checkout-page-2", "new-2"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "http://127.0.0.1:9/"}, "inside a private network"),
        ({"url": "http://169.254.169.254/"}, "never allowed"),
        ({"url": "ftp://shop.example/"}, "begin with http"),
        ({"url": "https://ops:very-secret@shop.example/"}, "user name or a password"),
        ({"url": "https://shop.example/?api_key=abcdef123456"}, "Not saved"),
        ({"expect": "2xx"}, "Write statuses"),
        ({"name": "!!!"}, "letters or digits"),
        ({"every_seconds": 7}, "Select a valid choice"),
        ({"fail_after": 0}, "greater than or equal to 1"),
    ],
)
def test_a_form_that_is_not_right_says_why_and_saves_nothing(
    client_as: ClientAs, admin: User, changed: dict[str, object], words: str
) -> None:
    answer = client_as(admin).post("/checks/new/", fields(**changed))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "very-secret" not in answer.content.decode()
    assert "abcdef123456" not in answer.content.decode()
    assert not Check.objects.filter(is_own=False).exists()


def test_what_the_house_refuses_leaves_what_was_typed(
    client_as: ClientAs, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_CHECKS", 0)

    answer = client_as(admin).post("/checks/new/", fields(name="Typed with care"))

    assert answer.status_code == 422
    assert "There are 0 checks already. Remove one first." in answer.content.decode()
    assert 'value="Typed with care"' in answer.content.decode()


def test_a_circle_that_another_closes_meanwhile_leaves_what_was_typed(
    client_as: ClientAs, admin: User, add_check: AddCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, parent = add_check("checkout-page"), add_check("gateway")
    meanwhile = Check.objects.filter(pk=parent.pk)
    monkeypatch.setattr(actions, "lock_families", lambda: meanwhile.update(parent=check))

    answer = client_as(admin).post("/checks/checkout-page/edit/", fields(name="Typed with care", parent="gateway"))

    assert answer.status_code == 422
    assert "Gateway depends on this check already." in answer.content.decode()
    assert 'value="Typed with care"' in answer.content.decode()
    check.refresh_from_db()
    assert (check.name, check.parent) == ("Checkout page", None)


def test_an_unknown_kind_is_refused_with_the_known_ones(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).get("/checks/new/?kind=telepathy")

    assert answer.status_code == 422
    assert ", ".join(sorted(KINDS)) in answer.content.decode()


def test_try_now_shows_what_would_be_stored_and_saves_nothing(
    client_as: ClientAs, admin: User, http_target: HttpTarget, settings: Settings
) -> None:
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    http_target.body = b"secret-body"
    client = client_as(admin)

    part = client.post("/checks/new/try/?kind=http", fields(url=http_target.url), headers=PART).content.decode()
    page = client.post("/checks/new/try/?kind=http", fields(url=http_target.url)).content.decode()
    http_target.status = 503
    broken = client.post("/checks/new/try/?kind=http", fields(url=http_target.url), headers=PART).content.decode()

    assert "It passes." in part and "ok 1  error 0  unknown 0" in part
    assert "<html" not in part and "secret-body" not in part
    assert "<html" in page and "It passes." in page and http_target.url in page
    assert "It fails: answered with a 5xx status." in broken and "status_5xx 1" in broken
    assert len(http_target.requests) == 3
    assert not Check.objects.filter(is_own=False).exists()


def test_try_now_of_a_wrong_form_runs_nothing(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).post("/checks/new/try/", fields(url="http://127.0.0.1:9/"), headers=PART)

    assert answer.status_code == 422
    assert "It did not run" in answer.content.decode()


def test_a_wrong_form_that_is_saved_says_nothing_of_a_trial(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).post("/checks/new/?kind=http", fields(url="http://127.0.0.1:9/")).content.decode()

    assert "There is a problem" in answer and "It did not run" not in answer


@pytest.mark.parametrize("key", ["portal-disk", "portal-database"])
def test_the_portals_own_checks_can_be_tried(client_as: ClientAs, admin: User, key: str) -> None:
    domain = Check.objects.get(key=key).domain_id

    answer = client_as(admin).post(f"/checks/{key}/edit/try/", fields(domain=domain), headers=PART)

    assert "It passes." in answer.content.decode()


def test_the_portals_own_checks_keep_their_target(client_as: ClientAs, admin: User) -> None:
    before = Check.objects.get(key="portal-live")

    answer = client_as(admin).post("/checks/portal-live/edit/", fields(fail_after=5, domain=before.domain_id))

    after = Check.objects.get(key="portal-live")
    assert answer.status_code == 302
    assert (after.spec, after.name, after.fail_after) == (before.spec, before.name, 5)


def test_editing_changes_the_settings_and_keeps_the_key(client_as: ClientAs, admin: User, add_check: AddCheck) -> None:
    add_check("shop", name="Shop", spec={"url": "https://shop.example/", "keyword": "old"})

    client_as(admin).post("/checks/shop/edit/", fields(name="Shop front", every_seconds=300, url="https://x.example/"))

    check = Check.objects.get(key="shop")
    assert (check.name, check.every_seconds) == ("Shop front", 300)
    assert check.spec == {"url": "https://x.example/", "expect": "200-299"}


def test_pause_resume_and_remove(client_as: ClientAs, admin: User, responder: User, add_check: AddCheck) -> None:
    check = add_check("shop", state=State.HEALTHY)
    anybody, boss = client_as(responder), client_as(admin)

    assert boss.post("/checks/shop/remove/").status_code == 422
    assert anybody.post("/checks/shop/pause/").status_code == 302
    check.refresh_from_db()
    assert check.state == State.PAUSED
    assert anybody.post("/checks/shop/pause/").status_code == 422
    assert anybody.post("/checks/shop/run/").status_code == 422

    assert anybody.post("/checks/shop/resume/").status_code == 302
    check.refresh_from_db()
    assert check.state == State.INSUFFICIENT_DATA
    assert [flip.new for flip in check.flips.order_by("pk")] == [State.PAUSED, State.INSUFFICIENT_DATA]

    anybody.post("/checks/shop/pause/")
    assert boss.post("/checks/shop/remove/").status_code == 302
    assert not Check.objects.filter(key="shop").exists()
    assert boss.post("/checks/portal-live/pause/").status_code == 302
    assert boss.post("/checks/portal-live/remove/").status_code == 422


def test_run_now_never_moves_a_check_later(client_as: ClientAs, responder: User, add_check: AddCheck) -> None:
    soon = add_check("soon", next_due=timezone.now() + timedelta(hours=1))
    late_due = timezone.now() - timedelta(hours=1)
    late = add_check("late", next_due=late_due)

    for key in ("soon", "late"):
        client_as(responder).post(f"/checks/{key}/run/")

    soon.refresh_from_db()
    late.refresh_from_db()
    assert soon.next_due <= timezone.now()
    assert late.next_due == late_due


def test_the_list_is_worst_first_and_filters_stand_in_the_url(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    now = timezone.now()
    Check.objects.update(state=State.HEALTHY, last_run_at=now)
    add_check("broken", name="Broken shop", state=State.UNHEALTHY, last_error="timeout", last_run_at=now)
    add_check("silent", name="Silent shop", state=State.HEALTHY, last_run_at=now - timedelta(hours=1))
    client = client_as(viewer)

    whole = client.get("/checks/").content.decode()
    only = client.get("/checks/?state=unhealthy").content.decode()
    words = client.get("/checks/?q=shop+silent").content.decode()
    none = client.get("/checks/?q=nowhere&state=green").content.decode()

    assert whole.index("Broken shop") < whole.index("Silent shop") < whole.index("Portal disk")
    assert "Broken shop" in only and "Silent shop" not in only
    assert "Silent shop" in words and "Broken shop" not in words
    assert "No data" in words
    assert "No check fits" in none


def test_the_health_of_many_checks_takes_as_many_queries_as_that_of_few(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    client = client_as(viewer)

    def count(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(path, headers=PART).status_code == 200
        return len(captured)

    paths = ["/checks/health/", "/checks/domain/frontend/"]
    add_check("first")
    few = [count(path) for path in paths]
    for number in range(60):
        add_check(f"check-{number}")
    many = [count(path) for path in paths]

    assert few == many


def test_a_polled_part_answers_304_until_something_changes(
    client_as: ClientAs, viewer: User, add_check: AddCheck, at: object
) -> None:
    check, client = add_check("shop"), client_as(viewer)
    for path in ("/checks/", "/checks/shop/", "/checks/health/"):
        tag = client.get(path, headers=PART).headers["HX-PTag"]
        polled = {**PART, "HX-PTag": tag}

        assert client.get(path, headers=polled).status_code == 304
        token = uuid4()
        Check.objects.filter(pk=check.pk).update(lease_token=token)
        runs.write(token, [Result(check.pk, passed(latency_ms=5))], at=timezone.now())
        fresh = client.get(path, headers=polled)

        assert fresh.status_code == 200
        assert "<html" not in fresh.content.decode()


def test_a_checks_page_tells_what_happened_and_what_is_stored(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    check = add_check("shop", fail_after=1, spec={"url": "https://shop.example/?secret=key"})
    for outcome in (passed(latency_ms=20), failed(ErrorClass.TIMEOUT)):
        token = uuid4()
        Check.objects.filter(pk=check.pk).update(lease_token=token)
        runs.write(token, [Result(check.pk, outcome)], at=timezone.now())

    page = client_as(viewer).get("/checks/shop/").content.decode()

    assert "Timeout, 1 in a row" in page
    assert "50 %" in page
    assert "errors   timeout 1" in page
    assert "secret=key" not in page
    assert "https://shop.example/" in page


def test_a_checks_page_shows_what_was_changed_in_its_domain(
    client_as: ClientAs, viewer: User, responder: User, add_check: AddCheck
) -> None:
    check = add_check("shop")
    other = Domain.objects.exclude(pk=check.domain_id).first()
    for what, domain in (("Mine", check.domain), ("Of the house", None), ("Not mine", other)):
        changes.record(Facts("flag", what, domain), by=Teller(responder), at=timezone.now())

    page = client_as(viewer).get("/checks/shop/").content.decode()

    assert page.count('class="ann"') == 2 * 2  # two changes, wide and narrow
    assert " Mine</a>" in page and " Of the house</a>" in page and "Not mine" not in page


def test_a_check_that_is_not_there_is_not_found(client_as: ClientAs, viewer: User) -> None:
    assert client_as(viewer).get("/checks/nowhere/").status_code == 404
    assert client_as(viewer).get("/checks/domain/nowhere/").status_code == 404


def test_the_health_part_shows_the_worst_of_many_and_counts_the_rest(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    now = timezone.now()
    for number in range(40):
        add_check(f"fine-{number:02}", state=State.HEALTHY, last_run_at=now)
    add_check("broken", name="Broken shop", state=State.UNHEALTHY, last_run_at=now)
    add_check("off", name="Old shop", state=State.PAUSED)

    page = client_as(viewer).get("/checks/health/", headers=PART).content.decode()

    assert "40 of 41" in page
    assert "and 18 more" in page
    assert page.index("Broken shop") < page.index("Fine 00")


@pytest.mark.parametrize(
    ("kind", "field"), [("http", "url"), ("http", "expect"), ("database", "dsn_env"), ("http", "severity")]
)
def test_a_connection_string_in_any_box_is_taken_out(client_as: ClientAs, admin: User, kind: str, field: str) -> None:
    secret = "postgresql://app:s3cret99@db-1.internal:5432/app"

    answer = client_as(admin).post(f"/checks/new/?kind={kind}", fields(**{"dsn_env": "REPORTS_URL", field: secret}))

    assert answer.status_code == 422
    assert "s3cret99" not in answer.text
    assert "database connection string in line 1" in answer.text


def test_a_form_sent_with_nothing_in_it_says_what_is_missing(client_as: ClientAs, admin: User) -> None:
    assert client_as(admin).post("/checks/new/").status_code == 422


def test_two_people_who_edit_one_check_do_not_overwrite_each_other(
    client_as: ClientAs, admin: User, add_check: AddCheck
) -> None:
    check, client = add_check(), client_as(admin)
    old = {"seen": check.fingerprint}
    assert f'value="{check.fingerprint}"' in client.get(f"/checks/{check.key}/edit/").text
    client.post(f"/checks/{check.key}/edit/", fields(name="Theirs", **old))

    refused = client.post(f"/checks/{check.key}/edit/", fields(name="Mine", **old))

    check.refresh_from_db()
    assert (refused.status_code, check.name) == (409, "Theirs")
    assert "Mine" in refused.text
    assert f'value="{check.fingerprint}"' in refused.text

    client.post(f"/checks/{check.key}/edit/", fields(name="Mine", seen=check.fingerprint))
    check.refresh_from_db()
    assert check.name == "Mine"
