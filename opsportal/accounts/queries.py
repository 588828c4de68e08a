"""Reads of people."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from opsportal.models import LoginLink, User


def people(at: datetime) -> QuerySet[User]:
    """Everybody by name, active ones first, with `has_open_link`."""
    open_links = LoginLink.objects.filter(user=OuterRef("pk"), used_at=None, expires_at__gt=at)
    return User.objects.annotate(has_open_link=Exists(open_links)).order_by("-is_active", "username")
