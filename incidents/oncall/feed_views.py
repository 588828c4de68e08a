"""The page with one's calendar addresses, and the calendars themselves, which need no sign-in."""

import hashlib

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.oncall import feeds
from opsportal.htmx import render_page, see, status_message
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/oncall/feeds.html"


@require(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def calendars(request: HttpRequest) -> HttpResponse:
    """Make an address, make it anew, or end it; a new one is shown once."""
    if request.method == "POST" and request.POST.get("act") == "end":
        feeds.revoke(person(request), is_team=request.POST.get("which") == "team", at=now())
        status_message(request, "That address answers no more.")
        return see(request, "incidents:oncall_calendars")
    return _make(request) if request.method == "POST" else _page(request)


@recent_sign_in
def _make(request: HttpRequest) -> HttpResponse:
    """Whoever has the address reads the calendar: an unlocked screen is not enough to get one."""
    is_team = request.POST.get("which") == "team"
    word = feeds.make(person(request), is_team=is_team, at=now())
    made = f"{settings.BASE_URL}{reverse('incidents:oncall_calendar', args=[word])}"
    return _page(request, made=made, is_team=is_team)


def _page(request: HttpRequest, *, made: str = "", is_team: bool = False) -> HttpResponse:
    living = feeds.open_feeds(person(request))
    context = {"own": living.get(False), "team": living.get(True), "made": made, "made_team": is_team}
    response = render_page(request, TEMPLATE, context)
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The final shifts behind a secret address; a reader that has them already is told so in a few bytes."""
    body = feeds.read(token, now())
    if body is None:
        raise Http404
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["ETag"], response["Cache-Control"] = etag, "private, max-age=0, must-revalidate"
    response["Content-Disposition"] = 'inline; filename="on-call.ics"'
    answer = get_conditional_response(request, etag=etag, response=response)
    return answer if isinstance(answer, HttpResponse) else response
