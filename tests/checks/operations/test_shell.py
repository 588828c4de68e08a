"""What is run from the shell stands in the history, and a history that cannot be kept is no failure."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connections
from django.test import override_settings

from checks.management.commands.check_version_consistency import Command as Versions
from checks.operations import shell, verdicts
from checks.operations.models import OperationRun
from opsportal import shell_runs
from opsportal.management.commands.db_verify import Command as Verify
from opsportal.management.commands.replay_deliveries import Command as Replay
from opsportal.shell_runs import ShellRun

AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def connection_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command at the shell closes its connections when it ends; here that would be the test's own."""
    monkeypatch.setattr(connections, "close_all", lambda: None)


def typed(command, *words: str) -> int:
    """As if at the shell; the exit code."""
    try:
        command().run_from_argv(["manage.py", *words])
    except SystemExit as end:
        return int(str(end.code))
    return 0


def test_a_command_at_the_shell_is_a_run_with_its_lines(capsys: pytest.CaptureFixture[str]):
    assert typed(Versions, "check_version_consistency") == 0

    run = OperationRun.objects.get()
    said = capsys.readouterr().out.strip()
    assert (run.kind, run.source, run.who, run.reason) == (
        "check_version_consistency", "shell", "the shell", "Typed at the shell",
    )  # fmt: skip
    assert (run.state, run.exit_code, run.token) == ("ended", 0, said)
    assert [line.text for line in run.lines.order_by("pk")] == [said]


def test_how_it_failed_is_kept_and_the_id_is_not(capsys: pytest.CaptureFixture[str]):
    assert typed(Replay, "replay_deliveries", "--event-id", "incident:7") == 1
    assert typed(Replay, "replay_deliveries") == 1

    runs = OperationRun.objects.order_by("pk")
    assert [(run.command, run.exit_code, run.token) for run in runs] == [
        ("replay_deliveries --event-id \u2026", 1, "replay_deliveries status=fail reason=unknown_event"),
        ("replay_deliveries", 1, "replay_deliveries status=fail reason=bad_arguments"),
    ]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("ops_daily", "--mode=ci", "--strict"), "ops_daily --mode=ci --strict"),
        (("ops_daily", "--mode", "prod"), "ops_daily --mode prod"),
        (("backup_verify", "/srv/backups/x.backup"), "backup_verify \u2026"),
        (("check_runtime_health", "--base-url=https://ops.example.org"), "check_runtime_health --base-url=\u2026"),
        (("db_rollback_plan", "--last", "9"), "db_rollback_plan --last 9"),
    ],
)
def test_paths_addresses_and_ids_are_not_kept(words: tuple[str, ...], shown: str):
    assert shell.typed(words) == shown


def test_a_database_that_is_away_changes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def gone(run: ShellRun) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(shell, "_write", gone)

    assert typed(Versions, "check_version_consistency") == 0
    assert capsys.readouterr().out.startswith("check_version_consistency status=ok")


def test_without_an_address_nothing_is_tried(capsys: pytest.CaptureFixture[str]):
    with override_settings(DATABASE_CONFIGURED=False):
        assert typed(Verify, "db_verify") == 0

    assert not OperationRun.objects.exists()


def test_a_fault_of_the_history_is_not_the_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def breaks(run: ShellRun) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(shell_runs, "_listeners", [breaks])

    assert typed(Versions, "check_version_consistency") == 0


def test_what_a_person_stopped_has_no_code(monkeypatch: pytest.MonkeyPatch):
    class Stopped(Versions):
        def look(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        typed(Stopped, "check_version_consistency")

    run = OperationRun.objects.get()
    assert (run.state, run.exit_code) == ("cancelled", None)


def test_other_commands_have_no_history():
    shell.note(ShellRun(("login_link", "--user", "admin"), AT, AT, 0, ((AT, "https://ops.example.org/x"),)))

    assert not OperationRun.objects.exists()


def test_a_strict_report_at_the_shell_is_told_like_any_other(monkeypatch: pytest.MonkeyPatch):
    told = []
    monkeypatch.setattr(verdicts, "_tell", lambda run, at: told.append(run.command))
    line = "ops_daily_watchdog status=unhealthy reason=checks_unhealthy"

    for words in (("ops_daily", "--mode=ci"), ("ops_daily", "--mode", "prod"), ("ops_daily", "--mode=ci", "--strict")):
        shell.note(ShellRun(words, AT, AT + timedelta(seconds=1), 2, ((AT, line),)))

    assert told == ["ops_daily --mode prod", "ops_daily --mode=ci --strict"]
