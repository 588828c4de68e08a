"""Is the process able to serve? Tokens only; the database is asked in a thread with a deadline.

A frozen PostgreSQL lets a query hang without limit, so the deadline is ours (docs/decisions/0004-serving.md).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from opsportal import broker
from opsportal.models import JobClaim
from opsportal.ticker import queries as ticker

DEADLINE_SECONDS = 2.0
_asker = ThreadPoolExecutor(max_workers=4, thread_name_prefix="health")


@cache
def _migrations_complete() -> bool:
    """True once every migration is applied; only the good answer is remembered, so this never caches a bad one."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError("pending")
    return True


def _ask_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _migrations_complete()
    except LookupError:
        return "pending_migrations"
    except DatabaseError:
        return "unreachable"
    finally:
        connection.close()
    return "ok"


def _ask_scheduler() -> str:
    """Late when no worker has finished a batch of checks for too long."""
    try:
        if not JobClaim.objects.filter(name=ticker.CHECKS, done_at__isnull=False).exists():
            return "waiting"
        return "ok" if ticker.silent_since(ticker.CHECKS, timezone.now()) is None else "late"
    except DatabaseError:
        return "unknown"
    finally:
        connection.close()


def _ask_redis() -> str:
    if not settings.REDIS_URL:
        return "not_configured"
    return "ok" if broker.answers() else "unreachable"


def _within_deadline(question: Callable[[], str]) -> str:
    try:
        return _asker.submit(question).result(timeout=DEADLINE_SECONDS)
    except TooSlow:
        return "timeout"


def database_state() -> str:
    """ok, or the token that says what is wrong with the database, within the deadline."""
    return _within_deadline(_ask_database)


@login_not_required
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 only when the process cannot serve (database, pending migrations); Redis and scheduler only degrade."""
    database = database_state()
    parts = {"database": database}
    if database == "ok":
        parts["redis"] = _within_deadline(_ask_redis)
        parts["scheduler"] = _within_deadline(_ask_scheduler)
    serves = database == "ok"
    whole = all(value in {"ok", "waiting"} for value in parts.values())
    status = "ok" if whole else "degraded" if serves else "unavailable"
    return JsonResponse({"status": status, **parts}, status=200 if serves else 503)
