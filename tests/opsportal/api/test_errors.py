"""Whatever goes wrong, a program reads the same envelope, and nothing it sent comes back."""

import json
from typing import Any

import pytest
from django.test import Client, override_settings

from opsportal.api.bodies import depth
from opsportal.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.opsportal.api.urls")]
NOTES = "/api/v1/test/notes"
MARKER = "value-that-must-not-come-back"


def assert_envelope(answer, status: int, code: str) -> dict[str, Any]:
    """The error inside, after a look at the form around it."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/json")
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) - {"fields"} == {"code", "message", "request_id"}
    assert body["error"]["code"] == code
    assert body["error"]["message"].endswith(".") or "…" in body["error"]["message"]
    assert body["error"]["request_id"] == answer["X-Request-Id"]
    error: dict[str, Any] = body["error"]
    return error


@pytest.fixture
def script(program, responder):
    return program(responder, "incidents:read", "incidents:write")


def test_no_token_is_401_and_says_how(db):
    answer = Client().get("/api/v1/me")

    assert_envelope(answer, 401, "UNAUTHENTICATED")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer x",
        "Basic YTpi",
        "Bearer opsp_" + "a" * 32 + "_000000",
        "Bearer opsp_\u00e4",
        "opsp_" + "a" * 32,
        "Bearer a b",
    ],
)
def test_what_is_no_token_is_401(header):
    assert_envelope(Client().get("/api/v1/me", headers={"Authorization": header}), 401, "UNAUTHENTICATED")


def test_a_signed_in_browser_is_not_a_program(client_as, admin):
    assert_envelope(client_as(admin).get("/api/v1/me"), 401, "UNAUTHENTICATED")


def test_a_missing_scope_is_403_and_in_the_audit_log_once(program, responder):
    script = program(responder, "incidents:read")

    for _ in range(3):
        assert_envelope(script.post(NOTES, {"title": "x"}, key="once"), 403, "SCOPE_MISSING")

    assert AuditEvent.objects.filter(act="api.use", actor="responder", result="denied").count() == 1
    assert not AuditEvent.objects.filter(act__in=["test.note", "access.denied"]).exists()


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nowhere", "/api/v1/incidents/999999", "/api/v1/incidents/x"])
def test_nothing_there_is_404(script, path):
    assert_envelope(script.get(path), 404, "NOT_FOUND")


def test_a_stranger_learns_404_too():
    assert_envelope(Client().get("/api/v1/nowhere"), 404, "NOT_FOUND")


def test_another_method_is_405_and_names_those_that_work(script):
    answer = script.client.delete(NOTES)

    assert_envelope(answer, 405, "METHOD_NOT_ALLOWED")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_a_conflict_is_409(script):
    error = assert_envelope(script.post(NOTES, {"title": "conflict"}), 409, "TEST_CONFLICT")

    assert error["message"] == "Somebody was first."


def test_a_refusal_is_422_with_its_sentence(script):
    error = assert_envelope(script.post(NOTES, {"title": "refuse"}), 422, "TEST_REFUSED")

    assert error["message"] == "Not this one."


def test_permission_denied_further_in_is_403(script):
    assert_envelope(script.post(NOTES, {"title": "deny"}), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "body.title", "missing"),
        ({"title": MARKER * 3}, "body.title", "string_too_long"),
        ({"title": "x", "count": MARKER}, "body.count", "int_parsing"),
        ({"title": "x", "items": [1, MARKER]}, "body.items.1", "int_parsing"),
        ({"title": "x", MARKER: 1}, "body", "extra_forbidden"),
    ],
)
def test_wrong_fields_are_422_by_name_and_without_values(script, body, field, code):
    answer = script.post(NOTES, body)

    fields = assert_envelope(answer, 422, "VALIDATION_FAILED")["fields"]
    assert [(one["field"], one["code"]) for one in fields] == [(field, code)]
    assert MARKER not in answer.content.decode()


def test_a_wrong_query_is_422_without_its_value(script):
    answer = script.get(f"/api/v1/incidents?severity={MARKER}&limit=1000")

    assert {one["field"] for one in assert_envelope(answer, 422, "VALIDATION_FAILED")["fields"]} == {
        "query.severity",
        "query.limit",
    }
    assert MARKER not in answer.content.decode()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "INVALID_JSON"),
        (b"\xff", "INVALID_JSON"),
        (b'{"title": NaN}', "INVALID_JSON"),
        (b'{"title": 1e999}', "INVALID_JSON"),
        (b'{"title": ' + b"9" * 5000 + b"}", "INVALID_JSON"),
        (b"[" * 21 + b"]" * 21, "TOO_DEEP"),
        (b"[" * 200_000, "TOO_DEEP"),
        (b'{"title": "a\\u0000b"}', "INVALID_TEXT"),
        (b'{"title": "a\\ud800b"}', "INVALID_TEXT"),
    ],
)
def test_a_body_that_cannot_be_read_is_400(script, raw, code):
    assert_envelope(script.post(NOTES, raw), 400, code)


def test_twenty_levels_are_allowed_and_brackets_in_texts_do_not_count():
    assert depth(b"[" * 20 + b"]" * 20) == 20
    assert depth(json.dumps({"a": "[" * 50 + '"' + "\\" + "]"}).encode()) == 1
    assert depth(b'"' * 100_001) == 0
    assert depth(b'\\"' * 100_000) == 0


@override_settings(INGEST_MAX_BATCH_ITEMS=3)
def test_a_list_over_the_limit_is_413_and_stores_nothing(script):
    assert script.post(NOTES, {"title": "x", "items": [1, 2, 3]}).status_code == 201

    assert_envelope(script.post(NOTES, {"title": "x", "items": [1, 2, 3, 4]}), 413, "PAYLOAD_TOO_LARGE")

    assert AuditEvent.objects.filter(act="test.note").count() == 1


def test_another_content_type_is_415(script):
    headers = {"Authorization": f"Bearer {script.text}"}

    answer = script.client.post(NOTES, "title=x", content_type="application/x-www-form-urlencoded", headers=headers)

    assert_envelope(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_what_breaks_is_500_and_says_nothing_of_it(script):
    answer = script.post(NOTES, {"title": "break"})

    assert_envelope(answer, 500, "INTERNAL_ERROR")
    assert "marker" not in answer.content.decode()


def test_an_unknown_host_is_400_in_the_same_form():
    assert_envelope(
        Client(raise_request_exception=False).get("/api/v1/me", headers={"Host": "evil.example"}), 400, "BAD_REQUEST"
    )


def test_a_zero_byte_in_the_query_is_400(script):
    assert_envelope(script.get("/api/v1/incidents?domain=%00"), 400, "BAD_REQUEST")


def test_the_request_id_of_the_program_comes_back(script):
    headers = {"Authorization": f"Bearer {script.text}", "X-Request-Id": "from-the-script-1"}

    answer = script.client.get("/api/v1/nowhere", headers=headers)

    assert answer.json()["error"]["request_id"] == answer["X-Request-Id"] == "from-the-script-1"


def test_pages_for_people_keep_their_own_errors(client_as, viewer):
    assert "text/html" in client_as(viewer).get("/nowhere/")["Content-Type"]


def test_health_needs_no_token_and_pays_no_attention_to_one():
    assert Client().get("/api/v1/health").status_code == 200
