"""Bring a backup into a database, in one transaction: it is there, compared row by row, or nothing has changed."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from opsportal.audit import actions as audit
from opsportal.backup import log, proof, tables
from opsportal.backup.contents import Contents, Head, Manifest
from opsportal.backup.proof import Proof
from opsportal.backup.reading import read, table_rows
from opsportal.schema import plan
from opsportal.schema.database import LOCK_TIMEOUT
from opsportal.schema.fault import Fault
from opsportal.seals import heads

_OURS = """
SELECT {name} FROM {catalogue} one
WHERE {namespace} = current_schema()::regnamespace {more}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = one.oid AND d.deptype = 'e')
"""
_TABLES = _OURS.format(
    name="relname",
    catalogue="pg_class",
    namespace="relnamespace",
    more="AND relkind IN ('r', 'p') AND NOT relispartition",
)
_FUNCTIONS = _OURS.format(
    name="one.oid::regprocedure::text", catalogue="pg_proc", namespace="pronamespace", more="AND prokind IN ('f', 'p')"
)
# What kind of backend it is stays hidden from an owner who is no superuser; the server's own have no user.
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
"""


@dataclass(frozen=True)
class Restored:
    """What the database holds now, and what was tried on it."""

    tables: int
    rows: int
    proof: Proof

    def __str__(self) -> str:
        return f"tables={self.tables} rows={self.rows} chains={self.proof.chains} secrets={self.proof.secrets}"


def restore(path: Path, *, replace_all: str = "") -> Restored:
    """The database as it was. `replace_all` is the name of a database whose tables may go for it.

    Faults: those of reading, `newer_version`, `not_empty`, `name_wrong`, `portal_running`, `tables_differ`,
    `rows_differ`, `restore_failed`. After each of them the database is as before.
    """
    contents = read(path)
    require_known(contents.head)
    require_room(replace_all)
    require_alone()
    try:
        return _restore(path, contents)
    except DatabaseError as problem:
        state = getattr(problem.__cause__, "sqlstate", None) or "none"
        raise Fault("restore_failed", f"The database refused a step (SQLSTATE {state}); nothing has changed.") from None
    except CommandError as refusal:
        raise Fault("restore_failed", f"{refusal} Nothing has changed.") from None


def settle_in(path: Path, *, by: str, at: datetime) -> None:
    """What only a restore that stays has to do: say so in the audit log, and lay aside the heads it cannot know."""
    audit.record(log.RESTORE, by=by, object=path.name)
    heads.lay_aside(at)


def require_known(head: Head) -> None:
    """Fault `newer_version` when the backup has migrations that this version has not heard of."""
    unknown = sorted(set(head.migrations) - set(plan.loaded().disk_migrations))
    if unknown:
        names = ", ".join(f"{app}.{name}" for app, name in unknown[:5])
        raise Fault("newer_version", f"Version {head.version} wrote this backup; not known here: {names}.")


def require_alone() -> None:
    """Fault `portal_running` while anybody else is connected: what they write meanwhile would be lost unseen."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        others = cursor.fetchone()[0]
    if others:
        raise Fault("portal_running", f"Others are connected to the database ({others}): stop the portal first.")


def require_room(replace_all: str) -> None:
    """Fault `not_empty` when there are tables and nobody said that they may go; `name_wrong` for another's name."""
    name = connection.settings_dict["NAME"]
    if replace_all and replace_all != name:
        raise Fault("name_wrong", "That is not the name of the database that would be replaced. Nothing has changed.")
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        if cursor.fetchall() and not replace_all:
            raise Fault("not_empty", "The database has tables: --replace-all and its name let all of them go.")


@transaction.atomic
def _restore(path: Path, contents: Contents) -> Restored:
    tables.settle()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        # An event of a deferred constraint that waits would forbid the next change of its table.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    _clear()
    _build(contents.head)
    _load(path, contents)
    proof.same_rows(contents)
    _bring_up_to_date()
    return Restored(len(contents.manifest.counts), contents.manifest.rows, proof.prove())


def _clear() -> None:
    """Every table and function of the schema but those of extensions; rights given on the schema stay."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        if names := [sql.Identifier(name) for (name,) in cursor.fetchall()]:
            cursor.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.SQL(", ").join(names)))
        cursor.execute(_FUNCTIONS)
        for (signature,) in cursor.fetchall():
            cursor.execute(sql.SQL("DROP ROUTINE {} CASCADE").format(sql.SQL(signature)))


def _build(head: Head) -> None:
    """Tables, triggers and rights as the backup's version had them: made by its migrations, not copied."""
    executor = MigrationExecutor(connection)
    executor.migrate(_newest(head))
    with connection.cursor() as cursor:
        for partition in tables.partitions():
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(partition.name)))
        for partition in head.partitions:
            options = sql.SQL(f" WITH ({', '.join(partition.options)})" if partition.options else "")
            made = sql.SQL("CREATE TABLE {} PARTITION OF {} ").format(
                sql.Identifier(partition.name), sql.Identifier(partition.parent)
            )
            cursor.execute(made + sql.SQL(partition.bound) + options)


def _newest(head: Head) -> list[tuple[str, str]]:
    """The last migrations that it had: those that none of its others comes after, in each app."""
    had, graph = set(head.migrations), plan.loaded().graph
    return sorted(key for key in had if not any(child.key in had for child in graph.node_map[key].children))


def _load(path: Path, contents: Contents) -> None:
    """The rows, with the triggers of append-only tables off for this transaction's own eyes; constraints hold."""
    head = contents.head
    if tables.described(table.name for table in head.tables) != head.tables:
        raise Fault("tables_differ", "The tables of the backup are not those that its migrations make.")
    names = [sql.Identifier(table.name) for table in head.tables]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # rows of one table come before those they point to
        for table, pieces in table_rows(path, head):
            columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
            with cursor.copy(into) as copy:
                for piece in pieces:
                    copy.write(piece)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
    _set_sequences(contents.manifest)


def _set_sequences(manifest: Manifest) -> None:
    with connection.cursor() as cursor:
        for one in manifest.sequences:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(quote_ident(%s), %s), %s, %s)",
                [one.table, one.column, one.last, one.is_called],
            )


def _bring_up_to_date() -> None:
    """An older backup gets what this version added; the migrations' own look at the keys is part of it."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    assert settings.CACHES["default"]["LOCATION"] in connection.introspection.table_names()
