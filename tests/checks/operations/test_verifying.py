"""prod_verify and benchmark_queries: every line, every exit code."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.utils import timezone

from checks.operations import hot_queries, several
from checks.operations.hot_queries import Timing
from checks.operations.several import Ended
from incidents.ownership.models import Domain
from incidents.response import actions
from incidents.response.states import Severity
from opsportal import env
from opsportal.commands import Exit
from opsportal.models import User
from tests.checks.operations.commands import run

NO_TRAFFIC = "ops_daily_watchdog status=insufficient_data reason=delivered_total_0"
SLOW = "runtime_health status=unhealthy reason=too_slow"
CONNECT = "runtime_health status=fail reason=health_connect_failed"


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in env.REQUIRED_ALWAYS:
        monkeypatch.setenv(name, os.environ.get(name) or "set")
    monkeypatch.delenv("OPSPORTAL_DECIDED", raising=False)


@pytest.fixture
def asked() -> list[str]:
    """The parts that were run."""
    return []


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> dict[str, Ended]:
    """How each part of prod_verify ends; well unless told otherwise."""
    told: dict[str, Ended] = {}

    def ran(words: Sequence[str], **_: object) -> Ended:
        asked.append(" ".join(words))
        return told.get(words[0], Ended(Exit.OK, ""))

    monkeypatch.setattr(several, "run", ran)
    return told


@pytest.mark.parametrize("words", [(), ("--dry-run", "--verify")])
def test_it_wants_one_mode(words: tuple[str, ...]) -> None:
    assert run("prod_verify", *words) == (["prod_verify status=fail reason=unknown_mode"], 1)


@pytest.mark.parametrize("mode", ["--dry-run", "--verify"])
def test_where_nothing_is_set_there_is_nothing_to_verify(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSTGRES_DSN_PROD", *env.REQUIRED_ALWAYS):
        monkeypatch.delenv(name, raising=False)

    assert run("prod_verify", mode) == (["prod_verify status=not_configured reason=missing_env"], 0)


@pytest.mark.usefixtures("production")
def test_half_a_configuration_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASE_URL")

    expected = [
        "missing=BASE_URL",
        "prod_config status=fail reason=missing_env",
        "prod_verify status=fail reason=missing_env",
    ]
    assert run("prod_verify", "--dry-run") == (expected, 1)


@pytest.mark.usefixtures("production")
def test_the_dry_run_looks_at_the_configuration_only() -> None:
    assert run("prod_verify", "--dry-run") == (["prod_config status=ok", "prod_verify status=ok mode=dry_run"], 0)


@pytest.mark.usefixtures("production", "ends")
def test_verify_asks_all_parts_and_is_ok_when_all_are(asked: list[str]) -> None:
    assert run("prod_verify", "--verify") == (["prod_config status=ok", "prod_verify status=ok mode=verify"], 0)
    assert asked == [
        "db_verify",
        "ops_daily --mode=ci --strict",
        f"check_runtime_health --base-url={settings.BASE_URL}",
    ]


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize(
    ("told", "reason", "code"),
    [
        ({"ops_daily": Ended(Exit.UNHEALTHY, NO_TRAFFIC)}, "delivered_total_0", 2),
        (
            {"ops_daily": Ended(Exit.UNHEALTHY, NO_TRAFFIC), "check_runtime_health": Ended(Exit.ERROR, CONNECT)},
            "health_connect_failed",
            1,
        ),
        # What is wrong stands before what nobody knows.
        (
            {"ops_daily": Ended(Exit.UNHEALTHY, NO_TRAFFIC), "check_runtime_health": Ended(Exit.UNHEALTHY, SLOW)},
            "too_slow",
            2,
        ),
        ({"db_verify": Ended(Exit.ERROR, "db_verify status=fail reason=missing_tables")}, "missing_tables", 1),
        ({"db_verify": Ended(Exit.ERROR, "")}, "failed", 1),
    ],
)
def test_the_worst_exit_wins_and_an_error_is_worse_than_unhealthy(
    ends: dict[str, Ended], told: dict[str, Ended], reason: str, code: int
) -> None:
    ends |= told

    lines, ended = run("prod_verify", "--verify")

    assert (lines[-1], ended) == (f"prod_verify status=fail mode=verify reason={reason}", code)


@pytest.mark.django_db
@pytest.mark.usefixtures("production")
def test_verify_prints_the_lines_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "BASE_URL", "http://127.0.0.1:1")

    lines, code = run("prod_verify", "--verify")

    assert lines[:2] == ["prod_config status=ok", "db_verify status=ok"]
    assert lines[-3:] == [NO_TRAFFIC, CONNECT, "prod_verify status=fail mode=verify reason=health_connect_failed"]
    assert code == 1


@pytest.mark.django_db
def test_every_hot_query_reads_only_and_says_what_it_costs(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.declare(
        title="Orders answer late",
        summary="Every tenth.",
        severity=Severity.SEV2,
        domain=Domain.objects.get(slug="backend"),
        by=admin,
        at=datetime(2026, 11, 21, 3, tzinfo=UTC),
    )

    timed = list(hot_queries.timings(timezone.now(), rounds=1))

    assert [one.name for one in timed] == [
        *("check_list", "check_days", "check_month", "checks_due", "ops_daily", "deliveries", "audit_log"),
        *("now_board", "incident_list", "search", "alerts", "changes", "incident_room"),
    ]
    assert all(one.queries and len(one.rounds) == 1 for one in timed)


@pytest.fixture
def two_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = [Timing("now_board", 7, (2.0, 2.0, 3.0)), Timing("search", 3, (10.0, 10.0, 400.5))]
    monkeypatch.setattr(hot_queries, "timings", lambda _: iter(timed))


@pytest.mark.django_db
@pytest.mark.usefixtures("two_queries")
@pytest.mark.parametrize(
    ("mean", "p95", "word", "last", "code"),
    [
        ("250", "401", "ok", "benchmark_queries status=ok", 0),
        ("250", "400", "slow", "benchmark_queries status=unhealthy reason=too_slow slow=1", 2),
        ("140", "500", "slow", "benchmark_queries status=unhealthy reason=too_slow slow=1", 2),
        ("", "", "slow", "benchmark_queries status=unhealthy reason=too_slow slow=1", 2),
    ],
)
def test_the_thresholds_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, mean: str, p95: str, word: str, last: str, code: int
) -> None:
    monkeypatch.setenv("BENCH_FAIL_THRESHOLD_MS", mean)
    monkeypatch.setenv("BENCH_FAIL_P95_THRESHOLD_MS", p95)

    assert run("benchmark_queries") == (
        [
            "benchmark_queries query=now_board status=ok queries=7 rounds=3 mean_ms=2.3 p95_ms=3.0",
            f"benchmark_queries query=search status={word} queries=3 rounds=3 mean_ms=140.2 p95_ms=400.5",
            last,
        ],
        code,
    )


@pytest.mark.django_db
def test_without_a_database_there_is_nothing_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_CONFIGURED", False)

    assert run("benchmark_queries") == (["benchmark_queries status=fail reason=missing_dsn"], 1)
