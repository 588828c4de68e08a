"""Single sign-on by OpenID Connect, when it is configured. A provider that is down costs a sentence, not an error."""

from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from requests import RequestException

PROVIDER = "sso"


@login_not_required
@require_safe
def begin(request: HttpRequest, provider_id: str = PROVIDER) -> HttpResponse:
    """Off to the provider."""
    return _through(openid.login, request, provider_id)


@login_not_required
@require_safe
def finish(request: HttpRequest, provider_id: str = PROVIDER) -> HttpResponse:
    """Back from the provider."""
    return _through(openid.callback, request, provider_id)


def _through(view: object, request: HttpRequest, provider_id: str) -> HttpResponse:
    if not settings.SSO_ENABLED or provider_id != PROVIDER:
        raise Http404
    try:
        answer: HttpResponse = view(request, provider_id)  # type: ignore[operator]  # allauth has no types
    except (RequestException, KeyError, TypeError, ValueError):
        # It is away, or answers something that is not OpenID Connect.
        return render(request, "socialaccount/refused.html", {"reason": "down"}, status=502)
    return answer
