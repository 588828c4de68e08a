"""Real PostgreSQL and Redis for the tests: each pytest process has its own pair.

Loaded by `-p tests.engines` (pyproject.toml), so they run before pytest-django imports the settings. When pytest is
killed, the kernel ends the servers.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from opsportal.embedded import postgres, redis
from opsportal.supervisor import Console, Supervisor
from tests.migrated import QUICK, lay_cluster

_REAL_WORLD = (
    "ENVIRONMENT",
    "LAUNCH_MODE",
    "BASE_URL",
    "ALLOWED_HOSTS",
    "SECRET_KEY",
    "SLACK_WEBHOOK_URL",
    "EMAIL_URL",
)


class Engines:
    """The pair of servers of this process."""

    def __init__(self) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="opsportal-test-"))
        (self.data_dir / "static").mkdir()
        self.log = open(self.data_dir / "engines.log", "w")  # noqa: SIM115
        self.supervisor = Supervisor(Console(self.log, ["postgres", "redis"]))
        lay_cluster(self.data_dir)
        self.postgres = postgres.prepare(self.data_dir, QUICK)
        self.redis = redis.prepare(self.data_dir)
        self.database = postgres.DATABASE
        self._owner: psycopg.Connection | None = None

    def start(self) -> None:
        self.supervisor.start(self.postgres.child())
        self.supervisor.start(self.redis.child())
        ready = self.supervisor.wait_until(lambda: self.postgres.is_ready() and self.redis.is_ready(), within=120)
        assert ready, (self.data_dir / "engines.log").read_text()
        self.postgres.create_roles()
        self.use_database(postgres.DATABASE)

    def use_database(self, name: str) -> None:
        """Processes that a test starts see the same database as the test."""
        self.database = name
        os.environ["DATABASE_URL"] = self.postgres.url(database=name)
        os.environ["DATABASE_MIGRATE_URL"] = self.owner_url()
        os.environ["REDIS_URL"] = self.redis.url()
        os.environ["OPSPORTAL_DATA_DIR"] = str(self.data_dir)
        os.environ["OPSPORTAL_DB_POOL"] = "0"

    def owner_url(self) -> str:
        return self.postgres.url(postgres.OWNER, self.database)

    def owner(self) -> psycopg.Connection:
        """The owner's connection, opened once."""
        if self._owner is None or self._owner.closed:
            self._owner = psycopg.connect(self.owner_url(), autocommit=True)
        return self._owner

    def stop(self) -> None:
        if self._owner is not None:
            self._owner.close()
        self.supervisor.stop([["redis"], ["postgres"]])
        self.log.close()
        postgres.discard(self.data_dir)
        redis.discard(self.data_dir)
        shutil.rmtree(self.data_dir, ignore_errors=True)


_engines: Engines | None = None


def current() -> Engines:
    """The servers of this process."""
    assert _engines is not None, "tests.engines must be loaded by -p, see pyproject.toml"
    return _engines


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start before anybody imports the settings; the process that only hands out work to others needs no servers."""
    global _engines
    known = early_config.known_args_namespace
    hands_out_work = getattr(known, "numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ
    if not (hands_out_work or known.help or known.version):
        for name in _REAL_WORLD:
            os.environ.pop(name, None)
        _engines = Engines()
        _engines.start()
    yield


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Before a worker says that it has finished: from then on xdist gives it five seconds, then interrupts it."""
    pytest_unconfigure()


def pytest_unconfigure() -> None:
    """Also after a run that never began, such as one with a wrong option."""
    global _engines
    if _engines is not None:
        ended, _engines = _engines, None
        ended.stop()


def make_room_for_fixed_days() -> None:
    """Results of the tests' constant nights find their tables whatever today is: migrations make them around now."""
    with psycopg.connect(current().owner_url()) as connection:
        connection.execute("SELECT checks_make_partitions('2026-11-14', '2026-12-01')")


def remember_rows() -> None:
    """Keep what migrations wrote, so that it can be brought back."""
    with psycopg.connect(current().owner_url()) as connection:
        connection.execute("CREATE SCHEMA seed")
        for table in _tables_with_rows(connection):
            source, kept = sql.Identifier("public", table), sql.Identifier("seed", table)
            connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, source))


def restore_rows() -> None:
    """Bring every table back to what it held after the migrations.

    It works as the owner with triggers off, because append-only tables refuse this to everybody else. The connection is
    kept: a new one reads the catalogue anew, which takes longer than what is to be done.
    """
    connection = current().owner()
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '10s'")
        for table in _tables_with_rows(connection):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("public", table)))
        for table, columns in connection.execute(_SEEDED).fetchall():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
                    sql.Identifier("public", table), names, names, sql.Identifier("seed", table)
                )
            )


def _tables_with_rows(connection: psycopg.Connection) -> list[str]:
    holds = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    asked = [
        holds.format(sql.Literal(name), sql.Identifier("public", name))
        for (name,) in connection.execute(_TABLES).fetchall()
    ]
    return [name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(asked)).fetchall()]


_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'django_migrations'
"""
_SEEDED = """
SELECT target.relname, array_agg(attname::text ORDER BY attnum)
FROM pg_class kept
JOIN pg_class target ON target.relname = kept.relname AND target.relnamespace = 'public'::regnamespace
JOIN pg_attribute ON attrelid = target.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
WHERE kept.relnamespace = 'seed'::regnamespace
GROUP BY target.relname
"""
