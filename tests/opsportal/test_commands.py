"""Commands that cannot do their work say so in one sentence, with the exit code of an error."""

import os
import subprocess
from pathlib import Path

import pytest

from opsportal import data_folder, env, running
from opsportal.commands import database_sentence
from tests.portals import run_python

COMMANDS = (
    pytest.param(("migrate",), id="migrate"),
    pytest.param(("login_link", "--user", "nobody"), id="login_link", marks=pytest.mark.full),
    pytest.param(("setup_link",), id="setup_link", marks=pytest.mark.full),
    pytest.param(("load_demo",), id="load_demo", marks=pytest.mark.full),
    pytest.param(("audit_verify",), id="audit_verify"),
    pytest.param(("statuspage_snapshot",), id="statuspage_snapshot", marks=pytest.mark.full),
)


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """bin/manage in an operator's shell."""
    return run_python("-m", "opsportal.running", *words, environment=environment)


def assert_refused(answer: subprocess.CompletedProcess[str], *sentences: str, token: str = "") -> None:
    assert answer.returncode == 1
    assert answer.stdout == token
    assert "Traceback" not in answer.stderr
    for sentence in sentences:
        assert sentence in answer.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_where_no_portal_runs_a_command_says_what_to_start(tmp_path: Path, command: tuple[str, ...]):
    answer = manage("--data-dir", str(tmp_path), *command)

    token = "audit_verify status=fail reason=missing_dsn\n" if command == ("audit_verify",) else ""
    assert_refused(answer, f"No portal with its own database runs in {tmp_path}", "start bin/up", token=token)
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "token"),
    [
        (("login_link",), ""),
        (("ops_daily", "--strct"), "ops_daily status=fail reason=bad_arguments\n"),
        pytest.param(
            ("check_runtime_health", "--base"),
            "runtime_health status=fail reason=bad_arguments\n",
            marks=pytest.mark.full,
        ),
        pytest.param(("ops_ci_normalize", "--exit-code=x"), "", marks=pytest.mark.full),
    ],
)
def test_a_mistyped_option_is_an_error_and_never_unhealthy(tmp_path: Path, command: tuple[str, ...], token: str):
    answer = manage("--data-dir", str(tmp_path), *command)

    assert_refused(answer, f"bin/manage {command[0]} --help says how.", token=token)


def test_a_data_folder_must_be_named():
    assert_refused(manage("--data-dir"), "--data-dir needs the folder of a portal")


def test_a_fault_in_a_query_is_not_explained_away():
    from django.db import ProgrammingError

    assert database_sentence(ProgrammingError("a fault")) == ""


def test_what_the_portal_decided_for_itself_is_missing_for_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("POSTGRES_DSN_PROD", *env.REQUIRED_ALWAYS):
        monkeypatch.delenv(name, raising=False)
    folder = data_folder.take(tmp_path / "data", least_free=0)
    folder.secret_key()
    made_up = dict.fromkeys(("DATABASE_URL", "DATABASE_MIGRATE_URL", "REDIS_URL", "BASE_URL"), "made-up")
    data_folder.publish(folder, data_folder.Runtime(made_up, 8000))

    for name, value in running.surroundings(folder.path).items():
        monkeypatch.setenv(name, value)

    assert env.missing_names() == list(env.REQUIRED_ALWAYS)
    os.close(folder.lock)
