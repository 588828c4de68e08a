"""Reads of view-as: is it still allowed?"""

from datetime import datetime

from django.db.models.functions import Now

from opsportal.roles import Role
from opsportal.view_as.models import Viewing


def running(pk: int, *, admin_id: int | None) -> Viewing | None:
    """The viewing if it still holds by the database's clock and by both roles as they are now."""
    found = Viewing.objects.filter(
        pk=pk,
        admin_id=admin_id,
        ended_at=None,
        ends_at__gt=Now(),
        admin__is_active=True,
        admin__role=Role.ADMIN,
        viewed__is_active=True,
    )
    return found.exclude(viewed__role=Role.ADMIN).select_related("admin", "viewed").first()


def begun(since: datetime, until: datetime) -> int:
    """How often somebody began to see the portal as somebody else."""
    return Viewing.objects.filter(started_at__gt=since, started_at__lte=until).count()


def unfinished(pk: int, *, admin_id: int | None) -> Viewing | None:
    """A viewing of this admin whose end nobody has written down yet."""
    rows = Viewing.objects.filter(pk=pk, admin_id=admin_id, ended_at=None)
    return rows.select_related("admin", "viewed").first()
