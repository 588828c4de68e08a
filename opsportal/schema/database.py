"""The database against the migrations: is it whole, and bring it there."""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection

from opsportal.schema import plan
from opsportal.schema.fault import Fault

# A migration that waits for a lock holds up everybody who comes after it, so it waits for seconds only.
LOCK_TIMEOUT = "5s"


def connected() -> None:
    """Fault `missing_dsn` when no address is set, `db_connect_failed` when nobody answers there."""
    if not settings.DATABASE_CONFIGURED:
        raise Fault("missing_dsn", "Set DATABASE_URL or POSTGRES_DSN_PROD, or start bin/up in this data folder.")
    try:
        connection.ensure_connection()
    except OperationalError:
        raise Fault(
            "db_connect_failed",
            "The database does not answer, or refuses the name or the password in DATABASE_URL.",
        ) from None


def tables() -> set[str]:
    """Every table that this version reads."""
    models = (model._meta for model in apps.get_models(include_auto_created=True))
    wanted = {one.db_table for one in models if one.managed and not one.proxy}
    return wanted | {settings.CACHES["default"]["LOCATION"]}


def missing_tables() -> list[str]:
    """Tables that this version reads and the database does not have."""
    return sorted(tables() - set(connection.introspection.table_names()))


def verify() -> int:
    """The number of tables of a database that is whole; Fault `missing_tables` or `pending_migrations` otherwise."""
    connected()
    if missing := missing_tables():
        raise Fault("missing_tables", f"Not there: {', '.join(missing)}. bin/manage db_bootstrap apply_migrations.")
    if waiting := plan.pending(plan.loaded(connection)):
        raise Fault(
            "pending_migrations", f"Not applied: {', '.join(waiting)}. bin/manage db_bootstrap apply_migrations."
        )
    return len(connection.introspection.table_names())


@dataclass(frozen=True)
class Applied:
    """How many migrations ran, and how many the database had already."""

    applied: int
    skipped: int


def apply() -> Applied:
    """Bring the database to this version; safe to repeat. Two at once wait for each other.

    Faults: `missing_dsn`, `db_connect_failed`, `plan_conflict`, `migration_failed` (what ran before it stays, the one
    that failed leaves nothing).
    """
    connected()
    loader = plan.loaded(connection)
    waiting, there = plan.pending(loader), len(loader.applied_migrations or {})
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
            cursor.execute("SET statement_timeout = 0")  # an index over a year of rows takes longer than a page may
            cursor.execute("SELECT pg_advisory_lock(hashtext('opsportal.migrations'))")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    except CommandError as refusal:  # written for the operator, as when the key does not open what is stored
        raise Fault("migration_failed", str(refusal)) from None
    except DatabaseError as problem:
        raise Fault("migration_failed", _what_failed(problem)) from None
    finally:
        connection.close()
    return Applied(len(waiting), there)


def _what_failed(problem: DatabaseError) -> str:
    """The first migration that is still open, and the database's code; its own words may hold values."""
    state = getattr(problem.__cause__, "sqlstate", None) or "none"
    if state == "55P03":
        return f"Another session holds a lock for more than {LOCK_TIMEOUT}. Nothing is half done: try again."
    try:
        connection.close()
        waiting = plan.pending(plan.loaded(connection))
    except (DatabaseError, Fault):
        waiting = []
    return f"{waiting[0] if waiting else 'The last step'} failed (SQLSTATE {state}); it left nothing behind."
