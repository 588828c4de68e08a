"""Acts on many checks as programs ask for them: the same acts as on the screen, all of them or none."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from checks.catalogue.bulk import actions as bulk
from checks.catalogue.bulk.acts import ACTS
from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.models import Check
from checks.catalogue.states import State
from incidents.alerts.mutes import Mute
from incidents.ownership.models import Domain
from opsportal.api.frame import operations
from opsportal.api.urls import api
from opsportal.audit.models import AuditEvent
from opsportal.models import User
from tests.checks.catalogue.test_api import LIST, Program

pytestmark = pytest.mark.django_db
MANY = f"{LIST}/many"
KEYS = ["shop-0", "shop-1", "shop-2"]
AddCheck = Callable[..., Check]


@pytest.fixture
def run(responder: User) -> Program:
    return Program(responder, "checks:run")


@pytest.fixture
def write(admin: User) -> Program:
    return Program(admin, "checks:write")


@pytest.fixture
def three(add_check: AddCheck) -> list[Check]:
    return [add_check(key, state=State.HEALTHY) for key in KEYS]


def shops() -> list[Check]:
    return list(Check.objects.filter(key__in=KEYS).order_by("key"))


def test_one_is_archived_found_and_taken_back(write, viewer, add_check):
    check = add_check("shop", state=State.HEALTHY)
    read = Program(viewer, "checks:read")

    put_away = write.ask("post", f"{LIST}/shop/archive").json()
    assert (put_away["state"], put_away["archived_at"] is not None) == ("paused", True)
    assert [one["key"] for one in read.get(LIST, state="archived")["items"]] == ["shop"]
    assert write.ask("post", f"{LIST}/shop/archive").json()["error"]["code"] == "ALREADY_ARCHIVED"
    assert write.ask("post", f"{LIST}/portal-disk/archive").json()["error"]["code"] == "OWN_CHECK"

    back = write.ask("post", f"{LIST}/shop/take-back").json()
    assert (back["state"], back["archived_at"]) == ("paused", None)
    assert read.get(LIST, state="archived")["items"] == []
    assert write.ask("post", f"{LIST}/shop/take-back").json()["error"]["code"] == "NOT_ARCHIVED"
    said = AuditEvent.objects.filter(object=check.key).order_by("pk").values_list("act", "source")
    assert list(said) == [("check.archive", "api"), ("check.take_back", "api")]


def test_many_are_paused_resumed_run_muted_and_heard(run, three):
    until = (timezone.now() + timedelta(hours=4)).replace(microsecond=0)
    words = {"until": until.isoformat(), "reason": "Moves house"}

    done = run.ask("post", f"{MANY}/pause", {"keys": [*KEYS, KEYS[0]], **words})
    told = done.json()
    assert (done.status_code, told["act"], told["total"], told["done"], told["left"]) == (200, "pause", 3, 3, 0)
    assert told["ended_at"] is not None
    assert {(one.state, one.paused_until, one.pause_reason) for one in shops()} == {("paused", until, "Moves house")}
    assert run.ask("post", f"{MANY}/resume", {"keys": KEYS}).json()["done"] == 3
    assert run.ask("post", f"{MANY}/run", {"keys": KEYS}).json()["done"] == 3
    assert run.ask("post", f"{MANY}/mute", {"keys": KEYS, **words}).json()["done"] == 3
    assert Mute.objects.filter(until=until, reason="Moves house").count() == 3
    assert run.ask("post", f"{MANY}/unmute", {"keys": KEYS}).json()["act"] == "unmute"
    assert Mute.objects.filter(ended_at=None).count() == 0
    assert set(AuditEvent.objects.filter(object__in=KEYS).values_list("source", flat=True)) == {"api"}


def test_many_are_moved_marked_archived_and_taken_back(write, three):
    assert write.ask("post", f"{MANY}/move", {"keys": KEYS, "domain": "devops-sre"}).json()["done"] == 3
    assert write.ask("post", f"{MANY}/daily", {"keys": KEYS, "is_daily": True}).json()["done"] == 3
    assert {(one.domain.slug, one.is_daily) for one in shops()} == {("devops-sre", True)}
    assert write.ask("post", f"{MANY}/archive", {"keys": KEYS}).json()["done"] == 3
    assert write.ask("post", f"{MANY}/take-back", {"where": {"state": "archived"}}).json()["done"] == 3
    assert {(one.state, one.archived_at) for one in shops()} == {("paused", None)}


def test_one_that_cannot_stops_all_and_is_named(write, run, three):
    run.ask("post", f"{LIST}/shop-1/pause", {})

    answer = run.ask("post", f"{MANY}/pause", {"keys": KEYS})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "BULK_REFUSED")
    assert error["fields"] == [{"field": "shop-1", "code": "cannot", "message": "is paused already"}]
    assert [one.state for one in shops()] == ["healthy", "paused", "healthy"]
    own = write.ask("post", f"{MANY}/archive", {"keys": ["shop-0", "portal-disk"]}).json()["error"]
    assert own["fields"] == [{"field": "portal-disk", "code": "cannot", "message": "is the portal's own"}]


def test_what_has_something_in_common_is_chosen(run, three, add_check):
    other = add_check("other", domain=Domain.objects.get(slug="backend"), state=State.HEALTHY)

    assert run.ask("post", f"{MANY}/pause", {"where": {"domain": "backend", "kind": "http"}}).json()["done"] == 1

    other.refresh_from_db()
    assert (other.state, {one.state for one in shops()}) == ("paused", {"healthy"})


@pytest.mark.parametrize(
    ("act", "body", "fields"),
    [
        ("run", {}, ["body.keys"]),
        ("run", {"keys": ["shop-0"], "where": {"kind": "http"}}, ["body.keys"]),
        ("run", {"where": {}}, ["body.where"]),
        ("run", {"where": {"colour": "red"}}, ["body.where"]),
        ("run", {"keys": ["shop-0", "nobody"]}, ["body.keys.1"]),
        ("pause", {"keys": ["shop-0"], "until": "2020-01-01T00:00:00Z"}, ["body.until"]),
        ("mute", {"keys": ["shop-0"], "until": "2020-01-01T00:00:00Z", "reason": "x"}, ["body.until"]),
        ("mute", {"keys": ["shop-0"], "reason": "x"}, ["body.until"]),
        ("mute", {"keys": ["shop-0"], "until": "2099-01-01T00:00:00Z", "reason": " "}, ["body.reason"]),
        ("run", {"where": {"domain": "nowhere"}}, None),
        ("pause", {"keys": ["shop-0"], "reason": "AKIAIOSFODNN7EXAMPLE"}, None),
    ],
)
def test_a_fault_is_named_and_nothing_is_done(run, three, act, body, fields):
    answer = run.ask("post", f"{MANY}/{act}", body)

    error = answer.json()["error"]
    assert answer.status_code == 422, error
    assert [one["field"] for one in error["fields"]] == fields if fields else "fields" not in error
    assert "AKIA" not in answer.content.decode()
    assert not BulkAct.objects.exists()
    assert {one.state for one in shops()} == {"healthy"}


def test_a_domain_that_is_not_there_is_said(write, three):
    answer = write.ask("post", f"{MANY}/move", {"keys": KEYS, "domain": "nowhere"})

    assert [one["field"] for one in answer.json()["error"]["fields"]] == ["body.domain"]


def test_a_long_act_says_how_far_it_is(run, viewer, three, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    read = Program(viewer, "checks:read")

    begun = run.ask("post", f"{MANY}/pause", {"keys": KEYS})

    assert (begun.status_code, begun.json()["left"], begun.json()["ended_at"]) == (202, 3, None)
    Check.objects.filter(key="shop-1").update(state=State.PAUSED)  # somebody was quicker
    bulk.work_off(begun.json()["number"], at=timezone.now())
    told = read.get(f"{MANY}/{begun.json()['number']}")
    assert (told["done"], told["left"], told["by"]) == (2, 0, "responder")
    assert told["left_alone"] == [{"key": "shop-1", "sentence": "is paused already"}]
    assert told["ended_at"] is not None


def test_the_same_key_of_a_repeated_request_acts_once(run, three):
    answers = [run.ask("post", f"{MANY}/pause", {"keys": KEYS}, key="once") for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert BulkAct.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "scope", "path", "status"),
    [
        ("viewer", "checks:read", "/many/run", 403),
        ("responder", "checks:run", "/many/run", 200),
        ("responder", "checks:run", "/many/archive", 403),
        ("admin", "checks:write", "/many/archive", 200),
        ("admin", "checks:write", "/many/run", 403),
        ("responder", "checks:run", "/shop-0/archive", 403),
        ("admin", "checks:write", "/shop-0/archive", 200),
        ("responder", "checks:run", "/shop-0/take-back", 403),
    ],
)
def test_each_act_asks_for_its_scope(request, three, who, scope, path, status):
    program = Program(request.getfixturevalue(who), scope)

    assert program.ask("post", LIST + path, {"keys": KEYS} if "many" in path else None).status_code == status


def test_every_act_of_the_screen_is_there_for_programs():
    asked = {one.path.rsplit("/", 1)[1] for one in operations(api) if one.path.startswith("/checks/many/")}

    assert {"hear" if act == "unmute" else act for act in asked} - {"{int:number}"} == ACTS.keys()
