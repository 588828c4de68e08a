"""Runs of operations: one of a kind at a time, lines as they come, cancelled, lost, kept and forgotten."""

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from checks.operations import actions, kinds, running, said, tasks
from checks.operations.models import OperationLine, OperationRun
from opsportal.audit.models import AuditEvent
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.roles import Role
from tests.checks.operations.commands import run

AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
State = OperationRun.State


@pytest.fixture
def asked(responder: User) -> OperationRun:
    """A run that nobody has begun."""
    return actions.start("db_verify", reason="after CHG-401", by=responder, at=AT)


def lines(of: OperationRun) -> list[str]:
    return list(of.lines.order_by("pk").values_list("text", flat=True))


def test_who_and_why_are_audited(asked: OperationRun, responder: User) -> None:
    event = AuditEvent.objects.get(act="operation.run")

    assert (event.actor, event.object, event.reason) == (responder.username, "db_verify", "after CHG-401")
    assert (asked.state, asked.source) == (State.WAITING, "web")


def test_a_second_one_of_the_kind_is_told_who_runs_it(asked: OperationRun, admin: User) -> None:
    with pytest.raises(Refused, match="db_verify runs already, started by responder at 03:12 UTC") as refusal:
        actions.start("db_verify", reason="me too", by=admin, at=AT)

    assert refusal.value.code == "ALREADY_RUNS"
    actions.start("doctor", reason="another kind", by=admin, at=AT)


@pytest.mark.parametrize("command", ["migrate", "db_bootstrap apply_migrations", "db_verify --x", ""])
def test_only_what_is_on_the_list_is_run(responder: User, command: str) -> None:
    with pytest.raises(Refused, match="no such operation"):
        actions.start(command, reason="x", by=responder, at=AT)


def test_what_changes_something_is_for_admins(responder: User, viewer: User, admin: User) -> None:
    with pytest.raises(Denied, match="for the role admin"):
        actions.start("replay_deliveries --failed-since 1h", reason="x", by=responder, at=AT)
    with pytest.raises(Denied, match="for the role responder"):
        actions.start("db_verify", reason="x", by=viewer, at=AT)

    actions.start("replay_deliveries --failed-since 1h", reason="x", by=admin, at=AT)


def test_a_reason_with_a_secret_is_not_stored(responder: User) -> None:
    with pytest.raises(Refused):
        actions.start("db_verify", reason="AKIAIOSFODNN7EXAMPLE", by=responder, at=AT)

    assert not OperationRun.objects.exists()


def test_one_that_has_not_begun_is_cancelled_at_once(asked: OperationRun, admin: User) -> None:
    actions.cancel(asked, by=admin, at=AT)

    asked.refresh_from_db()
    assert (asked.state, asked.exit_code, asked.token) == (
        State.CANCELLED,
        None,
        "db_verify status=fail reason=cancelled",
    )
    assert AuditEvent.objects.get(act="operation.cancel").actor == "admin"
    assert actions.claim(asked.pk, at=AT) is None
    with pytest.raises(Refused, match="over already"):
        actions.cancel(asked, by=admin, at=AT)


def test_a_run_is_claimed_once(asked: OperationRun) -> None:
    assert actions.claim(asked.pk, at=AT) is not None
    assert actions.claim(asked.pk, at=AT) is None


def test_lines_are_kept_until_somebody_asks_it_to_end(asked: OperationRun, admin: User) -> None:
    actions.claim(asked.pk, at=AT)

    assert actions.keep(asked, [(AT, "db_verify status=ok")], at=AT)
    actions.cancel(asked, by=admin, at=AT)
    assert not actions.keep(asked, [], at=AT)
    assert lines(asked) == ["db_verify status=ok"]


def test_a_run_whose_worker_died_is_lost_and_the_next_may_begin(asked: OperationRun, responder: User) -> None:
    actions.claim(asked.pk, at=AT)
    actions.keep_all(at=AT + actions.LEASE - timedelta(seconds=1))
    assert OperationRun.objects.get().state == State.RUNNING

    actions.keep_all(at=AT + actions.LEASE + timedelta(seconds=1))

    asked.refresh_from_db()
    assert (asked.state, asked.exit_code, asked.token) == (State.LOST, 1, "db_verify status=fail reason=worker_lost")
    assert not actions.keep(asked, [(AT, "db_verify status=ok")], at=AT)
    actions.start("db_verify", reason="again", by=responder, at=AT)


