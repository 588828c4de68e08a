"""Whether somebody proved who they are a moment ago, and the door that asks for it again before a sensitive act."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from opsportal.htmx import wants_part

FRESH_SECONDS = 300

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def remember(request: HttpRequest, person: AbstractBaseUser, method: str) -> None:
    """Note in the session that the person proved who they are just now."""
    record_authentication(request, person, method)


def methods(request: HttpRequest) -> list[str]:
    """How this session was proven so far, such as password and totp."""
    records = get_authentication_records(request, request.user) if request.user.is_authenticated else []
    return [str(one.get("type") or one["method"]) for one in records]


def is_recent(request: HttpRequest) -> bool:
    """True when the last proof in this session is less than five minutes old."""
    records = get_authentication_records(request, request.user) if request.user.is_authenticated else []
    return bool(records) and time.time() - records[-1]["at"] < FRESH_SECONDS


def recent_sign_in(view: View) -> View:
    """Let a view act only for somebody who signed in, or proved it again, within five minutes.

    Put it below `@require(Role.X)`. A form that was sent is kept in the session and goes on after the proof. Somebody
    without password and second factor is told to come in by a new link.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_recent(request):
            return view(request, *args, **kwargs)
        if wants_part(request):
            page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
            return HttpResponseClientRedirect(proof_address(request, back=page))
        if not get_adapter().get_reauthentication_methods(request.user):
            return HttpResponseRedirect(f"{reverse('accounts:again')}?{urlencode({'next': request.path})}")
        raise ReauthenticationRequired

    checked.needs_recent_sign_in = True  # type: ignore[attr-defined]
    return cast(View, checked)


def proof_address(request: HttpRequest, *, back: str) -> str:
    """Where somebody proves who they are, and goes back to a page: without a form that was sent."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    again = ways[0]["url"] if ways else reverse("accounts:again")
    return f"{again}?{urlencode({'next': back})}"


def provable(view: View) -> View:
    """Lead somebody without password and second factor to the page that says what to do; allauth would only forbid."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not get_adapter().get_reauthentication_methods(request.user):
            return HttpResponseRedirect(reverse("accounts:again"))
        return view(request, *args, **kwargs)

    return cast(View, checked)
