"""The probes that ask a PostgreSQL, against the tests' own and against ones that refuse, hang or lie."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from checks.probes import database, postgres, query_benchmark, sql_aggregate
from checks.probes.context import KNOWN
from checks.probes.outcome import ErrorClass, Outcome
from checks.rollups import histogram
from checks.rollups.queries import Window
from tests import engines
from tests.checks.conftest import run_probe
from tests.checks.probes.servers import serving

pytestmark = pytest.mark.django_db


def owner(_: str) -> str:
    return engines.current().owner_url()


@pytest.fixture
def role() -> Iterator[Callable[..., str]]:
    """A role of a test's own, and the address it signs in by."""
    made: list[str] = []

    def make(name: str, *grants: str) -> str:
        with psycopg.connect(owner(""), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN")
            made.append(name)
            for grant in grants:
                connection.execute(f"GRANT {grant} TO {name}")
        return engines.current().postgres.url(name, engines.current().database)

    yield make
    with psycopg.connect(owner(""), autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP OWNED BY {name}")
            connection.execute(f"DROP ROLE {name}")


def look(probe, spec, variable=owner, **fields) -> Outcome:
    outcome = run_probe(probe, {"dsn_env": "ANY", **spec}, variable=variable, **fields)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"tables": "django_migrations public.checks_check"}, None),
        ({"tables": "django_migrations not_there"}, ErrorClass.MISSING),
        ({"migrations": "checks.0001_initial"}, None),
        ({"migrations": "checks.0001_initial checks.9999_later"}, ErrorClass.PENDING),
        ({"migrations": "3"}, None),
        ({"migrations": "99999"}, ErrorClass.PENDING),
        ({"max_lag_ms": 100}, ErrorClass.MISSING),  # no replica is connected
        ({"max_pool_percent": 100, "measure": "pool"}, None),
        ({"max_pool_percent": 0.0001, "measure": "pool"}, ErrorClass.OUT_OF_BOUNDS),
        ({"max_query_ms": 10**9, "measure": "query"}, None),
        ({"max_query_ms": "x"}, ErrorClass.CONFIG),
    ],
)
def test_a_database_is_what_it_should_be(spec, error) -> None:
    outcome = look(database.probe, spec)

    assert outcome.error is error
    assert (outcome.value is not None) is ("measure" in spec)


def test_a_long_query_is_seen_by_who_may_see_it(role) -> None:
    blind, seeing = role("opsportal_blind"), role("opsportal_seeing", "pg_read_all_stats")
    with closing(psycopg.connect(owner(""), autocommit=True)) as busy:
        busy.pgconn.send_query(b"SELECT pg_sleep(60)")
        limit = time.monotonic() + 50
        while (found := look(database.probe, {"max_query_ms": 1}, variable=lambda _: seeing)).ok:
            assert time.monotonic() < limit
        unseen = look(database.probe, {"max_query_ms": 1}, variable=lambda _: blind, is_trial=True)
        busy.cancel_safe()

    assert found.error is ErrorClass.OUT_OF_BOUNDS and found.latency_ms
    assert unseen.error is ErrorClass.DENIED
    assert unseen.notes == (database.ROLE_IS_BLIND,)


def test_a_trial_says_that_a_role_may_write(role) -> None:
    reader = role("opsportal_reader")

    assert look(database.probe, {}, is_trial=True).notes == (database.ROLE_WRITES,)
    assert look(database.probe, {}).notes == ()
    assert look(database.probe, {}, variable=lambda _: reader, is_trial=True).notes == ()


AGGREGATE = {"query": "SELECT 7 AS held, 40 AS seen", "column": "held", "high": 10}


