"""The database and portal probes."""

import os

from checks.probes import database, portal
from checks.probes.outcome import ErrorClass
from tests.checks.conftest import run_probe
from tests.checks.probes.servers import serving


def test_a_database_that_answers_passes() -> None:
    outcome = run_probe(database.probe, {"dsn_env": "ANY"}, variable=lambda name: os.environ["DATABASE_URL"])

    assert outcome is not None and outcome.ok and outcome.latency_ms


def test_an_unset_name_is_a_matter_of_configuration() -> None:
    outcome = run_probe(database.probe, {"dsn_env": "NOT_SET"})

    assert outcome is not None and outcome.error is ErrorClass.CONFIG


def test_a_value_that_is_no_connection_string_is_a_matter_of_configuration() -> None:
    outcome = run_probe(database.probe, {"dsn_env": "ANY"}, variable=lambda name: "not a dsn")

    assert outcome is not None and outcome.error is ErrorClass.CONFIG


def test_a_database_that_is_not_there_is_no_connection() -> None:
    outcome = run_probe(database.probe, {"dsn_env": "ANY"}, variable=lambda name: "postgresql://x@127.0.0.1:1/x")

    assert outcome is not None and outcome.error is ErrorClass.CONNECT


def test_a_database_that_hangs_is_a_timeout(monkeypatch) -> None:
    import time

    monkeypatch.setattr(database, "DEADLINE_SECONDS", 0.3)
    with serving(lambda caller: time.sleep(1)) as port:
        dsn = f"postgresql://x@127.0.0.1:{port}/x?sslmode=disable"
        outcome = run_probe(database.probe, {"dsn_env": "ANY"}, variable=lambda name: dsn)

    assert outcome is not None and outcome.error is ErrorClass.TIMEOUT


def test_a_figure_is_held_against_its_ceiling() -> None:
    spec = {"figure": "disk_used_percent", "ceiling": 90}

    fine = run_probe(portal.probe, spec, figures={"disk_used_percent": 90.0})
    full = run_probe(portal.probe, spec, figures={"disk_used_percent": 91.0})

    assert fine is not None and fine.ok and fine.value == 90.0
    assert full is not None and full.error is ErrorClass.OUT_OF_BOUNDS and full.value == 91.0


def test_a_figure_that_is_not_there_yet_is_unknown() -> None:
    assert run_probe(portal.probe, {"figure": "age", "ceiling": 1}, figures={"age": None}) is None


def test_a_figure_nobody_offers_is_a_matter_of_configuration() -> None:
    outcome = run_probe(portal.probe, {"figure": "age", "ceiling": 1})

    assert outcome is not None and outcome.error is ErrorClass.CONFIG
