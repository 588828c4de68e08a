"""While an admin sees the portal as somebody else: that person's eyes, nobody's hands, and the admin's name."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.http import HttpResponseClientRefresh

from opsportal.audit.actions import recorded_as
from opsportal.htmx import show_refusal, wants_part
from opsportal.view_as import actions, queries
from opsportal.view_as.models import Viewing

SESSION_KEY = "view_as"
STOP = "view_as:stop"
SIGN_OUT = frozenset({"account_logout", "accounts:logout"})
# Screens that name no role and are still harmless: the list of screens, and the health of the portal.
OPEN = frozenset({"accounts:more", "live", "ready", "api-health", STOP}) | SIGN_OUT
# Where people keep their passwords, factors, codes and sessions.
PRIVATE = "/account/"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ViewAsMiddleware:
    """Swaps `request.user`, and refuses whatever is not reading.

    It stands behind everything that judges the session itself (its age, the second factor): that is the admin's.
    Screens about the person alone, and screens that name no role, are refused too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or SESSION_KEY not in request.session:
            return self.get_response(request)
        key, admin = request.session[SESSION_KEY], request.user
        viewing = queries.running(key, admin_id=admin.pk)
        if viewing is None:
            return self._after_the_end(request, queries.unfinished(key, admin_id=admin.pk))
        request.view_as = viewing  # type: ignore[attr-defined]
        request.user = viewing.viewed
        with recorded_as(viewing.admin.username):
            return self.get_response(request)

    def _after_the_end(self, request: HttpRequest, viewing: Viewing | None) -> HttpResponse:
        """From here on the admin acts as themselves, and is told so before anything is done in that name."""
        actions.end_left_open()
        if viewing is not None:  # still running by the clock, so it was a role or an account that changed
            actions.end(viewing, how=Viewing.End.WITHDRAWN)
        del request.session[SESSION_KEY]
        request.view_as_ended = True  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if getattr(request, "view_as_ended", False):
            return _tell_of_the_end(request)
        viewing: Viewing | None = getattr(request, "view_as", None)
        return _only_reading(request, view, viewing) if viewing else None


def _tell_of_the_end(request: HttpRequest) -> HttpResponse | None:
    """A form that was filled in as somebody else is not sent as the admin; a part brings the whole page anew."""
    if request.method not in _READING:
        sentence = "Seeing the portal as somebody else has ended. You are yourself again: look, then send once more."
        return show_refusal(request, sentence, "VIEW_AS_ENDED", status=403)
    return HttpResponseClientRefresh() if wants_part(request) else None


def _only_reading(request: HttpRequest, view: Callable[..., HttpResponseBase], viewing: Viewing) -> HttpResponse | None:
    name = request.resolver_match.view_name if request.resolver_match else ""
    if name in SIGN_OUT and request.method == "POST":
        actions.end(viewing, how=Viewing.End.SIGN_OUT)
        request.user = viewing.admin
        return None
    if name == STOP and request.method == "POST":
        return None
    if request.method not in _READING:
        sentence = f"You see the portal as {viewing.viewed}: everything can be read, nothing changed. Stop first."
        return show_refusal(request, sentence, "VIEW_AS_READ_ONLY", status=403)
    if request.path.startswith(PRIVATE) or (name not in OPEN and not hasattr(view, "required_role")):
        sentence = f"This screen belongs to {viewing.viewed} alone."
        return show_refusal(request, sentence, "VIEW_AS_PRIVATE", status=403)
    return None
