"""Pages of the frame itself: a request that came too late or from elsewhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from another site; what was typed is still in the browser."""
    return render(request, "403_csrf.html", status=403)
