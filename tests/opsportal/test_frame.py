"""Health tokens, request ids, append-only audit, job claims."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client, RequestFactory

from opsportal.audit import actions as audit
from opsportal.logs import redact
from opsportal.requests import Utf8Request
from opsportal.ticker.actions import claim, done


@pytest.mark.django_db(transaction=True)
def test_ready_is_200_with_tokens_only():
    answer = Client().get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["database"] == "ok"
    assert set(answer.json()) == {"status", "database", "redis", "scheduler"}


@pytest.mark.django_db
def test_live_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/health/live").json() == {"status": "ok"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "is_kept"), [("abcd-1234", True), ("short", False), ("bad id with spaces", False), ("x" * 65, False)]
)
def test_a_well_formed_request_id_comes_back_and_another_is_replaced(given, is_kept):
    answer = Client().get("/health/live", headers={"X-Request-Id": given})

    assert (answer["X-Request-Id"] == given) is is_kept


@pytest.mark.django_db
def test_staff_pages_are_never_stored_by_anybody(client_as, viewer):
    answer = client_as(viewer).get("/deliveries/")

    assert answer["Cache-Control"] == "no-store, private"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_poll_without_news_is_small_and_keeps_what_http_wants(client_as, viewer):
    client, part = client_as(viewer), {"HX-Request": "true", "HX-Request-Type": "partial"}
    tag = client.get("/more/")["HX-PTag"]

    answer = client.get("/more/", headers=part | {"HX-PTag": tag})

    assert (answer.status_code, answer.content) == (304, b"")
    assert set(answer.headers) == {"Cache-Control", "Vary", "HX-PTag", "X-Request-Id"}
    assert len(answer.serialize_headers()) < 300 - len("HTTP/1.1 304 Not Modified, server and date" * 2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE opsportal_auditevent SET actor = 'somebody else'",
        "DELETE FROM opsportal_auditevent",
        "TRUNCATE opsportal_auditevent",
    ],
)
def test_the_audit_log_only_grows(sql):
    audit.record("user.role", by="admin", object="responder")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_one_of_many_tickers_gets_the_period():
    assert claim("test.job", every=timedelta(minutes=1))
    assert not claim("test.job", every=timedelta(minutes=1))
    done("test.job")

    assert claim("test.job", every=timedelta(0))


def test_a_one_time_link_is_never_logged():
    event = {"event": "Internal Server Error: /setup/abc-DEF_123/", "path": "/login-link/xyz/", "number": 5}

    cleaned = redact(None, "error", event)

    assert cleaned == {
        "event": "Internal Server Error: /setup/[removed]/",
        "path": "/login-link/[removed]/",
        "number": 5,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "cookie"),
    [("q=a%00b", ""), ("", 'opsportal_session="\\000abcdefghijk"'), ("", 'theme="\\000"')],
)
def test_nul_in_a_query_or_a_cookie_is_not_understood(client_as, viewer, query, cookie):
    answer = client_as(viewer).get(f"/search/?{query}", headers={"Cookie": cookie} if cookie else {})

    assert answer.status_code == 400
    assert "not understood" in answer.text


@pytest.mark.django_db
def test_a_body_in_an_encoding_that_forms_cannot_have_is_not_understood():
    client = Client(enforce_csrf_checks=True)
    client.get("/login/")

    answer = client.post("/login/", b"x=1", content_type="application/x-www-form-urlencoded; charset=utf-16")

    assert answer.status_code == 400
    assert "not understood" in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["undefined", "idna", "zlib", "utf-16", "none-such", '"'])
def test_an_encoding_that_decodes_nothing_is_answered_like_any_other_mistake(charset):
    door: Any = WSGIHandler()
    door.request_class = Utf8Request
    told: dict[str, str] = {}
    kind = f"application/json; charset={charset}"

    def answer(path: str) -> bytes:
        return b"".join(door(RequestFactory().get(path, {"q": "ö"}).environ | {"CONTENT_TYPE": kind}, start))

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(dict(headers), status=status)

    assert b"not understood" in answer("/login/")
    assert told["status"] == "400 Bad Request"
    assert told["X-Request-Id"]
    assert json.loads(answer("/api/v1/health"))["error"]["code"] == "BAD_REQUEST"


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8"])
def test_utf_8_is_understood(charset):
    assert Client().get("/health/live", content_type=f"text/plain; charset={charset}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("problem", "status", "words"),
    [
        (OperationalError("the connection is lost"), 503, "The database does not answer"),
        (ValueError("s3cret99"), 500, "The portal could not do this"),
    ],
)
def test_a_page_without_a_database_is_503_and_one_with_a_mistake_500(
    client_as, viewer, monkeypatch, problem, status, words
):
    def broken(*_: object) -> None:
        raise problem

    client = client_as(viewer)
    client.raise_request_exception = False
    monkeypatch.setattr("incidents.search.queries.search", broken)

    answer = client.get("/search/?q=checkout")

    assert answer.status_code == status
    assert words in answer.text
    assert "s3cret99" not in answer.text
    assert answer.has_header("Retry-After") is (status == 503)
