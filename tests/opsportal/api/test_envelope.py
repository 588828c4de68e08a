"""Over real HTTP and through every middleware: one form of error for each status of the contract."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.wsgi import get_wsgi_application
from django.utils import timezone

from opsportal.tokens import actions as tokens
from tests.browser.application import Server, serve

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.opsportal.api.urls")]
NOTES = "/api/v1/test/notes"
MARKER = "value-that-must-not-come-back"
ASKED_AS = "asked-over-http-1"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server() -> Iterator[Server]:
    """The house without its door; what the door says (413) is tested in test_limits.py."""
    running = serve(get_wsgi_application())
    yield running
    running.stop()


CASES: dict[str, tuple[int, str, str, str, dict[str, Any]]] = {
    "zero byte": (400, "BAD_REQUEST", "GET", "/api/v1/incidents?domain=%00", {}),
    "not JSON inside": (400, "INVALID_JSON", "POST", NOTES, {"data": f'{{"{MARKER}"', "headers": JSON}),
    "token in the address": (400, "TOKEN_IN_QUERY", "GET", f"/api/v1/me?access_token={MARKER}", {}),
    "unknown host": (400, "BAD_REQUEST", "GET", "/api/v1/me", {"headers": {"Host": "evil.example"}}),
    "no token": (401, "UNAUTHENTICATED", "GET", "/api/v1/me", {"headers": {"Authorization": ""}}),
    "wrong token": (401, "UNAUTHENTICATED", "GET", "/api/v1/me", {"headers": {"Authorization": f"Bearer {MARKER}"}}),
    "scope missing": (403, "SCOPE_MISSING", "POST", NOTES, {"json": {"title": "x"}, "scopes": ["checks:read"]}),
    "refused further in": (403, "FORBIDDEN", "POST", NOTES, {"json": {"title": "deny"}}),
    "nothing there": (404, "NOT_FOUND", "GET", f"/api/v1/{MARKER}", {}),
    "no such row": (404, "NOT_FOUND", "GET", "/api/v1/incidents/999999", {}),
    "another method": (405, "METHOD_NOT_ALLOWED", "DELETE", NOTES, {}),
    "somebody was first": (409, "TEST_CONFLICT", "POST", NOTES, {"json": {"title": "conflict"}}),
    "list over the limit": (413, "PAYLOAD_TOO_LARGE", "POST", NOTES, {"json": {"title": "x", "items": [1] * 501}}),
    "a form": (415, "UNSUPPORTED_MEDIA_TYPE", "POST", NOTES, {"data": {"title": MARKER}}),
    "wrong field": (422, "VALIDATION_FAILED", "POST", NOTES, {"json": {"title": "x", "count": MARKER}}),
    "wrong query": (422, "VALIDATION_FAILED", "GET", f"/api/v1/incidents?severity={MARKER}", {}),
    "the act said no": (422, "TEST_REFUSED", "POST", NOTES, {"json": {"title": "refuse"}}),
    "it broke": (500, "INTERNAL_ERROR", "POST", NOTES, {"json": {"title": "break"}}),
}


def ask(server: Server, person: Any, method: str, path: str, **given: Any) -> requests.Response:
    scopes = given.pop("scopes", ["incidents:read", "incidents:write"])
    at = timezone.now()
    issued = tokens.issue(person, name="http", scopes=scopes, lifetime=timedelta(days=1), by="admin", at=at)
    headers = {"Authorization": f"Bearer {issued.text}", "X-Request-Id": ASKED_AS} | given.pop("headers", {})
    return requests.request(method, server.url + path, headers=headers, timeout=20, **given)


def is_envelope(answer: requests.Response, status: int, code: str) -> bool:
    """The form of the contract, and nothing but it."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.text
    assert list(answer.json()) == ["error"]
    error = answer.json()["error"]
    assert set(error) - {"fields"} == {"code", "message", "request_id"}
    assert error["code"] == code
    assert error["request_id"] == answer.headers["X-Request-Id"] == ASKED_AS
    assert MARKER not in answer.text and "marker" not in answer.text and "Traceback" not in answer.text
    assert "Set-Cookie" not in answer.headers
    return True


@pytest.mark.parametrize("case", CASES)
def test_every_error_is_the_envelope_with_its_status_code_and_request_id(server, responder, case):
    status, code, method, path, given = CASES[case]

    answer = ask(server, responder, method, path, **given)

    assert is_envelope(answer, status, code)
    assert status != 401 or answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert status != 405 or set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}], ids=["token", "stranger"])
def test_too_many_requests_are_429_and_say_how_long_to_wait(server, responder, settings, headers):
    settings.API_REQUESTS_PER_MINUTE = settings.API_STRANGER_REQUESTS_PER_MINUTE = 1
    at = timezone.now()
    issued = tokens.issue(responder, name="x", scopes=["checks:read"], lifetime=timedelta(days=1), by="admin", at=at)
    given = {"Authorization": f"Bearer {issued.text}", "X-Request-Id": ASKED_AS} | headers

    answers = [requests.get(f"{server.url}/api/v1/me", headers=given, timeout=20) for _ in range(3)]

    assert is_envelope(answers[-1], 429, "TOO_MANY_REQUESTS")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