def test_a_bell_that_nobody_heard_is_rung_again(asked: OperationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(actions, "wake", lambda task, **ids: rung.append((task, ids["run_id"])))

    actions.keep_all(at=AT + timedelta(seconds=5))
    actions.keep_all(at=AT + timedelta(seconds=30))

    assert rung == [("checks.run_operation", asked.pk)]


def test_what_is_older_than_half_a_year_is_forgotten(asked: OperationRun) -> None:
    actions.finish(asked, state=State.ENDED, code=0, at=AT)

    actions.keep_all(at=AT + actions.KEPT - timedelta(days=1))
    assert OperationRun.objects.exists()
    actions.keep_all(at=AT + actions.KEPT + timedelta(days=1))
    assert not OperationRun.objects.exists()


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("ops_daily check=shop status=healthy samples=20 availability=95.00 p95_ms=99", True),
        ("missing=BASE_URL", True),
        ("check_docs_routes finding=unknown_route where=api.md:/gone/<id>/", True),
        ("The database does not answer.", False),
        ("Traceback (most recent call last):", False),
        ("db_verify status=ok token=AKIAIOSFODNN7EXAMPLE", False),
        ("db_verify who=jane@example.com", False),
        ("x status=" + "a" * 400, False),
    ],
)
def test_only_tokens_and_figures_are_kept(line: str, kept: bool) -> None:
    assert bool(said.kept(line)) is kept


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("db_verify status=ok", "ok"),
        ("ops_daily check=x status=healthy samples=1", "ok"),
        ("db_verify status=not_configured reason=missing_dsn", "warn"),
        ("ops_daily_watchdog status=insufficient_data reason=delivered_total_0", "warn"),
        ("ops_daily_watchdog status=unhealthy reason=checks_unhealthy", "bad"),
        ("missing=BASE_URL", "bad"),
        ("ops_daily_totals checks=2 healthy=2", ""),
    ],
)
def test_a_line_is_coloured_by_what_it_says(line: str, level: str) -> None:
    assert said.level(line) == level


def test_the_last_line_that_a_run_did_not_live_to_say_is_its_commands_own() -> None:
    said_by = {one.name: one.line("fail", "worker_lost") for one in kinds.operations()}

    assert said_by["prod_config_contract"] == "prod_config status=fail reason=worker_lost"
    assert said_by["doctor"] == "doctor status=fail reason=worker_lost"
    assert all(said.kept(line) for line in said_by.values())


Doing = Callable[[Callable[[Any], None]], None]


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Doing:
    """What the command of the run does in place of its own work, with its standard output."""

    def does(work: Callable[[Any], None]) -> None:
        monkeypatch.setattr(running, "call_command", lambda *_, stdout, **__: work(stdout))

    return does


@pytest.fixture
def begun(transactional_db: None) -> OperationRun:
    """A run that other connections see."""
    user = User.objects.add("night-owl", Role.RESPONDER)
    return actions.start("db_verify", reason="drill", by=user, at=timezone.now())


def test_a_command_is_run_and_its_end_written_down(begun: OperationRun) -> None:
    assert run("run_operation", str(begun.pk)) == ([f"run_operation run={begun.pk} exit=0"], 0)

    begun.refresh_from_db()
    assert (begun.state, begun.exit_code, begun.token) == (State.ENDED, 0, "db_verify status=ok")
    assert lines(begun) == ["db_verify status=ok"]
    assert run("run_operation", str(begun.pk)) == ([f"run_operation run={begun.pk} exit=none"], 0)


def test_lines_stand_before_the_command_has_ended_even_inside_its_transaction(
    begun: OperationRun, doing: Doing
) -> None:
    def work(stdout: Any) -> None:
        with transaction.atomic():
            stdout.write("db_verify part=1\nprose that nobody keeps\ndb_verify pa")
            until(lambda: OperationLine.objects.count() == 1)
            stdout.write("rt=2\n")
            transaction.set_rollback(True)
        raise SystemExit(2)

    doing(work)

    assert running.run(begun.pk) == 2
    begun.refresh_from_db()
    assert (begun.state, begun.exit_code, lines(begun)) == (State.ENDED, 2, ["db_verify part=1", "db_verify part=2"])


def test_a_command_that_breaks_says_so_without_its_words(begun: OperationRun, doing: Doing) -> None:
    def work(_: Any) -> None:
        raise ValueError("a word that nobody may see")

    doing(work)

    assert running.run(begun.pk) == 1
    begun.refresh_from_db()
    assert (begun.state, begun.token) == (State.ENDED, "db_verify status=fail reason=crashed")


def test_one_that_runs_is_ended_and_tidies_up(
    begun: OperationRun, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_TIDY_SECONDS", 600.0)  # or a slow machine would end the tests
    tidied = []

    def work(_: Any) -> None:
        actions.cancel(begun, by=User.objects.get(), at=timezone.now())
        try:
            until(lambda: False)
        finally:
            tidied.append(True)

    doing(work)

    assert running.run(begun.pk) is None
    begun.refresh_from_db()
    assert (begun.state, begun.exit_code, begun.token) == (
        State.CANCELLED,
        None,
        "db_verify status=fail reason=cancelled",
    )
    assert tidied == [True]


def test_the_task_starts_a_process_only_for_what_waits(asked: OperationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda words, **_: started.append(words))

    tasks.run_operation(run_id=asked.pk)
    actions.claim(asked.pk, at=AT)
    tasks.run_operation(run_id=asked.pk)

    assert [words[-2:] for words in started] == [["run_operation", str(asked.pk)]]


def until(is_true: Callable[[], bool], within: float = 60.0) -> None:
    limit = time.monotonic() + within
    while not is_true():
        assert time.monotonic() < limit
        time.sleep(0.02)
