"""Which migrations can be taken back, and what is waiting."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from checks.models import Check
from opsportal.schema import plan
from opsportal.schema.fault import Fault


def migration(*operations: Operation) -> migrations.Migration:
    """One that does these."""
    made = migrations.Migration("0007_this", "checks")
    setattr(made, "operations", list(operations))  # noqa: B010 - declared for the class, read from the object
    return made


def nothing(*_: object) -> None:
    """What a data migration calls."""


NUMBER = models.IntegerField(null=True)


@pytest.mark.parametrize(
    ("operation", "is_reversible", "reason"),
    [
        (migrations.AddIndex("check", models.Index(fields=["key"], name="i")), True, ""),
        (migrations.AlterModelOptions("check", {}), True, ""),
        (migrations.RenameField("check", "a", "b"), True, ""),
        (migrations.RunSQL("SELECT 1", migrations.RunSQL.noop), True, ""),
        (migrations.RunPython(nothing, migrations.RunPython.noop), True, ""),
        (migrations.CreateModel("thing", [("id", NUMBER)]), True, "drops_table"),
        (migrations.AddField("check", "size", NUMBER), True, "drops_column"),
        (migrations.AlterField("check", "size", NUMBER), True, "changes_column"),
        (migrations.RunSQL("SELECT 1", "SELECT 2"), True, "own_sql"),
        (migrations.RunPython(nothing, nothing), True, "own_sql"),
        (migrations.RemoveField("check", "size"), True, "own_sql"),  # the column comes back empty
        (migrations.RunSQL("SELECT 1"), False, "irreversible"),
        (migrations.RunPython(nothing), False, "irreversible"),
        (
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.RunSQL("SELECT 1", "SELECT 2")],
                state_operations=[migrations.AddField("check", "size", NUMBER)],
            ),
            True,
            "own_sql",
        ),
    ],
)
def test_a_way_back_is_safe_when_nothing_is_lost(operation: Operation, is_reversible: bool, reason: str):
    way = plan.way_back(migration(operation))

    assert (way.name, way.is_reversible, way.reason) == ("checks.0007_this", is_reversible, reason)
    assert way.is_safe is (reason == "")


def test_one_lossy_step_makes_the_whole_migration_lossy():
    way = plan.way_back(migration(migrations.AlterModelOptions("check", {}), migrations.AddField("check", "n", NUMBER)))

    assert (way.is_reversible, way.reason) == (True, "drops_column")


def test_the_migrations_on_disk_fit_together_and_say_what_the_models_say():
    assert plan.complete() == len(set(plan.pending(plan.loaded())))  # without a database all of them wait


@pytest.mark.django_db
def test_a_model_without_its_migration_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Check._meta.get_field("key"), "max_length", 7)

    with pytest.raises(Fault) as fault:
        plan.complete()

    assert fault.value.reason == "missing_migrations"
    assert "in checks:" in fault.value.sentence


def test_two_newest_migrations_of_one_app_are_a_conflict(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(MigrationLoader, "detect_conflicts", lambda _: {"checks": {"0002_b", "0002_a"}})

    with pytest.raises(Fault) as fault:
        plan.loaded()

    assert fault.value.reason == "plan_conflict"
    assert "checks: 0002_a, 0002_b" in fault.value.sentence


@pytest.mark.django_db
def test_the_newest_applied_ones_of_ours_come_first():
    ways = plan.ways_back(connection, plan.loaded(connection), 3)

    assert len(ways) == 3
    assert all(way.name.partition(".")[0] in plan.OURS for way in ways)
    assert plan.pending(plan.loaded(connection)) == []
