"""Pages of the frame itself: a request that nobody understands, that came too late or from elsewhere."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.loader import render_to_string


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from another site; what was typed is still in the browser."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing of the request is looked at again: Django's own view asks for its CSRF token, which reads the body."""
    return HttpResponseBadRequest(render_to_string("400.html"))
