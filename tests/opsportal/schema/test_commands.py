"""The lines and exit codes of the operations on the database's shape, with real broken databases."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from opsportal.embedded import postgres
from opsportal.embedded.scratch import scratch
from opsportal.schema import plan
from tests import engines
from tests.portals import ROOT, clean_environment, free_port

_ADDRESSES = ("DATABASE_URL", "DATABASE_MIGRATE_URL")
_HERE = {"OPSPORTAL_DATA_DIR": os.environ["OPSPORTAL_DATA_DIR"]}  # with the key for what this database holds
_NAMES = ("incidents_domain", "gone_for_now")


def manage(*words: str, database: str = "") -> tuple[int, list[str], str]:
    """Exit code, lines on stdout, prose on stderr, with this address as the only one."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        env=clean_environment(
            DATABASE_URL=database, DATABASE_MIGRATE_URL=database, SECRET_KEY=settings.SECRET_KEY, **_HERE
        ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str], str]]:
    """The same in this process."""

    def called(*words: str) -> tuple[int, list[str], str]:
        code = 0
        try:
            call_command(*words)
        except SystemExit as end:
            code = int(str(end.code))
        written = capsys.readouterr()
        return code, written.out.splitlines(), written.err

    return called


@pytest.fixture
def ours(django_db_setup: None) -> Iterator[str]:
    """The test's own database, which is whole, as its owner. The history of commands outside of the test goes again."""
    address = engines.current().owner_url()
    yield address
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("TRUNCATE checks_operationline, checks_operationrun")


