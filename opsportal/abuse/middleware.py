"""Turn banned strangers away before anything else is asked; a living session passes."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from opsportal.abuse import actions


class BanMiddleware:
    """403 for a banned stranger. Health, figures and the public page do not come by here or ask nobody.

    That goes for the few pages of readers, too: who was banned may still leave, and they stand without the database.

    Who shows a token to the API is no stranger: the API judges and counts it by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        shows_token = request.path.startswith("/api/v1/") and "Authorization" in request.headers
        is_known = request.user.is_authenticated or shows_token
        if is_known or request.path.startswith(("/health/", "/metrics", "/status/")):
            return self.get_response(request)
        if actions.is_banned(request.META.get("REMOTE_ADDR", ""), at=timezone.now()):
            return render(request, "opsportal/abuse/banned.html", status=403)
        return self.get_response(request)
