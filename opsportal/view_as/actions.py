"""Begin and end seeing the portal as somebody else."""

from datetime import timedelta
from typing import NoReturn

from django.db import transaction
from django.db.models.functions import Now

from opsportal.accounts.models import User
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from opsportal.roles import Role
from opsportal.view_as.models import Viewing

LASTS = timedelta(minutes=15)
LEAST_REASON = 10


def start(viewed: User, *, by: User, reason: str) -> Viewing:
    """Let `by` see what `viewed` sees, for 15 minutes of the database's clock. An older one of theirs ends."""
    require_allowed(viewed, by=by)
    if len(reason.strip()) < LEAST_REASON:
        raise Refused("REASON_TOO_SHORT", f"Say why in {LEAST_REASON} characters or more.")
    with transaction.atomic():
        _lock_both(viewed, by)
        for older in Viewing.objects.filter(admin=by, ended_at=None):
            end(older, how=Viewing.End.REPLACED)
        viewing = Viewing.objects.create(admin=by, viewed=viewed, reason=reason.strip(), ends_at=Now() + LASTS)
        audit.record("view_as.start", by=by.username, object=viewed.username, reason=reason.strip())
        return viewing


def require_allowed(viewed: User, *, by: User) -> None:
    """Admins only, never oneself, never another admin, nobody who is switched off. A refusal is recorded."""
    if not by.has_role(Role.ADMIN):
        _refuse(viewed, by, "ADMINS_ONLY", "Only an admin may see the portal as somebody else.")
    if viewed == by:
        _refuse(viewed, by, "NOT_YOURSELF", "You see the portal as yourself already.")
    if viewed.role == Role.ADMIN:
        _refuse(viewed, by, "NEVER_AN_ADMIN", "Nobody may see the portal as another admin.")
    if not viewed.is_active:
        _refuse(viewed, by, "USER_INACTIVE", f"{viewed.username} is switched off and sees nothing.")


def _refuse(viewed: User, by: User, code: str, sentence: str) -> NoReturn:
    audit.record("view_as.start", by=by.username, object=viewed.username, reason=code, result=AuditEvent.Result.DENIED)
    raise Refused(code, sentence)


def _lock_both(viewed: User, by: User) -> None:
    """The roles as they are now stay so until the row is written; in the order of ids, so that nothing deadlocks."""
    roles = dict(
        User.objects.select_for_update()
        .filter(pk__in=[viewed.pk, by.pk], is_active=True)
        .order_by("pk")
        .values_list("pk", "role")
    )
    if roles.get(by.pk) != Role.ADMIN or roles.get(viewed.pk) in (None, Role.ADMIN):
        raise Refused("ROLE_CHANGED", "A role has just changed. Look at the People screen again.")


@transaction.atomic
def end(viewing: Viewing, *, how: str) -> bool:
    """Write the end down; True for the one caller who did. Safe to run twice."""
    if not Viewing.objects.filter(pk=viewing.pk, ended_at=None).update(ended_at=Now(), ended_how=how):
        return False
    audit.record("view_as.end", by=viewing.admin.username, object=viewing.viewed.username, reason=how)
    return True


def end_left_open() -> int:
    """End what the clock has ended while nobody looked. Safe to run twice."""
    over = Viewing.objects.filter(ended_at=None, ends_at__lte=Now()).select_related("admin", "viewed")
    return sum(end(viewing, how=Viewing.End.EXPIRED) for viewing in over)
