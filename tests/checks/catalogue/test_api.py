"""Checks as programs define, steer and read them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checks.catalogue import definitions
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups import buckets
from checks.rollups.buckets import Counts
from checks.rollups.models import HourBucket
from checks.rollups.roll_up import roll_up
from incidents.alerts.mutes import Mute
from incidents.ownership.models import Domain
from opsportal.models import User
from opsportal.tokens import actions as tokens

pytestmark = pytest.mark.django_db
LIST = "/api/v1/checks"
NEW = {"name": "Checkout", "kind": "http", "domain": "frontend", "spec": {"url": "https://shop.example/"}}
AddCheck = Callable[..., Check]


class Program:
    """A script with a token of one scope."""

    def __init__(self, user: User, scope: str) -> None:
        words: dict[str, Any] = {"name": "script", "scopes": [scope], "lifetime": timedelta(days=1)}
        self.text = tokens.issue(user, **words, by="cast", at=timezone.now()).text

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self.text}"} | ({"Idempotency-Key": key} if key else {})
        if method == "get":
            return Client().get(path, body, headers=headers)
        return getattr(Client(), method)(path, body, content_type="application/json", headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("get", path, query).json()


@pytest.fixture
def read(viewer: User) -> Program:
    return Program(viewer, "checks:read")


@pytest.fixture
def run(responder: User) -> Program:
    return Program(responder, "checks:run")


@pytest.fixture
def write(admin: User) -> Program:
    return Program(admin, "checks:write")


def test_a_check_is_defined_read_changed_and_removed(write, read, run):
    made = write.ask("post", LIST, {**NEW, "key": "shop", "fail_after": 5, "parent": "portal-live"})
    assert made.status_code == 201
    told = read.get(f"{LIST}/shop")
    assert told == made.json()
    assert (told["fail_after"], told["ok_after"], told["parent"]) == (5, 2, "portal-live")
    assert told["spec"] == {"url": "https://shop.example/", "expect": "200-299"}
    assert (told["state"], told["last_run_at"], told["muted_until"]) == ("insufficient_data", None, None)

    words = {"severity": "SEV-1", "parent": "", "seen": told["mark"]}
    changed = write.ask("patch", f"{LIST}/shop", words)
    assert (changed.status_code, changed.json()["severity"], changed.json()["parent"]) == (200, "SEV-1", "")
    assert (changed.json()["fail_after"], changed.json()["spec"]) == (5, told["spec"])
    again = write.ask("patch", f"{LIST}/shop", words)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CHECK_CHANGED")

    early = write.ask("delete", f"{LIST}/shop")
    assert (early.status_code, early.json()["error"]["code"]) == (422, "NOT_PAUSED")
    run.ask("post", f"{LIST}/shop/pause", {})
    assert write.ask("delete", f"{LIST}/shop").status_code == 204
    assert read.ask("get", f"{LIST}/shop").status_code == 404


def test_what_programs_read_holds_every_field_of_a_definition(read):
    assert {*definitions.FIELDS} <= read.get(f"{LIST}/portal-disk").keys()


def test_the_same_key_defines_once_and_a_taken_one_is_said(write):
    answers = [write.ask("post", LIST, NEW, key="first") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["key"] == "checkout"

    taken = write.ask("post", LIST, {**NEW, "key": "checkout"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "KEY_TAKEN")
    assert Check.objects.filter(is_own=False).count() == 1


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"kind": "ftp"}, ["body.kind"]),
        ({"domain": "nowhere"}, ["body.domain"]),
        ({"spec": {"url": "http://10.0.0.1/", "colour": "red"}}, ["body.spec.colour", "body.spec.url"]),
        ({"spec": {"url": "http://10.0.0.1/"}, "every_seconds": 61}, ["body.every_seconds", "body.spec.url"]),
        ({"key": "New One"}, ["body.key"]),
        ({"key": "new"}, ["body.key"]),
        ({"severity": "SEV-9"}, ["body.severity"]),
        ({"colour": "red"}, ["body"]),
        ({"spec": {"url": "https://shop.example/", "keyword": "AKIAIOSFODNN7EXAMPLE"}}, ["body.spec.keyword"]),
        ({"parent": "nobody"}, ["body.parent"]),
    ],
)
def test_every_fault_is_named_by_its_field_and_nothing_is_stored(write, changes, fields):
    answer = write.ask("post", LIST, {**NEW, **changes})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "VALIDATION_FAILED")
    assert sorted(one["field"] for one in error["fields"]) == fields
    assert "AKIA" not in answer.content.decode()
    assert not Check.objects.filter(is_own=False).exists()


def test_it_is_run_paused_resumed_and_muted(run, add_check: AddCheck):
    ahead = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    check = add_check(state=State.HEALTHY, next_due=ahead, last_run_at=timezone.now())
    path = f"{LIST}/{check.key}"

    assert datetime.fromisoformat(run.ask("post", f"{path}/run").json()["next_run_at"]) < ahead
    paused = run.ask("post", f"{path}/pause", {"until": ahead.isoformat(), "reason": "Moves house"}).json()
    assert (paused["state"], paused["next_run_at"], paused["pause_reason"]) == ("paused", None, "Moves house")
    assert run.ask("post", f"{path}/pause", {}).json()["error"]["code"] == "ALREADY_PAUSED"
    assert run.ask("post", f"{path}/run").json()["error"]["code"] == "PAUSED"
    assert run.ask("post", f"{path}/resume").json()["state"] == "insufficient_data"

    muted = run.ask("post", f"{path}/mute", {"until": ahead.isoformat(), "reason": "Known"}).json()
    assert datetime.fromisoformat(muted["muted_until"]) == ahead
    assert run.ask("post", f"{path}/mute", {"until": "2020-01-01T00:00:00Z", "reason": "x"}).status_code == 422
    assert run.ask("post", f"{path}/unmute").json()["muted_until"] is None
    assert run.ask("post", f"{path}/unmute").json()["error"]["code"] == "NOT_MUTED"
    assert Mute.objects.get().dedup_key == check.dedup_key
    assert [one["new"] for one in Program(check_reader(), "checks:read").get(f"{path}/flips")["items"]] == [
        "insufficient_data",
        "paused",
    ]


def check_reader() -> User:
    return User.objects.get(username="responder")


def test_a_domains_mute_shows_and_is_not_ended_with_a_checks_own(read, run, add_check, responder):
    check, until = add_check(), timezone.now() + timedelta(hours=1)
    Mute.objects.create(
        domain=check.domain, until=until, reason="Moves", created_by=responder, created_at=timezone.now()
    )

    assert read.get(f"{LIST}/{check.key}")["muted_until"] is not None
    assert run.ask("post", f"{LIST}/{check.key}/unmute").status_code == 422


def test_the_list_goes_page_by_page_and_is_narrowed(read, add_check):
    keys = sorted(
        add_check(f"shop-{number}", kind="tcp", spec={"host": "a.example", "port": 1}).key for number in range(5)
    )
    other = add_check("other", domain=Domain.objects.get(slug="backend"), state=State.UNHEALTHY, kind="tcp")
    away = add_check("away", archived_at=timezone.now(), state=State.PAUSED)
    silent = add_check("silent", state=State.HEALTHY, created_at=timezone.now() - timedelta(days=1))

    page, found = read.get(LIST, limit=2, kind="tcp", domain="frontend"), []
    while True:
        found += [one["key"] for one in page["items"]]
        if page["next"] is None:
            break
        page = read.get(LIST, limit=2, kind="tcp", domain="frontend", cursor=page["next"])

    assert found == keys
    assert [one["key"] for one in read.get(LIST, state="unhealthy")["items"]] == [other.key]
    assert silent.key in [one["key"] for one in read.get(LIST, state="insufficient_data")["items"]]
    assert away.key not in [one["key"] for one in read.get(LIST)["items"]]
    assert read.get(f"{LIST}/{away.key}")["archived_at"] is not None
    wrong = read.ask("get", LIST, {"state": "red"})
    assert wrong.status_code == 422


def test_a_page_of_checks_costs_the_same_for_one_and_for_many(read, add_check, django_assert_num_queries):
    for number in range(30):
        add_check(f"shop-{number}")
    with django_assert_num_queries(5):
        assert len(read.get(LIST, limit=30)["items"]) == 30


def test_results_stand_beside_their_coverage(read, add_check, at):
    check, hour = add_check(), at.replace(minute=0, second=0)
    minutes: list[dict[str, Any]] = [
        {"ok": 3, "expected": 3},
        {"ok": 1, "err": 1, "c5xx": 1, "errors": {"status_5xx": 1}, "expected": 2},
        {"unknown": 1, "expected": 1},
    ]
    for minute, counts in enumerate(minutes):
        buckets.add_minutes([Counts(check.pk, hour + timedelta(minutes=minute), **counts)])
    roll_up(at + timedelta(hours=1))

    (told,) = read.get(f"{LIST}/{check.key}/results")["items"]
    assert HourBucket.objects.get(check_id=check.pk).bucket == hour
    assert datetime.fromisoformat(told["bucket"]) == hour
    assert (told["ok"], told["err"], told["unknown"], told["expected"]) == (4, 1, 1, 6)
    assert (told["availability"], round(told["coverage"], 1)) == (80.0, 83.3)
    assert (told["errors"], told["c5xx"], told["p99_ms"]) == ({"status_5xx": 1}, 1, None)

    newest = read.get(f"{LIST}/{check.key}/results", grain="minute", limit=2)
    assert [one["bucket"] for one in newest["items"]] == ["2026-11-21T03:02:00Z", "2026-11-21T03:01:00Z"]
    rest = read.get(f"{LIST}/{check.key}/results", grain="minute", limit=2, cursor=newest["next"])
    assert [one["availability"] for one in rest["items"]] == [100.0]
    since = (hour + timedelta(minutes=1)).astimezone(UTC).isoformat()
    until = (hour + timedelta(minutes=2)).astimezone(UTC).isoformat()
    (one,) = read.get(f"{LIST}/{check.key}/results", grain="minute", since=since, until=until)["items"]
    assert one["availability"] == 50.0


@pytest.mark.parametrize(
    ("who", "scope", "method", "path", "status"),
    [
        ("viewer", "incidents:read", "get", "", 403),
        ("viewer", "checks:read", "post", "/portal-disk/run", 403),
        ("responder", "checks:run", "get", "/portal-disk", 403),
        ("responder", "checks:run", "post", "", 403),
        ("admin", "checks:write", "post", "/portal-disk/run", 403),
        ("admin", "checks:write", "delete", "/portal-disk", 422),
        ("viewer", "checks:read", "get", "/nothing-here", 404),
        ("viewer", "checks:read", "get", "/nothing-here/results", 404),
    ],
)
def test_each_act_asks_for_its_scope(request, who, scope, method, path, status):
    program = Program(request.getfixturevalue(who), scope)

    assert program.ask(method, LIST + path, NEW if method != "get" else None).status_code == status
