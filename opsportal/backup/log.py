"""What becomes of backups, in the audit log: taken, restored on trial, restored, and what failed."""

from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, transaction

from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from opsportal.schema.fault import Fault

TAKE, VERIFY, RESTORE = "backup.take", "backup.verify", "backup.restore"


def verified(name: str, *, by: str) -> None:
    """A backup was restored on trial and is whole."""
    _written(VERIFY, by=by, name=name, result=AuditEvent.Result.OK)


def failed(act: str, problem: Fault | Refused, *, by: str, name: str = "") -> None:
    """It was tried in vain; the reason is the token that the command says."""
    reason = problem.reason if isinstance(problem, Fault) else problem.code.lower()
    _written(act, by=by, name=name, reason=reason, result=AuditEvent.Result.FAILED)


def _written(act: str, *, by: str, name: str, result: str, reason: str = "") -> None:
    """Where a database answers: a rehearsal on another machine has none, and needs none."""
    if settings.DATABASE_CONFIGURED:
        with suppress(DatabaseError), transaction.atomic():
            audit.record(act, by=by, object=name, reason=reason, result=result)
