"""What fires and what fired, and taking an alert."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import ptag

from incidents.alerts import actions, advice, mutes, queries
from incidents.alerts.models import Alert
from incidents.response import queries as response
from incidents.runbooks import queries as runbooks
from opsportal.errors import Refused
from opsportal.htmx import alert_message, render_page, see, status_message, wants_part
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/alerts/alerts.html"
OF_INCIDENT = "incidents/alerts/of_incident.html"


def _tag(request: HttpRequest) -> str:
    return queries.version()


@ptag(_tag)
@require(Role.VIEWER)
@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    """Firing alerts first; as a part, 304 while nothing changed."""
    return _page(request)


@require(Role.RESPONDER)
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that you have it, and its incident with it."""
    alert = get_object_or_404(Alert, pk=pk)
    try:
        actions.acknowledge(alert, by=person(request), at=now())
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    else:
        status_message(request, f"You acknowledged {alert.title}.")
    return _page(request) if wants_part(request) else see(request, "incidents:alerts")


@require(Role.RESPONDER)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that what passed again is over."""
    alert = get_object_or_404(Alert, pk=pk)
    try:
        actions.end(alert, by=person(request), at=now())
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    else:
        status_message(request, f"You ended {alert.title}.")
    return _page(request) if wants_part(request) else see(request, "incidents:alerts")


@require(Role.VIEWER)
@require_safe
def of_incident(request: HttpRequest, number: int) -> HttpResponse:
    """A card of the room: the incident's own alerts and what fires in its domain; a page without JavaScript."""
    incident = response.incident_or_404(number, person(request))
    context = {"incident": incident, "alerts": queries.around(incident, person(request))}
    return render_page(request, OF_INCIDENT, context, part="panel")


def _page(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    alerts = queries.alerts(person(request), before=int(before) if before.isdecimal() and len(before) < 18 else None)
    advice.with_guides([*alerts.firing, *alerts.muted, *alerts.past], runbooks.by_token())
    context = {
        "alerts": alerts,
        "before": before,
        "mutes": None if before else mutes.active(now()),
        "last": queries.last_recovered(person(request)),
        "tag": queries.version(),
        "can_act": person(request).has_role(Role.RESPONDER),
    }
    return render_page(request, TEMPLATE, context, part="list")
