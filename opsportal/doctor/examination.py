"""How each part of the house is: one finding a part, in tokens, never a value, an address or a length."""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from opsportal import env, health_figures
from opsportal.audit.queries import chain_states
from opsportal.degrade.actions import current
from opsportal.ticker.models import JobClaim

_FULL_PERCENT = 95.0
_LOWERED = "lowered"
_LATE = timedelta(seconds=90)


@dataclass(frozen=True)
class Finding:
    """A part, how it is (ok, warn or fail) and the token that says why; `advice` is for the person."""

    part: str
    status: str
    reason: str = ""
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return self.status != "fail"

    @property
    def word(self) -> str:
        """What a warning is about: something that was lowered for a while, else something that is not set."""
        return "Lowered" if self.reason == _LOWERED else "Not set"


def ok(part: str, reason: str = "") -> Finding:
    return Finding(part, "ok", reason)


_MORE: list[Callable[[], Finding]] = []


def register(part: Callable[[], Finding]) -> None:
    """A room's own part, looked at while the database answers; from its AppConfig.ready."""
    _MORE.append(part)


def examine() -> list[Finding]:
    """Every part in the order in which trouble spreads. A database that is gone leaves the parts that need it out."""
    database = _database()
    findings = [database]
    if database.is_well:
        findings += [_scheduler(), _worker(), _chains(), _limits(), *(part() for part in _MORE)]
    findings += [_redis(), _disk(), _mail(), _keys()]
    return findings


def _database() -> Finding:
    if not settings.DATABASE_CONFIGURED:
        return Finding("database", "fail", "missing_dsn", "Set DATABASE_URL, or start the portal by bin/up.")
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return Finding("database", "fail", "db_connect_failed", "Check that PostgreSQL runs and may be reached.")
    if plan:
        return Finding("database", "fail", "pending_migrations", "Run bin/manage migrate.")
    return ok("database")


def _last_done(name: str) -> Finding | None:
    """None when the job's heartbeat is fresh."""
    job = JobClaim.objects.filter(name=name).first()
    if job is None or job.done_at is None:
        return Finding("", "fail", "never_ran")
    age = timezone.now() - job.done_at
    return Finding("", "fail", f"late_{int(age.total_seconds())}s") if age > _LATE else None


def _scheduler() -> Finding:
    late = _last_done("checks.tick")
    advice = "No worker takes the queue `checks`. Look at the lines of the worker."
    return Finding("scheduler", "fail", late.reason, advice) if late else ok("scheduler")


def _worker() -> Finding:
    late = _last_done("incidents.rebuild_snapshot")
    advice = "No worker takes the queue `default`. Look at the lines of worker-default."
    return Finding("worker", "fail", late.reason, advice) if late else ok("worker")


def _chains() -> Finding:
    """What the last verification found; it runs every day by itself."""
    chains = chain_states()
    if broken := [chain.name for chain in chains if not chain.is_whole]:
        advice = "Rows were changed past the portal. The audit log names the first one."
        return Finding("chains", "fail", f"broken_{'_'.join(broken)}", advice)
    return ok("chains", "" if all(chain.at for chain in chains) else "not_verified_yet")


def _limits() -> Finding:
    """Degrade mode is meant to end; who looks for why programs are turned away finds it here."""
    lowered = current(timezone.now())
    if lowered is None:
        return ok("limits")
    return Finding("limits", "warn", _LOWERED, f"Degrade mode until {lowered.until:%d %b %H:%M} UTC.")


def _redis() -> Finding:
    if not settings.REDIS_URL:
        return Finding("redis", "fail", "missing_redis_url", "Set REDIS_URL, or start the portal by bin/up.")
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return Finding("redis", "fail", "unreachable", "Work goes on and waits; start Redis again.")
    if settings.REDIS_URL.startswith("unix:") and not settings.POSTURE.is_production:
        return ok("redis", "embedded")
    return ok("redis")


def _disk() -> Finding:
    used = health_figures.read("disk_used_percent") or 0.0
    if used > _FULL_PERCENT:
        return Finding("disk", "fail", f"used_{used:.0f}_percent", "Make room on the disk of the data folder.")
    return ok("disk", f"used_{used:.0f}_percent")


def _mail() -> Finding:
    if not settings.EMAIL_CONFIGURED:
        return Finding("mail", "warn", "not_configured", "Set EMAIL_URL and ALERT_EMAIL to be told by mail.")
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException):
        return Finding("mail", "fail", "unreachable", "Check EMAIL_URL and that the server takes connections.")
    finally:
        server.close()
    return ok("mail")


def _keys() -> Finding:
    if env.text("SECRET_KEY") == "":
        return Finding("keys", "fail", "missing_secret_key", "Set SECRET_KEY, or start the portal by bin/up.")
    if not env.text("INTEGRATION_ENCRYPTION_KEY"):
        status = "fail" if settings.POSTURE.is_production else "warn"
        return Finding("keys", status, "missing_integration_encryption_key", "Set INTEGRATION_ENCRYPTION_KEY.")
    return ok("keys")
