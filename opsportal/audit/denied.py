"""Every refusal of the house is written down in one place: who, which address by its name, by which method."""

from collections.abc import Callable

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from opsportal.audit import actions, queries
from opsportal.audit.models import AuditEvent

log = structlog.get_logger("opsportal.audit")
REFUSED = frozenset({401, 403})
STRANGER = "anonymous"
# Anybody can be refused without an account; their lines are bounded, because this table only grows.
STRANGERS_A_MINUTE = 30
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


class DeniedMiddleware:
    """Records answers 401 and 403, whoever gave them: a role, the request's origin, a read-only view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # The API writes a refusal of a token under its owner's name itself (opsportal/api/middleware.py).
        if response.status_code in REFUSED and not request.META.get("opsportal.denied"):
            _record(request)
        return response


def _record(request: HttpRequest) -> None:
    """A refusal stays one even when it cannot be written down."""
    actor = _who(request)
    try:
        if actor == STRANGER and queries.refused_strangers_last_minute() >= STRANGERS_A_MINUTE:
            return
        denied = AuditEvent.Result.DENIED
        actions.record("access.denied", by=actor, object=_address(request), reason=_eyes(request), result=denied)
    except DatabaseError:
        log.exception("a denied act could not be recorded")


def _who(request: HttpRequest) -> str:
    """The person, behind a session or behind a token."""
    caller = request.META.get("opsportal.caller")
    if caller is not None:
        return str(caller.user.username)
    return request.user.get_username() if request.user.is_authenticated else STRANGER


def _eyes(request: HttpRequest) -> str:
    """Whose rights were not enough, when an admin sees the portal as somebody else."""
    return f"as {request.user.get_username()}" if hasattr(request, "view_as") else ""


def _address(request: HttpRequest) -> str:
    """Method and name; never the path, which may hold a token."""
    match = request.resolver_match
    method = request.method if request.method in _METHODS else "OTHER"
    return f"{method} {(match and match.view_name) or 'unnamed'}"[:128]
