"""What a person sets for this browser only: theme and single-key shortcuts. Cookies, so that no page flashes."""

from enum import StrEnum

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

_YEAR = 365 * 86400


class Theme(StrEnum):
    """System means: no cookie, the browser decides."""

    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


def theme_of(request: HttpRequest) -> Theme:
    """The chosen theme; anything unknown in the cookie is the system's."""
    chosen = request.COOKIES.get("theme", "")
    return Theme(chosen) if chosen in set(Theme) else Theme.SYSTEM


def has_keys(request: HttpRequest) -> bool:
    """Single-key shortcuts are on unless switched off (WCAG 2.1.4)."""
    return request.COOKIES.get("keys") != "off"


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme and go back to the page."""
    wanted = request.POST.get("theme", "")
    response = _back(request)
    if wanted in {Theme.LIGHT, Theme.DARK}:
        _keep(response, "theme", wanted)
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Switch single-key shortcuts on or off and go back to the page."""
    response = _back(request)
    if request.POST.get("keys") == "off":
        _keep(response, "keys", "off")
    else:
        response.delete_cookie("keys", samesite="Lax")
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page named in the form when it is ours, else home."""
    page = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(page if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL))