@pytest.mark.parametrize(
    ("changed", "error", "value"),
    [
        ({}, None, 7),
        ({"high": 6}, ErrorClass.OUT_OF_BOUNDS, 7),
        ({"low": 8}, ErrorClass.OUT_OF_BOUNDS, 7),
        ({"column": "other"}, ErrorClass.CONFIG, None),
        ({"volume_column": "other"}, ErrorClass.CONFIG, None),
        ({"volume_column": "seen", "least_volume": 40}, None, 7),
        ({"query": "SELECT 7 AS held, 0 AS seen", "volume_column": "seen", "least_volume": 0}, None, 7),
        ({"query": "SELECT 7 AS held, 0 AS seen", "volume_column": "seen"}, "none", None),
        ({"query": "SELECT 1.5 AS held"}, None, 1.5),
        ({"query": "SELECT avg(x)::float8 AS held FROM (VALUES (1), (2)) AS t (x)"}, None, 1.5),
        ({"query": "SELECT count(*) AS held FROM checks_check WHERE key = 'none'"}, None, 0),
        ({"query": "SELECT 7 AS held, 'words' AS said"}, ErrorClass.SHAPE, None),
        ({"query": "SELECT 7 AS held, now() AS at"}, ErrorClass.SHAPE, None),
        # Words are not even fetched, however many there are: fetching them would be this query's mistake.
        ({"query": "SELECT 7 AS held, repeat('x', 1 / (random() < 0)::int)"}, ErrorClass.SHAPE, None),
        ({"query": "SELECT 7 AS held UNION ALL SELECT 8"}, ErrorClass.SHAPE, None),
        ({"query": "SELECT 7 AS held WHERE false"}, ErrorClass.SHAPE, None),
        ({"query": "SELECT 7 AS held FROM pg_class a, pg_class b, pg_class c, pg_class d"}, ErrorClass.SHAPE, None),
        ({"query": "SELECT 7 AS held; SELECT 8 AS held"}, ErrorClass.CONFIG, None),
        ({"query": "DELETE FROM checks_check RETURNING 7 AS held"}, ErrorClass.CONFIG, None),
        ({"query": "SELECT x AS held FROM (SELECT nextval('checks_flip_id_seq') AS x)"}, ErrorClass.DENIED, None),
        ({"query": "SELECT 7 AS held FROM not_there"}, ErrorClass.MISSING, None),
        ({"query": "SELECT 1/0 AS held"}, ErrorClass.CONFIG, None),
        ({"query": "SELECT 'NaN'::float8 AS held"}, "none", None),
    ],
)
def test_an_aggregate_is_one_row_of_numbers(changed, error, value) -> None:
    outcome = run_probe(sql_aggregate.probe, {"dsn_env": "ANY", **AGGREGATE, **changed}, variable=owner)

    if error == "none":
        assert outcome is None
    else:
        assert outcome is not None
        assert (outcome.error, outcome.value) == (error, value)


def test_what_the_address_asks_of_a_session_stays_beside_our_own() -> None:
    query = """SELECT (current_setting('search_path') = 'elsewhere')::int AS theirs,
        (current_setting('default_transaction_read_only') = 'on')::int AS ours"""
    asked = "options=-c%20search_path%3Delsewhere%20-c%20default_transaction_read_only%3Doff"
    address = owner("")
    dsn = f"{address}{'&' if '?' in address else '?'}{asked}"

    for column in ("theirs", "ours"):
        spec = {"query": query, "column": column, "low": 1}
        assert look(sql_aggregate.probe, spec, variable=lambda _: dsn).ok


def test_too_little_volume_says_nothing() -> None:
    spec = {"dsn_env": "ANY", **AGGREGATE, "high": 1, "volume_column": "seen", "least_volume": 41}

    assert run_probe(sql_aggregate.probe, spec, variable=owner) is None


def test_an_endless_query_ends_with_its_timeout() -> None:
    query = "SELECT (pg_sleep(60) IS NULL)::int AS held"
    outcome = look(sql_aggregate.probe, {"query": query, "column": "held", "timeout_ms": 100})

    assert outcome.error is ErrorClass.TIMEOUT


QUERIES = "one: SELECT 1\nchecks: SELECT * FROM checks_check"


def test_a_benchmark_times_each_query() -> None:
    outcome = look(query_benchmark.probe, {"queries": QUERIES, "rounds": 3, "max_mean_ms": 9999, "max_p95_ms": 9999})

    assert outcome.ok
    assert outcome.value is not None and outcome.latency_ms is not None
    assert outcome.value >= outcome.latency_ms > 0


def test_a_slow_query_is_named() -> None:
    outcome = look(query_benchmark.probe, {"queries": QUERIES, "rounds": 3, "max_mean_ms": 1e-6})

    assert outcome.error is ErrorClass.OUT_OF_BOUNDS
    assert [note.partition(":")[0] for note in outcome.notes] == ["one", "checks"]


