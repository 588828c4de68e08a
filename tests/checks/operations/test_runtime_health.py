"""A running portal from outside: every line, every exit code."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from checks.operations.asking import Base, Reply
from tests.checks.operations.commands import run
from tests.portals import free_port
from tests.targets import HttpTarget

WELL: dict[str, tuple[int, dict[str, Any]]] = {
    "/health/live": (200, {"status": "ok"}),
    "/health/ready": (200, {"status": "ok", "database": "ok", "redis": "ok", "scheduler": "ok"}),
    "/api/v1/incidents": (413, {"error": {"code": "PAYLOAD_TOO_LARGE"}}),
}
Portal = Callable[..., None]


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Answers as told; quick unless told otherwise."""

    def answering(changes: dict[str, tuple[int, dict[str, Any]]] | None = None, *, ms: float = 7.0) -> None:
        answers = WELL | (changes or {})
        monkeypatch.setattr(Base, "ask", lambda _, path, **__: Reply(answers[path][0], ms, answers[path][1]))

    return answering


def ask() -> tuple[list[str], int]:
    return run("check_runtime_health", "--base-url=http://127.0.0.1:1")


def test_a_portal_that_is_well(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    portal()
    monkeypatch.setenv("OPSPORTAL_TOKEN", "for-this-test")

    assert ask() == (
        [
            "runtime_health part=live status=ok http=200",
            "runtime_health part=ready status=ok http=200 database=ok redis=ok scheduler=ok",
            "runtime_health part=p95 status=ok samples=20 p95_ms=7 most_ms=400",
            "runtime_health part=body_limit status=ok http=413",
            "runtime_health part=batch_limit status=ok http=413",
            "runtime_health status=ok",
        ],
        0,
    )


def test_without_a_token_the_batch_is_not_tried(portal: Portal) -> None:
    portal()

    lines, code = ask()
    assert "runtime_health part=batch_limit status=skipped reason=no_token" in lines
    assert (lines[-1], code) == ("runtime_health status=ok", 0)


def test_degraded_serves(portal: Portal) -> None:
    portal({"/health/ready": (200, {"status": "degraded", "database": "ok", "redis": "unreachable"})})

    lines, code = ask()
    assert lines[1] == "runtime_health part=ready status=degraded http=200 database=ok redis=unreachable"
    assert code == 0


@pytest.mark.parametrize(
    ("path", "answer", "line"),
    [
        ("/health/live", (502, {}), "runtime_health part=live status=fail reason=not_live http=502"),
        ("/health/ready", (503, {}), "runtime_health part=ready status=fail reason=not_ready http=503"),
        ("/api/v1/incidents", (401, {}), "runtime_health part=body_limit status=fail reason=no_body_limit http=401"),
        ("/api/v1/incidents", (413, {}), "runtime_health part=body_limit status=fail reason=no_body_limit http=413"),
    ],
)
def test_what_is_not_well_is_unhealthy(portal: Portal, path: str, answer: Any, line: str) -> None:
    portal({path: answer})

    lines, code = ask()
    reason = re.search("reason=[a-z_]+", line)
    assert line in lines
    assert reason
    assert (lines[-1], code) == (f"runtime_health status=unhealthy {reason[0]}", 2)


def test_a_slow_one_is_unhealthy_by_the_threshold_of_the_environment(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_HEALTH_P95_MS", "30")
    portal(ms=31.0)

    lines, code = ask()
    assert lines[2] == "runtime_health part=p95 status=fail reason=p95_too_slow samples=20 p95_ms=31 most_ms=30"
    assert (lines[-1], code) == ("runtime_health status=unhealthy reason=p95_too_slow", 2)


def test_where_nobody_answers_is_an_error() -> None:
    base = f"--base-url=http://127.0.0.1:{free_port()}"

    assert run("check_runtime_health", base) == (["runtime_health status=fail reason=health_connect_failed"], 1)


@pytest.mark.parametrize(
    "url", ["ftp://ops.example", "ops.example", "https://me:word@ops.example", "http://[", "http://ops.example/?a=b"]
)
def test_an_address_that_is_none_is_an_error(url: str) -> None:
    assert run("check_runtime_health", f"--base-url={url}") == (["runtime_health status=fail reason=base_url_wrong"], 1)


def test_what_is_sent_is_too_large_for_any_portal_of_ours(http_target: HttpTarget) -> None:
    base = Base.read(http_target.url)

    reply = base.ask("/api/v1/incidents", body=b"[0]", token="for-this-test")

    (sent,) = http_target.requests
    assert (sent.method, sent.path, sent.body) == ("POST", "/api/v1/incidents", b"[0]")
    assert sent.headers["Authorization"] == "Bearer for-this-test"
    assert (reply.status, reply.body) == (200, {})
