"""Pages of the frame itself: requests that nobody understands, that came too late, from elsewhere, or that failed."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from opsportal.accounts import limited


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from another site; what was typed is still in the browser."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing of the request is looked at again: Django's own view asks for its CSRF token, which reads the body."""
    return HttpResponseBadRequest(render_to_string("400.html"))


def too_many(request: HttpRequest) -> HttpResponse:
    """More sign-ins from one network than any house needs; allauth asks for this page."""
    limited.note(request, at=timezone.now())
    return render(request, "429.html", status=429)


def failed(request: HttpRequest) -> HttpResponse:
    """Our fault, or the database does not answer: then 503, so that people and programs come back by themselves."""
    if not isinstance(sys.exception(), OperationalError | InterfaceError):
        return HttpResponseServerError(render_to_string("500.html"))
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})