@pytest.mark.parametrize(("runs", "error"), [(19, None), (20, ErrorClass.OUT_OF_BOUNDS)])
def test_slower_than_last_week_fails_once_there_is_enough_of_it(runs, error) -> None:
    week = Window(datetime(2026, 11, 14, tzinfo=UTC), ok=runs, lat_sum=runs * 1e-6)
    spec = {"queries": QUERIES, "rounds": 3, "max_mean_ms": 9999, "max_p95_ms": 9999, "max_slower_percent": 50}

    assert look(query_benchmark.probe, {**spec, KNOWN: week}).error is error


def test_a_few_slow_runs_do_not_raise_what_is_usual() -> None:
    times = [0.1] * 15 + [60_000.0] * 5
    week = Window(datetime(2026, 11, 14, tzinfo=UTC), ok=20, lat_sum=sum(times), hist=histogram.encode(times))
    spec = {"queries": QUERIES, "rounds": 3, "max_mean_ms": 9999, "max_p95_ms": 9999, "max_slower_percent": 10}

    assert look(query_benchmark.probe, {**spec, KNOWN: week}).error is ErrorClass.OUT_OF_BOUNDS


@pytest.mark.parametrize(("time_for_rounds", "asked"), [(0, 3 * 2), (9999, 20 * 2)])
def test_when_time_is_short_queries_are_judged_by_fewer_rounds(monkeypatch, time_for_rounds, asked) -> None:
    monkeypatch.setattr(query_benchmark, "ROUNDS_SECONDS", time_for_rounds)
    queries = []

    async def time_one(_, query: str) -> float:
        queries.append(query)
        return 1.0

    monkeypatch.setattr(query_benchmark, "_time", time_one)

    assert look(query_benchmark.probe, {"queries": QUERIES, "rounds": 20}).value == 1.0
    assert len(queries) == asked
    assert queries[0] != queries[1]  # in turn, so that each has as many


def test_a_benchmark_asks_and_changes_nothing() -> None:
    spec = {"queries": "wipe: DELETE FROM checks_check", "rounds": 3}

    assert look(query_benchmark.probe, spec).error is ErrorClass.CONFIG


@pytest.mark.parametrize(
    ("probe", "spec"),
    [(database.probe, {}), (sql_aggregate.probe, AGGREGATE), (query_benchmark.probe, {"queries": QUERIES})],
)
def test_servers_that_refuse_or_lie_are_told_apart(probe, spec) -> None:
    wrong_password = b"R\x00\x00\x00\x08\x00\x00\x00\x03"  # asks for one; then closes

    assert look(probe, spec, variable=lambda _: "").error is ErrorClass.CONFIG
    assert look(probe, spec, variable=lambda _: "postgresql://x@127.0.0.1:1/x").error is ErrorClass.CONNECT
    with serving(lambda caller: caller.sendall(wrong_password)) as port:
        dsn = f"postgresql://x:wrong@127.0.0.1:{port}/x?sslmode=disable"
        assert look(probe, spec, variable=lambda _: dsn).error is ErrorClass.DENIED
    with serving(lambda caller: caller.sendall(os.urandom(200))) as port:
        dsn = f"postgresql://x@127.0.0.1:{port}/x?sslmode=disable"
        assert look(probe, spec, variable=lambda _: dsn).error is ErrorClass.CONNECT


def test_a_server_that_freezes_is_a_timeout(monkeypatch) -> None:
    monkeypatch.setattr(postgres, "LEFT_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(query_benchmark, "DEADLINE_SECONDS", 0.3)
    monkeypatch.setattr(sql_aggregate, "BESIDE_SECONDS", 0.2)
    welcome = b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"  # signed in, ready; then nothing more

    def freeze(caller) -> None:
        caller.sendall(welcome)
        while caller.recv(1000):
            pass

    with serving(freeze) as port:
        dsn = f"postgresql://x@127.0.0.1:{port}/x?sslmode=disable"
        frozen = [
            look(query_benchmark.probe, {"queries": QUERIES}, variable=lambda _: dsn),
            look(sql_aggregate.probe, {**AGGREGATE, "timeout_ms": 100}, variable=lambda _: dsn),
        ]

    assert [one.error for one in frozen] == [ErrorClass.TIMEOUT] * 2
