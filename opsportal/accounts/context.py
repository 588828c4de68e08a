"""What pages of signing in ask of every request: the name of single sign-on, and whether a second factor is due."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from opsportal.accounts import factors


def ways(request: HttpRequest) -> dict[str, Any]:
    """Context processor; costs no query."""
    person = getattr(request, "user", None)  # an early error has none
    return {
        "sso_name": settings.SSO_NAME if settings.SSO_ENABLED else "",
        "needs_factor": bool(person and person.is_authenticated and factors.needs_factor(person)),
    }