@contextmanager
def without(address: str, break_it: str, mend_it: str) -> Iterator[None]:
    """A fault for as long as the block."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(break_it)
        try:
            yield
        finally:
            connection.execute(mend_it)


def test_the_dry_run_counts_migrations_without_a_database(call):
    code, lines, _ = call("db_bootstrap", "--dry-run")

    assert (code, lines) == (0, [f"db_bootstrap_dry_run status=ok migrations={plan.complete()}"])


@pytest.mark.parametrize("words", [("db_bootstrap",), ("db_bootstrap", "more"), ("db_bootstrap", "all", "--dry-run")])
def test_an_unknown_mode_lists_the_known_ones(call, words: tuple[str, ...]):
    code, lines, said = call(*words)

    assert (code, lines) == (1, ["db_bootstrap status=fail reason=unknown_mode"])
    assert "dry_run, apply_migrations, all" in said


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("db_verify",), 0, "db_verify status=not_configured reason=missing_dsn"),
        (("db_bootstrap", "apply_migrations"), 1, "db_bootstrap status=fail reason=missing_dsn"),
        (("db_rollback_plan",), 1, "db_rollback_plan status=fail reason=missing_dsn"),
    ],
)
def test_without_an_address_each_says_so(call, monkeypatch, words: tuple[str, ...], code: int, line: str):
    monkeypatch.setattr(settings, "DATABASE_CONFIGURED", False)

    assert call(*words)[:2] == (code, [line])


def test_where_nobody_answers_the_address_is_never_shown():
    code, lines, said = manage("db_verify", database=f"postgresql://ghost:s3cr3t-word@127.0.0.1:{free_port()}/nowhere")

    assert (code, lines) == (1, ["db_verify status=fail reason=db_connect_failed"])
    assert not any(word in said for word in ("ghost", "s3cr3t-word", "nowhere"))


@pytest.mark.django_db
def test_a_whole_database_has_nothing_to_apply(ours: str):
    code, lines, said = manage("db_bootstrap", "all", database=ours)

    assert said == ""
    total = plan.complete()
    assert (code, lines) == (
        0,
        [
            f"db_bootstrap_dry_run status=ok migrations={total}",
            f"db_bootstrap status=ok mode=apply_migrations applied=0 skipped={total}",
            "db_verify status=ok",
            "db_bootstrap status=ok mode=all",
        ],
    )


@pytest.mark.django_db
def test_a_missing_table_is_named(call, ours: str):
    gone, back = ("ALTER TABLE {} RENAME TO {}".format(*names) for names in (_NAMES, _NAMES[::-1]))
    with without(ours, gone, back):
        code, lines, said = call("db_verify")
        assert call("ops_daily")[:2] == (1, ["ops_daily status=fail reason=missing_tables"])

    assert (code, lines) == (1, ["db_verify status=fail reason=missing_tables"])
    assert "incidents_domain" in said
    assert call("db_verify")[:2] == (0, ["db_verify status=ok"])


@pytest.mark.django_db
def test_a_migration_that_waits_is_named(call, ours: str):
    ((_, newest),) = plan.loaded().graph.leaf_nodes("checks")
    move = "UPDATE django_migrations SET app = '{}' WHERE app = '{}' AND name = '{}'"
    with without(ours, move.format("gone", "checks", newest), move.format("checks", "gone", newest)):
        code, lines, said = call("db_verify")
        assert call("ops_daily")[:2] == (1, ["ops_daily status=fail reason=pending_migrations"])

    assert (code, lines) == (1, ["db_verify status=fail reason=pending_migrations"])
    assert f"checks.{newest}" in said


@pytest.mark.django_db
def test_the_way_back_is_told_line_by_line(call):
    code, lines, _ = call("db_rollback_plan", "--last", "4")

    assert len(lines) == 5
    assert all(line.startswith("db_rollback_plan migration=") for line in lines[:4])
    safe = sum("safe=yes" in line for line in lines[:4])
    verdict = "status=ok" if "safe=yes" in lines[0] else "status=unhealthy reason=newest_not_safe"
    assert lines[4] == f"db_rollback_plan {verdict} reversible={safe} irreversible={4 - safe}"
    assert code == (0 if "safe=yes" in lines[0] else 2)


@pytest.mark.parametrize("last", ["0", "201"])
def test_a_number_that_makes_no_sense_is_refused(call, last: str):
    code, lines, said = call("db_rollback_plan", "--last", last)

    assert (code, lines) == (1, ["db_rollback_plan status=fail reason=bad_number"])
    assert "1 to 200" in said


@pytest.mark.full
def test_from_an_empty_database_to_a_whole_one_and_through_each_failure():
    """Empty, bootstrapped, broken, locked, gone: the whole story on a server of its own."""
    with scratch() as server:
        address = server.url(postgres.OWNER)
        assert manage("db_verify", database=address)[:2] == (1, ["db_verify status=fail reason=missing_tables"])
        code, lines, _ = manage("db_bootstrap", "all", database=address)
        assert code == 0
        assert lines[-1] == "db_bootstrap status=ok mode=all"
        total = lines[0].rpartition("=")[2]
        assert lines[1] == f"db_bootstrap status=ok mode=apply_migrations applied={total} skipped=0"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        code, lines, said = manage("db_bootstrap", "apply_migrations", database=address)
        assert (code, lines) == (1, ["db_bootstrap status=fail reason=migration_failed"])
        assert "sessions.0001_initial failed (SQLSTATE 42P07)" in said
        with psycopg.connect(address) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext('opsportal.migrations'))")
            code, lines, said = manage("db_bootstrap", "apply_migrations", database=address)
        assert (code, lines) == (1, ["db_bootstrap status=fail reason=migration_failed"])
        assert "Another session holds a lock" in said
    assert manage("db_verify", database=address)[:2] == (1, ["db_verify status=fail reason=db_connect_failed"])


@pytest.mark.full
def test_all_migrations_run_on_a_database_of_their_own():
    code, lines, _ = manage("db_migrations_integration")

    assert code == 0
    assert lines[-1].startswith("db_migrations_integration status=ok applied=")
    assert not [name for name in os.listdir("/tmp") if name.startswith("opsportal-scratch-")]
