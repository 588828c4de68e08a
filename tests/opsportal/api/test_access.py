"""Who gets in, with which scope, and how often."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from opsportal.accounts import actions as people
from opsportal.api import throttle
from opsportal.api.errors import ApiError
from opsportal.api.frame import operations, scope_needed
from opsportal.api.models import RequestCount
from opsportal.api.urls import api
from opsportal.errors import Refused
from opsportal.models import ApiToken
from opsportal.roles import Role
from opsportal.tokens import actions, scopes, secret

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.opsportal.api.urls")]
NOTES = "/api/v1/test/notes"


def test_every_operation_names_a_scope_except_who_am_i():
    silent = [one.path for one in operations(api) if scope_needed(one) is None]

    assert silent == ["/me"]


def test_me_says_who_and_what(program, responder):
    script = program(responder, "incidents:write", "incidents:read", name="deploy")

    said = script.get("/api/v1/me").json()

    assert said | {"expires_at": ""} == {
        "name": "responder",
        "role": "responder",
        "scopes": ["incidents:read", "incidents:write"],
        "token": "deploy",
        "expires_at": "",
    }


@pytest.mark.parametrize("scope", [one.name for one in scopes.ALL])
def test_a_token_with_another_scope_does_not_read_incidents(program, admin, scope):
    answer = program(admin, scope).get("/api/v1/incidents")

    assert answer.status_code == (200 if scope == "incidents:read" else 403)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", scopes.ALL, ids=lambda one: one.name)
def test_nobody_makes_a_token_above_their_role(request, role, scope, program):
    person = request.getfixturevalue(role.value)

    if role.rank >= scope.role.rank:
        assert program(person, scope.name).get("/api/v1/me").json()["scopes"] == [scope.name]
    else:
        with pytest.raises(Refused, match="does not reach"):
            program(person, scope.name)


def test_a_lower_role_takes_the_scope_away_at_once(program, responder, admin):
    script = program(responder, "incidents:read", "incidents:write")
    assert script.post(NOTES, {"title": "before"}).status_code == 201

    people.change_role(responder, to=Role.VIEWER, by=admin, at=timezone.now())

    answer = script.post(NOTES, {"title": "after"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ROLE_TOO_LOW")
    assert script.get("/api/v1/me").json()["scopes"] == ["incidents:read"]
    assert script.get("/api/v1/incidents").status_code == 200


def test_a_deactivated_person_has_no_living_token(program, responder, admin):
    script = program(responder)

    people.deactivate(responder, by=admin, at=timezone.now())

    assert script.get("/api/v1/me").status_code == 401


def test_a_revoked_token_is_refused_with_the_next_request(program, responder):
    script = program(responder)
    assert script.get("/api/v1/me").status_code == 200

    actions.revoke(script.token, by=responder, at=timezone.now())

    assert script.get("/api/v1/me").status_code == 401


def test_an_ended_token_is_refused(program, responder):
    script = program(responder, at=timezone.now() - timedelta(days=2))

    assert script.get("/api/v1/me").status_code == 401


def test_both_tokens_work_until_the_overlap_ends(program, responder):
    old = program(responder)
    issued = actions.rotate(old.token, overlap=timedelta(hours=1), by=responder, at=timezone.now())

    assert old.get("/api/v1/me").status_code == 200
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {issued.text}"}).status_code == 200

    ApiToken.objects.filter(pk=old.token.pk).update(expires_at=timezone.now())
    assert old.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "q", "Authorization"])
@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/incidents", "/api/v1/health", "/api/v1/nowhere"])
def test_a_token_in_the_address_is_refused_with_words(program, responder, name, path):
    script = program(responder)

    answer = script.get(f"{path}?{name}={script.text.replace('o', '%6F', 1)}")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "TOKEN_IN_QUERY"
    assert "header" in answer.json()["error"]["message"]
    assert script.text not in answer.content.decode()


def test_a_mistyped_token_costs_no_question_for_it(django_assert_max_num_queries):
    wrong = secret.generate()[:-1] + "!"

    with django_assert_max_num_queries(3) as queries:  # the count of strangers, their refusals and this one
        Client().get("/api/v1/me", headers={"Authorization": f"Bearer {wrong}"})

    assert not any("apitoken" in one["sql"] for one in queries.captured_queries)


def test_an_answer_costs_three_statements(program, responder, django_assert_num_queries):
    script = program(responder)
    script.get("/api/v1/me")

    with django_assert_num_queries(2):  # the token with its owner, the count
        script.get("/api/v1/me")


@override_settings(API_REQUESTS_PER_MINUTE=3)
def test_a_token_that_asks_too_often_waits_and_others_do_not(program, responder, publisher, monkeypatch):
    hold_the_clock(monkeypatch)
    loop, other = program(responder), program(publisher)

    answers = [loop.get("/api/v1/me") for _ in range(5)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert answers[-1]["Retry-After"] == "50"
    assert answers[-1].json()["error"]["code"] == "TOO_MANY_REQUESTS"
    assert other.get("/api/v1/me").status_code == 200


@override_settings(API_STRANGER_REQUESTS_PER_MINUTE=2)
def test_a_stranger_who_asks_too_often_waits_while_tokens_go_on(program, responder, monkeypatch):
    hold_the_clock(monkeypatch)
    stranger = Client()

    statuses = [stranger.get("/api/v1/me").status_code for _ in range(4)]

    assert statuses == [401, 401, 429, 429]
    assert program(responder).get("/api/v1/me").status_code == 200
    assert Client(REMOTE_ADDR="127.0.0.9").get("/api/v1/me").status_code == 401
    assert stranger.get("/api/v1/health").status_code == 200


def test_the_addresses_of_strangers_are_not_stored():
    Client(REMOTE_ADDR="192.0.2.7").get("/api/v1/me")

    row = RequestCount.objects.get()
    assert "192.0.2.7" not in f"{row.who}" and len(row.who) == 64


@override_settings(API_STRANGER_REQUESTS_PER_MINUTE=1)
def test_a_network_of_ipv6_counts_as_one(rf):
    at = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
    throttle.count_stranger(rf.get("/", REMOTE_ADDR="2001:db8::1"), at=at)

    with pytest.raises(ApiError):
        throttle.count_stranger(rf.get("/", REMOTE_ADDR="2001:db8::2"), at=at)

    throttle.count_stranger(rf.get("/", REMOTE_ADDR="2001:db8:0:1::1"), at=at)


def test_counts_of_minutes_that_are_over_are_removed():
    at = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
    throttle.is_first("old", at=at)
    throttle.is_first("new", at=at + timedelta(minutes=5))

    assert throttle.forget_old(at=at + timedelta(minutes=5)) == 1
    assert RequestCount.objects.count() == 1


def hold_the_clock(monkeypatch) -> None:
    """Ten seconds into the running minute, so that a test never crosses its end."""
    held = timezone.now().replace(second=10)
    monkeypatch.setattr("opsportal.api.access.timezone.now", lambda: held)
