"""Owe, meet and waive: the three things that happen to a deadline."""

from datetime import datetime

from django.db import transaction

from incidents.obligations.models import Obligation
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

Kind = Obligation.Kind


@transaction.atomic
def owe(kind: str, subject: str, *, due_at: datetime, at: datetime, owner: str = "") -> Obligation:
    """Start a clock, or move the one that runs; reminders of the old time count no more. Safe to run twice."""
    obligation, is_new = Obligation.objects.select_for_update().get_or_create(
        kind=Kind(kind),
        subject=subject,
        met_at=None,
        waived_at=None,
        defaults={"due_at": due_at, "owner": owner, "created_at": at},
    )
    if not is_new and obligation.due_at != due_at:
        obligation.due_at, obligation.owner = due_at, owner or obligation.owner
        obligation.reminded_at = obligation.backup_reminded_at = None
        obligation.save(update_fields=["due_at", "owner", "reminded_at", "backup_reminded_at"])
    return obligation


@transaction.atomic
def meet(kind: str, subject: str, *, at: datetime) -> Obligation | None:
    """Stop the clock because the thing was done; None when no such clock ran. Safe to run twice."""
    obligation = Obligation.objects.open().select_for_update().filter(kind=Kind(kind), subject=subject).first()
    if obligation is not None:
        obligation.met_at = at
        obligation.save(update_fields=["met_at"])
    return obligation


@transaction.atomic
def waive(kind: str, subject: str, *, by: User | None, at: datetime, reason: str) -> Obligation | None:
    """Stop the clock because the thing need not be done, and say why. `by` is None when a rule of the house says so."""
    guard.require_clean(reason)
    if not reason.strip():
        raise Refused("REASON_MISSING", "Say why this need not be done.")
    obligation = Obligation.objects.open().select_for_update().filter(kind=Kind(kind), subject=subject).first()
    if obligation is not None:
        obligation.waived_at, obligation.waived_by, obligation.reason = at, by, reason.strip()
        obligation.save(update_fields=["waived_at", "waived_by", "reason"])
    return obligation
