"""Operations of checks: stable lines and exit codes."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.operations.daily import Report
from checks.operations.normalize import normalize
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from opsportal import env
from tests.checks.operations.commands import run

AddCheck = Callable[..., Check]
UNCHANGED = "ops_ci_normalize status=unchanged reason=unexpected_exit"
ZERO_TRAFFIC = "ops_daily_watchdog status=insufficient_data reason=delivered_total_0"


@pytest.fixture
def two_checks(add_check: AddCheck) -> list[Check]:
    """Of two daily checks one passed 19 of 20 runs, the other ran once."""
    Check.objects.update(is_daily=False)
    now = timezone.now()
    minute = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
    first = add_check("checkout", state=State.HEALTHY, last_run_at=now)
    second = add_check("search", state=State.HEALTHY, last_run_at=now)
    buckets.add_minutes(
        [
            Counts(
                first.pk,
                minute,
                ok=19,
                err=1,
                unknown=5,
                expected=25,
                errors={"timeout": 1},
                lat_sum=1900.0,
                hist=histogram.encode([100.0] * 19),
            ),
            Counts(second.pk, minute, ok=1, expected=1, lat_sum=10.0, hist=histogram.encode([10.0])),
        ]
    )
    return [first, second]


@pytest.mark.usefixtures("two_checks")
def test_the_lines_are_aggregates_and_the_last_is_the_watchdogs() -> None:
    lines, code = run("ops_daily", "--mode=ci")

    assert lines == [
        "ops_daily check=checkout status=healthy samples=20 availability=95.00 coverage=80.00 p95_ms=99",
        "ops_daily check=search status=healthy samples=1 availability=100.00 coverage=100.00 p95_ms=10",
        "ops_daily_totals checks=2 healthy=2 unhealthy=0 insufficient_data=0 blocked=0 delivered_total=21 "
        "ok=20 err=1 unknown=5 availability=95.23 coverage=80.76 p95_ms=99",
        "ops_daily_watchdog status=healthy",
    ]
    assert code == 0


def test_a_failing_check_is_unhealthy_and_comes_first(two_checks: list[Check]) -> None:
    Check.objects.filter(key="search").update(state=State.UNHEALTHY)

    lines, code = run("ops_daily", "--mode=ci")

    assert lines[0].startswith("ops_daily check=search status=unhealthy")
    assert (lines[-1], code) == ("ops_daily_watchdog status=unhealthy reason=checks_unhealthy", 2)


@pytest.mark.parametrize(
    ("state", "reason"), [(State.INSUFFICIENT_DATA, "checks_unknown"), (State.BLOCKED, "checks_blocked")]
)
def test_strict_takes_what_is_unknown_as_unhealthy(two_checks: list[Check], state: State, reason: str) -> None:
    Check.objects.filter(key="search").update(state=state)

    assert run("ops_daily", "--mode=ci")[1] == 0
    lines, code = run("ops_daily", "--mode=ci", "--strict")
    assert (lines[-1], code) == (f"ops_daily_watchdog status=unhealthy reason={reason}", 2)


def test_a_check_that_fell_silent_is_not_healthy(two_checks: list[Check]) -> None:
    Check.objects.filter(key="search").update(last_run_at=timezone.now() - timedelta(hours=1))

    lines, _ = run("ops_daily")

    assert any(line.startswith("ops_daily check=search status=insufficient_data") for line in lines)


@pytest.mark.django_db
def test_zero_traffic_is_insufficient_data() -> None:
    lines, code = run("ops_daily", "--mode=ci")

    assert (lines[-1], code) == (ZERO_TRAFFIC, 2)


@pytest.mark.django_db
def test_an_unknown_mode_has_its_token() -> None:
    assert run("ops_daily", "--mode=daily") == (["ops_daily status=fail reason=unknown_mode"], 1)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in env.REQUIRED_ALWAYS:
        monkeypatch.setenv(name, os.environ.get(name, "set"))


@pytest.mark.usefixtures("two_checks", "production")
def test_prod_says_its_configuration_first_and_is_strict() -> None:
    Check.objects.filter(key="search").update(state=State.BLOCKED)

    lines, code = run("ops_daily", "--mode=prod")

    assert lines[0] == "prod_config status=ok"
    assert (lines[-1], code) == ("ops_daily_watchdog status=unhealthy reason=checks_blocked", 2)


@pytest.mark.usefixtures("production")
def test_prod_without_a_name_stops_at_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASE_URL")
    monkeypatch.setenv("BILLING_ENABLED", "true")

    expected = [
        "missing=BASE_URL",
        "missing=STRIPE_SECRET_KEY",
        "missing=STRIPE_WEBHOOK_SECRET",
        "prod_config status=fail reason=missing_env",
    ]
    assert run("ops_daily", "--mode=prod") == (expected, 1)
    assert run("prod_config_contract", "--mode=prod_required") == (expected, 1)
    assert run("prod_config_contract", "--mode=ci") == (["prod_config status=ok"], 0)
    assert run("prod_config_contract", "--mode=strict") == (["prod_config status=fail reason=unknown_mode"], 1)


@pytest.mark.parametrize(
    ("measured", "last"),
    [
        (41.0, "ops_daily_watchdog status=healthy"),
        (0.0, "ops_daily_watchdog status=insufficient_data reason=orders_taken_0"),
        (None, "ops_daily_watchdog status=insufficient_data reason=orders_taken_0"),
    ],
)
@pytest.mark.usefixtures("two_checks")
def test_an_operators_check_may_guard_the_volume(
    add_check: AddCheck, monkeypatch: pytest.MonkeyPatch, measured: float | None, last: str
) -> None:
    add_check("orders-taken", is_daily=False, last_value=measured, last_run_at=timezone.now())
    monkeypatch.setenv("OPS_DAILY_VOLUME_GUARD", "orders-taken")

    lines, code = run("ops_daily", "--mode=ci")

    assert (lines[-1], code) == (last, 0 if measured else 2)


@pytest.mark.usefixtures("two_checks")
def test_a_guard_that_no_check_is_has_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_DAILY_VOLUME_GUARD", "nobody")

    assert run("ops_daily") == (["ops_daily status=fail reason=volume_guard_unknown"], 1)


@pytest.mark.django_db
def test_without_an_address_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_CONFIGURED", False)

    assert run("ops_daily") == (["ops_daily status=fail reason=missing_dsn"], 1)


@pytest.mark.parametrize(
    ("lines", "code", "expected"),
    [
        ([ZERO_TRAFFIC], 2, ("ops_ci_normalize status=normalized reason=insufficient_data", 0)),
        (
            ["ops_daily_watchdog status=unhealthy reason=checks_unhealthy"],
            2,
            ("ops_ci_normalize status=unchanged reason=unexpected_exit_2", 2),
        ),
        ([], 1, ("ops_ci_normalize status=unchanged reason=unexpected_exit_1", 1)),
        (
            ["ops_daily_watchdog status=insufficient_data reason=orders_0\n"],
            2,
            ("ops_ci_normalize status=normalized reason=insufficient_data", 0),
        ),
        (["ops_daily_watchdog status=insufficient_data reason="], 2, (f"{UNCHANGED}_2", 2)),
        ([f"echo {ZERO_TRAFFIC}"], 2, ("ops_ci_normalize status=unchanged reason=unexpected_exit_2", 2)),
        ([], 0, ("ops_ci_normalize status=unchanged reason=unexpected_exit_0", 0)),
    ],
)
def test_only_zero_traffic_is_normalised(lines: list[str], code: int, expected: tuple[str, int]) -> None:
    assert normalize(lines, code) == expected


def test_no_daily_checks_at_all_is_insufficient_data() -> None:
    report = Report(())

    assert report.verdict(strict=False) == ("insufficient_data", "delivered_total_0")
    assert "checks=0" in report.totals()


def test_an_absent_database_is_one_sentence() -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "ops_daily", "--mode=ci"],
        env={**os.environ, "DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/x"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 1
    assert answer.stdout == "ops_daily status=fail reason=db_connect_failed\n"
    assert answer.stderr.strip() == "The database does not answer, or refuses the name or the password in DATABASE_URL."
    assert not re.search("hidden|Traceback", answer.stderr)
