"""Changes as pipelines tell them and programs read them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.changes import freezes
from incidents.changes.models import Change
from opsportal.models import User
from opsportal.tokens import actions as tokens
from tests.incidents.cast import domain

pytestmark = pytest.mark.django_db
LIST = "/api/v1/changes"
DEPLOY = {"kind": "deploy", "what": "Deploy payments", "domain": "payments", "artifact": "2026.11.21-1"}


def send(user: User, scope: str) -> Callable[..., Any]:
    words: dict[str, Any] = {"name": "pipeline", "scopes": [scope], "lifetime": timedelta(days=1)}
    text = tokens.issue(user, **words, by="cast", at=timezone.now()).text

    def ask(path: str = LIST, body: Any = None, *, key: str = "", **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {text}"} | ({"Idempotency-Key": key} if key else {})
        if body is None:
            return Client().get(path, query, headers=headers)
        return Client().post(path, body, content_type="application/json", headers=headers)

    return ask


@pytest.fixture
def write(responder: User) -> Callable[..., Any]:
    return send(responder, "changes:write")


@pytest.fixture
def read(viewer: User) -> Callable[..., Any]:
    return send(viewer, "changes:read")


def test_a_pipeline_tells_of_a_deploy_and_it_is_read_as_it_was_told(write, read):
    made = write(body=DEPLOY | {"started_at": "2026-11-21T03:00:00+01:00", "finished_at": "2026-11-21T02:12:00Z"})

    assert made.status_code == 201
    told = read(f"{LIST}/{made.json()['number']}").json()
    assert told == made.json()
    assert (told["started_at"], told["finished_at"]) == ("2026-11-21T02:00:00Z", "2026-11-21T02:12:00Z")
    assert (told["domain"], told["result"], told["source"]) == ("payments", "succeeded", "api")
    assert told["recorded_by"] == "responder"
    assert Change.objects.get().who == "responder, token pipeline"


def test_the_same_key_tells_it_once(write):
    answers = [write(body=DEPLOY, key="build-412") for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Change.objects.count() == 1


def test_it_begins_and_ends_by_two_calls(write):
    number = write(body=DEPLOY | {"result": "running"}).json()["number"]

    done = write(f"{LIST}/{number}/result", {"result": "succeeded", "note": "smoke tests are green"})
    assert (done.status_code, done.json()["result"]) == (200, "succeeded")
    again = write(f"{LIST}/{number}/result", {"result": "failed", "note": "x"})
    assert (again.status_code, again.json()["error"]["code"]) == (422, "CHANGE_RESULT")
    back = write(f"{LIST}/{number}/result", {"result": "rolled_back", "note": "carts were lost"})
    assert back.json()["result"] == "rolled_back"


def test_a_planned_one_begins_and_fails_by_call(write):
    planned = DEPLOY | {"kind": "configuration", "result": "planned", "started_at": "2126-11-21T03:00:00Z"}
    number = write(body=planned).json()["number"]

    assert write(f"{LIST}/{number}/result", {"result": "running"}).json()["result"] == "running"
    assert write(f"{LIST}/{number}/result", {"result": "failed", "note": ""}).status_code == 422
    assert write(f"{LIST}/{number}/result", {"result": "failed", "note": "red"}).json()["result"] == "failed"


def test_a_freeze_is_said_in_words_and_overridden_with_a_reason(write, publisher):
    at = timezone.now()
    freezes.add_window(domain(), reason="Quarter end", starts_at=at, ends_at=None, by=publisher, at=at)

    refused = write(body=DEPLOY)

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "FROZEN")
    assert "Quarter end" in refused.json()["error"]["message"]
    assert write(body=DEPLOY | {"override": "Fixes INC-1"}).json()["override"] == "Fixes INC-1"
    assert write(body=DEPLOY | {"kind": "rollback"}).status_code == 201


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"domain": "moon"}, "DOMAIN_UNKNOWN"),
        ({"kind": "hope"}, "VALIDATION_FAILED"),
        ({"more": 1}, "VALIDATION_FAILED"),
        ({"started_at": "2026-11-21T03:12:00"}, "VALIDATION_FAILED"),
        ({"artifact": "two words"}, "ARTIFACT_WRONG"),
        ({"what": "key AKIAIOSFODNN7EXAMPLE"}, "PRIVACY"),
    ],
)
def test_what_is_not_well_formed_is_422_and_nothing_is_stored(write, changes, code):
    answer = write(body=DEPLOY | changes)

    assert answer.status_code == 422
    assert answer.json()["error"]["code"].startswith(code)
    assert not Change.objects.exists()


def test_pages_hold_every_change_once_and_filters_narrow(write, read):
    made = [write(body=DEPLOY).json()["number"] for _ in range(4)]
    flag = write(body={"kind": "flag", "what": "New checkout on"}).json()["number"]

    page = read(limit="2").json()
    numbers = [one["number"] for one in page["items"]]
    while page["next"]:
        page = read(limit="2", cursor=page["next"]).json()
        numbers += [one["number"] for one in page["items"]]

    assert numbers == [flag, *reversed(made)]
    assert [one["number"] for one in read(kind="flag").json()["items"]] == [flag]
    assert [one["number"] for one in read(domain="all-domains").json()["items"]] == [flag]
    assert read(result="failed").json()["items"] == []


def test_reading_is_not_writing(read, viewer):
    assert read(body=DEPLOY).json()["error"]["code"] == "SCOPE_MISSING"
    assert read(f"{LIST}/99").status_code == 404
