"""Every operation's last line and exit code, with a database that nobody answers at, and with one that is empty."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from pytest_django import DjangoDbBlocker

from opsportal import env
from tests import engines
from tests.checks.operations.commands import run
from tests.portals import free_port

EMPTY = "golden_empty"
# What asks the database, and how its line begins.
ASKS = {
    ("db_verify",): "db_verify",
    ("db_rollback_plan",): "db_rollback_plan",
    ("ops_daily", "--mode=ci"): "ops_daily",
    ("benchmark_queries",): "benchmark_queries",
    ("replay_deliveries", "--event-id", "incident:1"): "replay_deliveries",
    ("replay_deliveries", "--failed-since", "1h"): "replay_deliveries",
    ("backup",): "backup",
    ("audit_verify",): "audit_verify",
    ("timeline_verify",): "timeline_verify",
    ("check_slo_policy",): "check_slo_policy",
    ("check_schema_policy",): "check_schema_policy",
    ("invalidate_sessions", "--all"): "invalidate_sessions",
    ("invalidate_sessions", "--user", "x"): "invalidate_sessions",
    ("rotate_keys",): "rotate_keys",
    ("leak_response",): "leak_response",
    ("privacy_rescan",): "privacy_rescan",
    ("policy_check",): "policy_check",
}
Point = Callable[..., None]


@pytest.fixture
def point(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Point]:
    """Lets this process's connection lead somewhere else, for as long as the test."""
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", "a key of the house that is long")
    before = dict(connection.settings_dict)

    def to(**elsewhere: str) -> None:
        connection.close()
        connection.settings_dict.update(elsewhere)

    with django_db_blocker.unblock():
        yield to
        to(**before)


@pytest.fixture
def nobody(point: Point) -> None:
    point(HOST="127.0.0.1", PORT=str(free_port()))


@pytest.fixture(scope="module")
def empty_database(django_db_setup: None) -> Iterator[str]:
    """One without a single table."""
    name, owner = sql.Identifier(EMPTY), engines.current().owner_url()
    with psycopg.connect(owner, autocommit=True) as here:
        here.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        here.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        yield EMPTY
        here.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def empty(point: Point, empty_database: str) -> None:
    point(NAME=empty_database)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("words", ASKS)
def test_where_nobody_answers_each_says_so_with_its_own_name(words: tuple[str, ...]):
    lines, code = run(*words)

    assert (lines[-1], code) == (f"{ASKS[words]} status=fail reason=db_connect_failed", 1)


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("words", ASKS)
def test_where_there_are_no_tables_each_says_so_with_its_own_name(words: tuple[str, ...]):
    lines, code = run(*words)

    assert (lines[-1], code) == (f"{ASKS[words]} status=fail reason=missing_tables", 1)


@pytest.mark.usefixtures("nobody")
def test_bringing_up_a_database_that_is_away_says_which_step_failed():
    assert run("db_bootstrap", "apply_migrations") == (["db_bootstrap status=fail reason=db_connect_failed"], 1)
    lines, code = run("db_bootstrap", "all")
    assert lines[0].startswith("db_bootstrap_dry_run status=ok migrations=")
    assert (lines[1:], code) == (
        [
            "db_bootstrap status=fail reason=db_connect_failed",
            "db_bootstrap status=fail mode=all reason=db_connect_failed",
        ],
        1,
    )


@pytest.mark.usefixtures("nobody")
def test_what_needs_no_database_works_without_one():
    assert run("prod_config_contract", "--mode=ci") == (["prod_config status=ok"], 0)
    assert run("check_version_consistency") == (["check_version_consistency status=ok count=4"], 0)
    assert run("db_bootstrap", "--dry-run")[1] == 0
    assert run("check_docs_routes")[1] == 0


@pytest.mark.parametrize(("where", "reason"), [("nobody", "db_connect_failed"), ("empty", "pending_migrations")])
def test_the_doctor_names_the_database(request: pytest.FixtureRequest, where: str, reason: str):
    request.getfixturevalue(where)

    lines, code = run("doctor")

    assert f"doctor part=database status=fail reason={reason}" in lines
    assert (lines[-1], code) == ("doctor status=fail", 2)


@pytest.mark.parametrize(("where", "reason"), [("nobody", "db_connect_failed"), ("empty", "missing_tables")])
def test_the_worst_of_production_is_the_database(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, where: str, reason: str
):
    for name in env.REQUIRED_ALWAYS:
        monkeypatch.setenv(name, "set")
    request.getfixturevalue(where)

    lines, code = run("prod_verify", "--verify")

    assert lines[:3] == [
        "prod_config status=ok",
        f"db_verify status=fail reason={reason}",
        f"ops_daily status=fail reason={reason}",
    ]
    assert (lines[-1], code) == (f"prod_verify status=fail mode=verify reason={reason}", 1)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    "words", [("login_link", "--user", "admin"), ("api_token", "--user", "admin", "--scopes", "incidents:read")]
)
def test_what_prints_a_secret_prints_nothing(words: tuple[str, ...]):
    assert run(*words) == ([], 1)
