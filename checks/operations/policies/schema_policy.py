"""Do the models keep to the schema policy: zones, indexes with a reader, guarded words, and rows that only grow?"""

import inspect
import re
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader

from checks.operations.policies.finding import Finding, Result
from opsportal.privacy.fields import GuardedTextField
from opsportal.seals.chains import all_chains
from opsportal.secrets.sealed import SecretField

_ROOTS = ("opsportal", "incidents", "checks")
# Long texts that another door guards, and by which.
_OTHER_DOORS = {
    "opsportal.keptanswer.body": "our own answer, kept for a day",
    "opsportal.delivery.body": "opsportal.outbox.actions.enqueue cleans it",
    "checks.lastday.hours": "figures that the roll-up writes, no word of anybody",
    "incidents.page.logo": "a picture: incidents.statuspage.logo keeps nothing else of a file",
}
# What a model promises in its docstring when its rows are never changed.
_PROMISE = re.compile(r"append-only|never changed|only (?:ever )?added", re.IGNORECASE)
_TRIGGERS = frozenset({"append_only_row", "append_only_truncate"})
_PROTECTS = re.compile(r"CREATE TRIGGER (append_only_\w+) BEFORE [A-Z ]+ ON (\w+)")
_MADE_BY_DJANGO = re.compile(r"_[0-9a-f]{6,8}_idx")
# The comment that names the reader stands in the model's Meta, before its indexes or among them.
_META_LINES = 60

_ZONELESS = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type = 'timestamp without time zone' AND table_name = ANY(%s)
ORDER BY 1
"""
_ENABLED = """
SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname = ANY(%s) AND tgenabled <> 'D' AND relnamespace = current_schema()::regnamespace
"""


def look() -> Result:
    """The models, and the database they describe where one is set; else what the migrations would make of it."""
    ours = [one for one in apps.get_models() if one._meta.app_label in _ROOTS]
    found = [*_zones(ours), *(finding for one in ours for finding in (*_indexes(one), *_words(one))), *_growing(ours)]
    return Result(len(ours), tuple(found))


def _zones(ours: list[type[models.Model]]) -> Iterator[Finding]:
    if not settings.USE_TZ:
        yield Finding("time_zones_off", "USE_TZ")
    if settings.DATABASE_CONFIGURED:
        with connection.cursor() as cursor:
            cursor.execute(_ZONELESS, [[one._meta.db_table for one in ours]])
            for (column,) in cursor.fetchall():
                yield Finding("time_without_zone", column)


def _indexes(model: type[models.Model]) -> Iterator[Finding]:
    """Each index has a name of its own and a comment that says who reads by it; one comment may stand for several."""
    source = inspect.getsource(model) if model._meta.indexes else ""
    for index in model._meta.indexes:
        before = source.partition(f'"{index.name}"')[0].rpartition("class Meta")[2]
        if _MADE_BY_DJANGO.search(index.name):
            yield Finding("index_unnamed", f"{model._meta.label_lower}.{index.name}")
        elif not any(line.strip().startswith("#") for line in before.splitlines()[-_META_LINES:]):
            yield Finding("index_without_reader", f"{model._meta.label_lower}.{index.name}")


def _words(model: type[models.Model]) -> Iterator[Finding]:
    for field in model._meta.local_fields:
        inner = field.base_field if isinstance(field, ArrayField) else field
        name = f"{model._meta.label_lower}.{field.name}"
        is_guarded = isinstance(inner, GuardedTextField | SecretField) or bool(inner.choices)
        if isinstance(inner, models.TextField) and not is_guarded and name not in _OTHER_DOORS:
            yield Finding("words_without_guard", name)


def _growing(ours: list[type[models.Model]]) -> Iterator[Finding]:
    """Whatever promises only to grow, and whatever is sealed, has its triggers."""
    sealed = {chain.model for chain in all_chains()}
    there = _in_database() if settings.DATABASE_CONFIGURED else _by_migrations()
    for model in ours:
        if model in sealed or _PROMISE.search(model.__doc__ or ""):
            table = model._meta.db_table
            for trigger in sorted(_TRIGGERS - there.get(table, set())):
                yield Finding("trigger_missing", f"{table}.{trigger}")


def _in_database() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_ENABLED, [list(_TRIGGERS)])
        return _by_table(cursor.fetchall())


def _by_migrations() -> dict[str, set[str]]:
    loader = MigrationLoader(None)
    steps = (step for migration in loader.disk_migrations.values() for step in migration.operations)
    made = (pair for step in steps if isinstance(step, RunSQL) for pair in _PROTECTS.findall(str(step.sql)))
    return _by_table((table, trigger) for trigger, table in made)


def _by_table(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, trigger in pairs:
        found.setdefault(table, set()).add(trigger)
    return found
