"""What the migrations on disk say, what a database has of them, and which of the newest can be taken back."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import base as operations
from django.db.migrations.operations import fields, models, special
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from opsportal.schema.fault import Fault

OURS = ("opsportal", "incidents", "checks")

# Taking these back loses neither a row nor a value.
_KEEPS_EVERYTHING = (
    models.AddIndex,
    models.RemoveIndex,
    models.AddConstraint,
    models.RemoveConstraint,
    models.AlterModelOptions,
    models.AlterModelManagers,
    models.AlterModelTable,
    models.AlterIndexTogether,
    models.AlterUniqueTogether,
    models.AlterOrderWithRespectTo,
    models.RenameModel,
    models.RenameIndex,
    fields.RenameField,
)


def loaded(connection: BaseDatabaseWrapper | None = None) -> MigrationLoader:
    """The migrations on disk, in one line for each app; Fault `plan_conflict` when they do not fit together."""
    try:
        loader = MigrationLoader(connection)
        if connection is not None:
            loader.check_consistent_history(connection)
    except (NodeNotFoundError, CircularDependencyError, BadMigrationError, InconsistentMigrationHistory) as problem:
        raise Fault("plan_conflict", f"The migrations do not fit together: {problem}") from None
    if conflicts := loader.detect_conflicts():
        names = "; ".join(f"{app}: {', '.join(sorted(ends))}" for app, ends in sorted(conflicts.items()))
        raise Fault("plan_conflict", f"An app has more than one newest migration: {names}.")
    return loader


def complete() -> int:
    """How many migrations make a database of this version, asked of the files alone.

    Faults: `plan_conflict`, and `missing_migrations` when a model of ours says something that no migration does.
    """
    loader = loaded()
    asked = NonInteractiveMigrationQuestioner(specified_apps=set(OURS))
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps), asked)
    if unwritten := sorted(set(detector.changes(graph=loader.graph)) & set(OURS)):
        raise Fault("missing_migrations", f"Models differ from migrations in {', '.join(unwritten)}: makemigrations.")
    return len(loader.graph.nodes)


def pending(loader: MigrationLoader) -> list[str]:
    """Migrations on disk that the database does not have, in the order they would run."""
    graph = loader.graph
    wanted = dict.fromkeys(key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf))
    return [f"{app}.{name}" for app, name in wanted if (app, name) not in loader.applied_migrations]


@dataclass(frozen=True)
class WayBack:
    """Whether one applied migration can be taken back, and whether nothing is lost by it.

    `reason` is a token: `irreversible`, `drops_table`, `drops_column`, `changes_column`, `own_sql`, or empty.
    """

    name: str
    is_reversible: bool
    reason: str

    @property
    def is_safe(self) -> bool:
        """Reversible, and no row and no value is lost."""
        return self.is_reversible and not self.reason


def ways_back(connection: BaseDatabaseWrapper, loader: MigrationLoader, last: int) -> list[WayBack]:
    """The newest applied migrations of our apps, newest first, as they would be taken back."""
    applied = MigrationRecorder(connection).migration_qs.filter(app__in=OURS).order_by("-applied", "-id")
    keys = [(app, name) for app, name in applied.values_list("app", "name")[:last]]
    return [way_back(loader.disk_migrations[key]) for key in keys if key in loader.disk_migrations]


def way_back(migration: Migration) -> WayBack:
    """One migration, judged by its operations; what nobody wrote a rule for counts as a loss."""
    name = f"{migration.app_label}.{migration.name}"
    steps = list(_parts(migration.operations))
    if not all(step.reversible for step in steps):
        return WayBack(name, False, "irreversible")
    return WayBack(name, True, next((reason for step in steps if (reason := _loss(step))), ""))


def _parts(steps: Iterable[operations.Operation]) -> Iterable[operations.Operation]:
    """Operations that only keep others are looked into: what they do in the database counts."""
    for step in steps:
        if isinstance(step, special.SeparateDatabaseAndState):
            yield from _parts(step.database_operations)
        else:
            yield step


def _loss(step: operations.Operation) -> str:
    match step:
        case models.CreateModel():
            return "drops_table"
        case fields.AddField():
            return "drops_column"
        case fields.AlterField():
            return "changes_column"
        case special.RunSQL(reverse_sql=special.RunSQL.noop):
            return ""
        case special.RunPython(reverse_code=special.RunPython.noop):
            return ""
        case _ if isinstance(step, _KEEPS_EVERYTHING):
            return ""
        case _:
            return "own_sql"
