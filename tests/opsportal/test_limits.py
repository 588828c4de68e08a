"""A body over the limit is refused before it is read; a chunked one arrives whole or not at all."""

import io
import json
from typing import Any

import pytest

from opsportal.limits import BodyLimit

LIMIT = 10


class Unread(io.BytesIO):
    """A body that notices when somebody reads it."""

    was_read = False

    def read(self, *args):
        self.was_read = True
        return super().read(*args)


def call(environ: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        seen["body"] = environ["wsgi.input"].read(length)
        start_response("200 OK", [])
        return [b"ok"]

    def start_response(status, headers):
        seen["status"], seen["headers"] = status, dict(headers)

    seen["answer"] = b"".join(BodyLimit(app, limit=LIMIT)(environ, start_response))
    return seen


@pytest.mark.parametrize("length", ["11", "99999999999", "-1", "abc"])
def test_a_declared_length_over_the_limit_is_413_without_reading(length):
    body = Unread(b"x" * 20)

    seen = call({"CONTENT_LENGTH": length, "wsgi.input": body})

    assert seen["status"].startswith("413")
    assert json.loads(seen["answer"])["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert not body.was_read


def test_a_body_of_exactly_the_limit_passes():
    seen = call({"CONTENT_LENGTH": "10", "wsgi.input": io.BytesIO(b"0123456789")})

    assert seen["status"] == "200 OK"
    assert seen["body"] == b"0123456789"


def test_a_chunked_body_arrives_with_its_length():
    seen = call({"wsgi.input": io.BytesIO(b"chunks"), "wsgi.input_terminated": True})

    assert seen["body"] == b"chunks"


def test_an_endless_chunked_body_is_413():
    seen = call({"wsgi.input": io.BytesIO(b"x" * 1000), "wsgi.input_terminated": True})

    assert seen["status"].startswith("413")


def test_the_api_has_a_lower_limit_of_its_own():
    def answered(path: str) -> str:
        statuses: list[str] = []
        app = BodyLimit(lambda _, start: start("200 OK", []) or [], limit=LIMIT, below={"/api/": 5})
        environ = {"PATH_INFO": path, "CONTENT_LENGTH": "6", "wsgi.input": io.BytesIO(b"123456")}
        list(app(environ, lambda status, _: statuses.append(status)))
        return statuses[0]

    assert answered("/api/v1/incidents").startswith("413")
    assert answered("/incidents/") == "200 OK"


def test_the_limit_of_the_api_is_256_kib_and_the_door_has_it(settings):
    assert settings.API_MAX_BODY_BYTES == 256 * 1024
    assert '"/api/": settings.API_MAX_BODY_BYTES' in (settings.BASE_DIR / "opsportal/wsgi.py").read_text()


@pytest.mark.parametrize(("lowered", "status"), [(None, "200 OK"), (5, "413"), (5000, "200 OK")])
def test_a_lowered_limit_holds_and_a_higher_one_does_not(lowered, status):
    statuses: list[str] = []
    app = BodyLimit(lambda _, start: start("200 OK", []) or [], limit=LIMIT, lowered=lambda: lowered)

    for length in ("6", "11"):
        environ = {"PATH_INFO": "/x", "CONTENT_LENGTH": length, "wsgi.input": Unread(b"")}
        list(app(environ, lambda answered, _: statuses.append(answered)))

    assert statuses[0].startswith(status)
    assert statuses[1].startswith("413")


@pytest.mark.parametrize(("given", "is_kept"), [("deploy-2026-11-21", True), ("short", False), ("a b" * 9, False)])
def test_the_413_keeps_a_well_formed_request_id_and_makes_another_for_one_that_is_not(given, is_kept):
    seen = call({"CONTENT_LENGTH": "11", "wsgi.input": Unread(b""), "HTTP_X_REQUEST_ID": given})

    error = json.loads(seen["answer"])["error"]
    assert set(error) == {"code", "message", "request_id"}
    assert error["request_id"] == seen["headers"]["X-Request-Id"]
    assert (error["request_id"] == given) is is_kept
