"""How backups stand: when the newest was taken, whether one was restored on trial lately, and what failed since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from opsportal.audit.models import AuditEvent
from opsportal.backup.log import RESTORE, TAKE, VERIFY

# Once a day, with two hours to run late; restored on trial once a month (the operating documents).
TAKEN_EVERY = timedelta(hours=26)
VERIFIED_EVERY = timedelta(days=31)


@dataclass(frozen=True)
class BackupState:
    """How it stands at a moment. Times are those of the audit log; `name` is the newest file's."""

    at: datetime
    name: str
    taken_at: datetime | None
    verified_at: datetime | None
    is_newest_verified: bool
    failed: str

    @property
    def age(self) -> timedelta | None:
        """How old the newest backup is; None when there is none."""
        return self.at - self.taken_at if self.taken_at else None

    @property
    def fault(self) -> str:
        """The token of what is worst; empty when there is a fresh backup and one was restored on trial lately."""
        if self.failed:
            return self.failed
        if self.taken_at is None:
            return "no_backup"
        if self.at - self.taken_at > TAKEN_EVERY:
            return "backup_old"
        if self.verified_at is None:
            return "never_verified"
        return "verified_long_ago" if self.at - self.verified_at > VERIFIED_EVERY else ""

    @property
    def sentence(self) -> str:
        """The same for people."""
        return _SENTENCES[self.fault]

    @property
    def words(self) -> str:
        """Ages in a line, such as: taken 7 h ago, restored on trial 2 d ago."""
        taken = f"taken {_ago(self.at - self.taken_at)}" if self.taken_at else "never taken"
        tried = f"restored on trial {_ago(self.at - self.verified_at)}" if self.verified_at else "never tried"
        return f"{taken}, {tried}" + (f"; {self.sentence}" if self.failed else "")


_SENTENCES = {
    "": "A fresh backup is there, and one was restored on trial in the last 31 days.",
    "backup_failed": "The last backup failed.",
    "verify_failed": "The last trial restore failed.",
    "no_backup": "There is no backup yet.",
    "backup_old": "The newest backup is older than a day.",
    "never_verified": "No backup was ever restored on trial.",
    "verified_long_ago": "No backup was restored on trial in the last 31 days.",
}


@dataclass(frozen=True)
class Counted:
    """What was done with backups in a span of time."""

    taken: int
    failed: int
    verified: int
    verify_failed: int
    restored: int


def state(at: datetime) -> BackupState:
    """As known at this moment. Four small queries by the index of acts."""
    taken, verified = (_newest(act, at) for act in (TAKE, VERIFY))
    good_copy, good_trial = (_newest(act, at, AuditEvent.Result.OK) for act in (TAKE, VERIFY))
    failed = "backup_failed" if _is_bad(taken) else "verify_failed" if _is_bad(verified) else ""
    name = good_copy.object if good_copy else ""
    return BackupState(
        at=at,
        name=name,
        taken_at=good_copy.at if good_copy else None,
        verified_at=good_trial.at if good_trial else None,
        is_newest_verified=bool(good_trial and good_trial.object == name),
        failed=failed,
    )


def counted(start: datetime, end: datetime) -> Counted:
    """How often one was taken, restored on trial and restored for good, from start until before end."""
    good, bad = Q(result=AuditEvent.Result.OK), Q(result=AuditEvent.Result.FAILED)
    rows = AuditEvent.objects.filter(at__gte=start, at__lt=end, act__in=[TAKE, VERIFY, RESTORE])
    return Counted(
        **rows.aggregate(
            taken=Count("pk", filter=good & Q(act=TAKE)),
            failed=Count("pk", filter=bad & Q(act=TAKE)),
            verified=Count("pk", filter=good & Q(act=VERIFY)),
            verify_failed=Count("pk", filter=bad & Q(act=VERIFY)),
            restored=Count("pk", filter=good & Q(act=RESTORE)),
        )
    )


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d ago" if hours >= 48 else f"{hours} h ago"


def _newest(act: str, at: datetime, result: str = "") -> AuditEvent | None:
    rows = AuditEvent.objects.filter(act=act, at__lte=at)
    return (rows.filter(result=result) if result else rows).order_by("-id").first()


def _is_bad(event: AuditEvent | None) -> bool:
    return event is not None and event.result == AuditEvent.Result.FAILED
