"""The four roles, in rising order; each may do all that the one before may."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase


class Role(models.TextChoices):
    """What a person may do; the whole table stands in docs/security.md."""

    VIEWER = "viewer", "Viewer"
    RESPONDER = "responder", "Responder"
    PUBLISHER = "publisher", "Publisher"
    ADMIN = "admin", "Admin"

    @property
    def rank(self) -> int:
        """Position from 0; Role.ADMIN.rank > Role.PUBLISHER.rank."""
        return _RANKS[self]


_RANKS = {role: place for place, role in enumerate(Role)}


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def require(role: Role) -> Callable[[View], View]:
    """Let a view answer only people of this role or above; others get 403. Sign-in is required by the middleware."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated or not request.user.has_role(role):
                raise PermissionDenied(role)
            return view(request, *args, **kwargs)

        checked.required_role = role  # type: ignore[attr-defined]
        return cast(View, checked)

    return decorate
