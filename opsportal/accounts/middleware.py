"""Around every signed-in request: sessions end in time, and a second factor comes before anything else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from opsportal.accounts import factors, sessions
from opsportal.audit import actions as audit
from opsportal.htmx import wants_part

GetResponse = Callable[[HttpRequest], HttpResponse]
TOUCH_EVERY = timedelta(minutes=1)
_STARTED, _SEEN = "signed_in_at", "seen_at"
# What somebody without a factor may still reach: setting one up, proving who they are, leaving, how the page looks.
_OPEN = ("/account/factors/", "/account/again/", "/account/password/", "/logout/", "/theme/", "/keys/")


class SessionLimitMiddleware:
    """Twelve hours at most, and an hour without a request. Both ends are kept in the session, in PostgreSQL.

    A board in a visible tab asks for news and so stays signed in; a hidden or closed one does not. Sensitive acts ask
    for a proof of the last five minutes in any case.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            at = timezone.now()
            if self._is_over(request, at):
                audit.record("session.expire", by=request.user.username, object=request.user.username)
                logout(request)
                messages.info(request, "You were signed out because the session had ended. Sign in again.")
            else:
                self._touch(request, at)
        return self.get_response(request)

    def _is_over(self, request: HttpRequest, at: datetime) -> bool:
        started, seen = _moment(request, _STARTED), _moment(request, _SEEN)
        is_old = started is not None and at - started > timedelta(hours=settings.SESSION_HOURS)
        is_idle = seen is not None and at - seen > timedelta(minutes=settings.SESSION_IDLE_MINUTES)
        return is_old or is_idle

    def _touch(self, request: HttpRequest, at: datetime) -> None:
        seen = _moment(request, _SEEN)
        if seen is not None and at - seen < TOUCH_EVERY:
            return
        request.session.setdefault(_STARTED, at.timestamp())
        request.session[_SEEN] = at.timestamp()
        assert request.user.is_authenticated
        if request.session.session_key:
            sessions.note_seen(
                request.user,
                request.session.session_key,
                network=get_adapter(request).get_client_ip(request),
                user_agent=request.headers.get("User-Agent", ""),
                at=at,
            )


def _moment(request: HttpRequest, name: str) -> datetime | None:
    value = request.session.get(name)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, float) else None


class SecondFactorMiddleware:
    """A publisher or admin without a second factor sets one up before anything else, where that is required."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if (
            not person.is_authenticated
            or not factors.needs_factor(person)
            or request.path.startswith(_OPEN)
            or factors.has_factor(person)
        ):
            return self.get_response(request)
        url = reverse("mfa_index")
        return HttpResponseClientRedirect(url) if wants_part(request) else HttpResponseRedirect(url)
