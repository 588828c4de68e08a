"""The whole way with a demo's twelve weeks: backup while it runs, rehearsal, a burnt house, and a new one."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from opsportal.embedded import postgres
from opsportal.embedded.scratch import scratch
from tests.opsportal.schema.test_commands import manage
from tests.portals import Portal, new_data_dir


def line(answer: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in answer.stderr, answer.stderr
    return answer.stdout.splitlines()[-1]


@pytest.mark.serial
@pytest.mark.full
def test_a_burnt_portal_comes_back_on_a_new_machine(fresh_portal: Callable[..., Portal], tmp_path: Path):
    portal = fresh_portal("--demo")
    out = tmp_path / "out"
    assert line(portal.manage("backup", "--output", str(out))).startswith("backup status=ok tables=")
    (backup,) = out.iterdir()
    answer = portal.manage("restore", str(backup), "--replace-all", "opsportal")
    assert line(answer) == "restore status=fail reason=portal_running"

    rehearsal = portal.manage("backup_verify", str(backup), timeout=300)
    assert rehearsal.returncode == 0, rehearsal.stderr
    assert line(rehearsal).startswith("backup_verify status=ok tables=")
    assert " chains=2 " in line(rehearsal)

    address = portal.published()["DATABASE_MIGRATE_URL"]
    with psycopg.connect(address) as owner:
        people = owner.execute("SELECT array_agg(username ORDER BY id) FROM opsportal_user").fetchone()
        owner.execute("ALTER TABLE opsportal_auditevent DISABLE TRIGGER USER")
        owner.execute("UPDATE opsportal_auditevent SET actor = 'nobody' WHERE id = 1")
        owner.execute("ALTER TABLE opsportal_auditevent ENABLE TRIGGER USER")
    tampered = portal.manage("backup", "--output", str(tmp_path / "tampered"))
    assert tampered.returncode == 0, tampered.stderr
    (altered,) = (tmp_path / "tampered").iterdir()
    assert line(portal.manage("backup_verify", str(altered), timeout=300)) == (
        "backup_verify status=fail reason=chain_broken"
    )

    portal.stop()
    new = fresh_portal(start=False, data_dir=new_data_dir())
    new.data_dir.mkdir(mode=0o700)
    shutil.copy(portal.data_dir / "integration_key", new.data_dir)
    restored = new.manage("restore", str(backup), timeout=300)
    assert restored.returncode == 0, restored.stderr
    assert line(restored) == line(rehearsal).replace("backup_verify", "restore")
    assert line(new.manage("restore", str(backup))) == "restore status=fail reason=not_empty"
    again = new.manage("restore", str(backup), "--replace-all", postgres.DATABASE, timeout=300)
    assert line(again) == line(restored)

    new.start()
    with psycopg.connect(new.database_url()) as here:
        assert here.execute("SELECT array_agg(username ORDER BY id) FROM opsportal_user").fetchone() == people
    assert line(new.manage("audit_verify")).startswith("audit_verify status=ok rows=")
    assert line(new.manage("timeline_verify")).startswith("timeline_verify status=ok rows=")
    assert new.status_of("/status/") == 200


OLDER = """
import io
from datetime import UTC, datetime
from pathlib import Path
from django.core.management import call_command
from django.db import connection
from opsportal.backup import taking
from opsportal.backup.sealed_file import Writer
from opsportal.schema import plan

((_, newest),) = plan.loaded().graph.leaf_nodes("checks")
before = next(p.key[1] for p in plan.loaded().graph.node_map["checks", newest].parents if p.key[0] == "checks")
for app in ("auth", "account", "mfa", "usersessions", "socialaccount", "sessions", "opsportal", "incidents"):
    call_command("migrate", app, verbosity=0)
call_command("migrate", "checks", before, verbosity=0)
with open("{path}", "wb") as out:
    taking._write(Writer(out), datetime.now(UTC))
"""


@pytest.mark.full
def test_the_backup_of_an_older_version_gets_what_is_new(tmp_path: Path):
    path = tmp_path / "older.backup"
    with scratch() as server:
        old = server.url(postgres.OWNER)
        assert manage("shell", "-c", OLDER.format(path=path), database=old)[0] == 0
        with psycopg.connect(old, autocommit=True) as owner:
            owner.execute("CREATE DATABASE newer")
        new = server.url(postgres.OWNER, "newer")
        code, lines, said = manage("restore", str(path), database=new)
        assert code == 0, said
        assert lines[-1].startswith("restore status=ok tables=")
        assert manage("db_verify", database=new)[1] == ["db_verify status=ok"]
