"""Limits, against services that keep them, forget them, or take another way out."""

import json
import time
from typing import Any

import pytest

from checks.probes import limit_guard
from checks.probes.limit_guard import MOST_BYTES, MOST_REQUESTS
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import run_probe
from tests.checks.probes.counterparts import Asked, Reply, service
from tests.checks.probes.servers import serving
from tests.targets import HttpTarget

REFUSED = {"error": {"code": "PAYLOAD_TOO_LARGE"}}
BODY = {"mode": "body", "bytes": 300_000, "code": "PAYLOAD_TOO_LARGE"}
BATCH = {"mode": "batch", "items": 501, "list_name": "items", "item": '{"id": 1}'}


def guard(url: str, **spec: Any) -> Outcome:
    outcome = run_probe(limit_guard.probe, {"url": url, **spec}, variable=lambda name: f"key of {name}")
    assert outcome is not None
    return outcome


def test_a_body_refused_before_it_was_read_passes() -> None:
    with service(lambda asked: (413, REFUSED) if asked.length > 1000 else (200, {})) as url:
        outcome = guard(url, **BODY)

    assert outcome.ok and outcome.latency_ms is not None


def test_a_body_refused_after_it_was_read_passes_and_was_json_of_the_size() -> None:
    bodies: list[bytes] = []

    def read_all(asked: Asked) -> Reply:
        bodies.append(asked.body())
        return 413, REFUSED

    with service(read_all) as url:
        assert guard(url, **BODY).ok

    assert len(bodies[0]) == 300_000
    assert set(json.loads(bodies[0])) == {"padding"}


@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        (200, {"saved": 1}, ErrorClass.NO_LIMIT),
        (400, REFUSED, ErrorClass.STATUS_4XX),
        (500, {}, ErrorClass.STATUS_5XX),
        (429, {}, ErrorClass.STATUS_429),
        (413, {"error": {"code": "OTHER"}}, ErrorClass.ASSERTION),
        (413, b"<html>413</html>", ErrorClass.ASSERTION),
        (413, {"error": "PAYLOAD_TOO_LARGE"}, ErrorClass.ASSERTION),
    ],
)
def test_any_other_answer_to_a_large_body_fails(status: int, document: Any, error: ErrorClass) -> None:
    def read_all(asked: Asked) -> Reply:
        asked.body()
        return status, document

    with service(read_all) as url:
        assert guard(url, **BODY).error is error


def test_a_code_is_looked_for_at_its_path_and_need_not_be_wanted() -> None:
    with service(lambda asked: (413, {"code": "TOO_BIG"})) as url:
        assert guard(url, **{**BODY, "code": "TOO_BIG", "code_path": "code"}).ok
        assert guard(url, **{**BODY, "code": ""}).ok


def test_a_line_that_is_cut_is_no_connection() -> None:
    with serving(lambda caller: None) as port:
        assert guard(f"http://127.0.0.1:{port}/", **BODY).error is ErrorClass.CONNECT


def test_a_server_that_swallows_and_never_answers_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_guard, "DEADLINE_SECONDS", 0.6)
    with serving(lambda caller: time.sleep(2)) as port:
        assert guard(f"http://127.0.0.1:{port}/", **BODY).error is ErrorClass.TIMEOUT


def test_a_list_that_is_too_long_is_refused_as_a_whole() -> None:
    lengths: list[int] = []

    def count(asked: Asked) -> Reply:
        lengths.append(len(json.loads(asked.body())["items"]))
        return (422, {}) if lengths[-1] > 500 else (200, {})

    with service(count) as url:
        assert guard(url, **BATCH).ok
        assert guard(url, **{**BATCH, "items": 500}).error is ErrorClass.NO_LIMIT
        assert guard(url, **BATCH, expect="413").error is ErrorClass.STATUS_4XX

    assert lengths == [501, 500, 501]


def test_a_bare_list_is_sent_when_it_has_no_name() -> None:
    assert json.loads(limit_guard.batch_body({"items": 3, "item": "7"})) == [7, 7, 7]
    with pytest.raises(ValueError, match="too many"):
        limit_guard.batch_body({"items": MOST_BYTES})


def rate_limited(after: int, asked: list[Asked]) -> Any:
    def reply(one: Asked) -> Reply:
        asked.append(one)
        return (429, {}) if len(asked) > after else (200, {})

    return reply


def test_a_rate_limit_has_to_answer_within_so_many_requests() -> None:
    asked: list[Asked] = []
    with service(rate_limited(10, asked)) as url:
        outcome = guard(url, mode="rate", within=30, plan="free", headers={"X-Key": "CHECK_FREE_KEY"})

    assert outcome.ok
    assert outcome.value == len(asked) == 12  # four at a time
    assert {one.headers["X-Key"] for one in asked} == {"key of CHECK_FREE_KEY"}


@pytest.mark.parametrize(
    ("after", "let_through", "error"),
    [
        (0, {}, ErrorClass.STATUS_429),
        (1, {}, None),
        (10, {"let_through": 10}, None),
        (9, {"let_through": 10}, ErrorClass.STATUS_429),
    ],
)
def test_a_limit_that_comes_too_early_fails(after: int, let_through: dict[str, int], error: ErrorClass | None) -> None:
    with service(rate_limited(after, [])) as url:
        assert guard(url, mode="rate", within=30, **let_through).error is error


def test_no_more_is_sent_than_it_takes_and_its_absence_fails() -> None:
    asked: list[Asked] = []
    with service(rate_limited(1000, asked)) as url:
        outcome = guard(url, mode="rate", within=10)

    assert outcome.error is ErrorClass.NO_LIMIT
    assert outcome.value == len(asked) == 10


def test_a_service_that_breaks_under_the_rate_fails_at_once(http_target: HttpTarget) -> None:
    http_target.status = 503

    assert guard(http_target.url, mode="rate", within=100).error is ErrorClass.STATUS_5XX
    assert len(http_target.requests) == 4


def test_a_service_that_is_not_there_is_no_connection(http_target: HttpTarget) -> None:
    http_target.stop()

    assert guard(http_target.url, mode="rate", within=100).error is ErrorClass.CONNECT


@pytest.mark.parametrize(
    "spec",
    [
        {"mode": "other"},
        {"mode": "body", "bytes": MOST_BYTES + 1},
        {"mode": "body", "bytes": 5},
        {"mode": "body"},
        {"mode": "batch", "items": 5, "item": "{"},
        {"mode": "rate", "within": MOST_REQUESTS + 1},
        {"mode": "rate", "within": "x"},
        {"mode": "rate", "within": 5, "let_through": 6},
        {"mode": "rate", "within": 5, "let_through": 0},
    ],
)
def test_a_configuration_that_is_not_bounded_sends_nothing(http_target: HttpTarget, spec: dict[str, Any]) -> None:
    assert guard(http_target.url, **spec).error is ErrorClass.CONFIG
    assert http_target.requests == []
