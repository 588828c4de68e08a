"""Keeping the page fresh, its age as a number, and the command that exports it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from incidents.statuspage import actions, health, snapshot, tasks, writer
from opsportal import health_figures
from opsportal.ticker.models import JobClaim

pytestmark = pytest.mark.django_db


def test_the_task_builds_once_a_period(snapshot_dir):
    tasks.rebuild_snapshot()
    first = (snapshot_dir / "current").resolve()
    tasks.rebuild_snapshot()

    assert (snapshot_dir / "current").resolve() == first
    assert JobClaim.objects.get(name="incidents.rebuild_snapshot").done_at is not None


def test_the_task_builds_at_once_where_there_is_no_page(snapshot_dir, settings, tmp_path):
    tasks.rebuild_snapshot()
    settings.SNAPSHOT_DIR = tmp_path / "other"

    tasks.rebuild_snapshot()

    assert writer.built_at(tmp_path / "other") is not None


@pytest.mark.parametrize(
    ("name", "work"), [("keep_maintenance", "planning.sweep"), ("write_days", "day_records.write")]
)
def test_rules_and_days_are_kept_once_a_period(name, work, monkeypatch):
    calls: list[object] = []
    monkeypatch.setattr(f"incidents.statuspage.{work}", calls.append)

    getattr(tasks, name)()
    getattr(tasks, name)()

    assert len(calls) == 1
    assert JobClaim.objects.get(name=f"incidents.{name}").done_at is not None


def test_the_age_of_the_page_is_a_figure(snapshot_dir):
    assert health.snapshot_age_seconds() is None

    actions.rebuild(timezone.now())

    age = health_figures.read("snapshot_age_seconds")
    assert age is not None
    assert 0 <= age < 5


def test_the_command_exports_the_tree_that_is_served(snapshot_dir, tmp_path):
    out = StringIO()
    call_command("statuspage_snapshot", output=tmp_path / "export", stdout=out)
    served = actions.rebuild(timezone.now())

    def files_in(folder: Path) -> set[str]:
        return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}

    files = files_in(served) - {snapshot.CONTENT, snapshot.FRAME}  # what the host builds from goes to no other one
    assert files_in(tmp_path / "export") == files
    assert out.getvalue() == f"statuspage_snapshot status=ok files={len(files)}\n"
    assert json.loads((tmp_path / "export" / snapshot.MANIFEST).read_text())["format"] == 1


def test_the_command_without_a_folder_builds_the_served_page(snapshot_dir):
    call_command("statuspage_snapshot", stdout=StringIO())

    assert writer.built_at(snapshot_dir) is not None


def test_a_folder_that_cannot_be_written_is_one_sentence_and_exit_1(snapshot_dir, tmp_path):
    (tmp_path / "file").write_text("")
    err = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("statuspage_snapshot", output=tmp_path / "file" / "x", stdout=StringIO(), stderr=err)

    assert ended.value.code == 1
    assert "cannot be written" in err.getvalue()
