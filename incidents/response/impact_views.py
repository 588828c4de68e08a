"""The card of facts in the room, its dialogs, and the list of areas under Settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.response import areas, channel, impact, queries, watching
from incidents.response.impact_forms import AreaForm, ChannelForm, ImpactForm, TimeForm
from incidents.response.models import Incident, ScopeArea
from opsportal.acts import do_at_once
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.privacy.forms import GuardedForm
from opsportal.roles import Role, require
from opsportal.signed_in import person

CARD = "incidents/response/impact.html"
EDIT = "incidents/response/impact_edit.html"
TIME = "incidents/response/impact_time.html"
CHANNEL = "incidents/response/channel.html"
AREAS = "incidents/response/areas.html"


@dataclass(frozen=True)
class Moment:
    """One time of the incident; `what` names it when a person may correct it."""

    label: str
    at: datetime | None
    what: str = ""


@require(Role.VIEWER)
@require_safe
def facts(request: HttpRequest, number: int) -> HttpResponse:
    """What is hit, how bad it was, and when: a card beside the room, asked for apart from its poll."""
    incident = queries.incident_or_404(number, person(request))
    context = {
        "incident": incident,
        "impact": impact.of(incident),
        "moments": _moments(incident),
        "proposed": impact.proposed_mitigation(incident),
        "watches": watching.watches(person(request), incident),
        "can_act": person(request).has_role(Role.RESPONDER),
    }
    return render_page(request, CARD, context, part="card")


def _moments(incident: Incident) -> list[Moment]:
    """In the order in which they are expected."""
    return [
        Moment("Impact began", incident.impact_started_at, "impact_started_at"),
        Moment("Detected", incident.detected_at, "detected_at"),
        Moment("Declared", incident.declared_at),
        Moment("Acknowledged", incident.acknowledged_at),
        Moment("Mitigated", incident.mitigated_at, "mitigated_at" if incident.mitigated_at else ""),
        Moment("Resolved", incident.resolved_at, "resolved_at"),
        Moment("Closed", incident.closed_at),
    ]


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Say what is hit."""
    incident = queries.incident_or_404(number, person(request))
    if request.method != "POST":
        return _ask(request, EDIT, incident, ImpactForm.showing(incident, impact.of(incident)))
    form = ImpactForm(incident, request.POST)
    return _try(
        request,
        EDIT,
        incident,
        form,
        lambda: impact.write(incident, **form.cleaned_data, by=person(request), at=now()),
        said="The impact is written down.",
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Put a time right, with a reason that stands on the timeline."""
    incident = queries.incident_or_404(number, person(request))
    if what not in impact.TIMES:
        raise Http404(what)
    more: dict[str, Any] = {"what": what, "label": impact.TIMES[what]}
    if request.method != "POST":
        return _ask(request, TIME, incident, TimeForm(initial={"to": getattr(incident, what)}), **more)
    form = TimeForm(request.POST)
    return _try(
        request,
        TIME,
        incident,
        form,
        lambda: impact.correct_time(incident, what, **form.cleaned_data, by=person(request), at=now()),
        said="The time is corrected.",
        **more,
    )


@require(Role.RESPONDER)
@require_POST
def mitigated(request: HttpRequest, number: int) -> HttpResponse:
    """Say that it stopped hurting: at the moment it went to Monitoring, else now."""
    incident, at = queries.incident_or_404(number, person(request)), now()
    return do_at_once(
        request,
        lambda: impact.mitigate(incident, by=person(request), at=at, occurred_at=impact.proposed_mitigation(incident)),
        said="Written down as mitigated.",
        to=incident,
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def chat(request: HttpRequest, number: int) -> HttpResponse:
    """Say where people talk about it."""
    incident = queries.incident_or_404(number, person(request))
    if request.method != "POST":
        return _ask(request, CHANNEL, incident, ChannelForm(initial={"url": incident.channel_url}))
    form = ChannelForm(request.POST)
    return _try(
        request,
        CHANNEL,
        incident,
        form,
        lambda: channel.set_channel(incident, **form.cleaned_data, by=person(request), at=now()),
        said="The channel is written down.",
    )


@require(Role.VIEWER)
@require_POST
def watch(request: HttpRequest, number: int) -> HttpResponse:
    """Be told of its turns by mail, or no more; the form says which."""
    incident = queries.incident_or_404(number, person(request))
    if request.POST.get("watch"):
        watching.watch(incident, by=person(request), at=now())
        mail = "by mail" if person(request).email else "as soon as your account has a mail address"
        status_message(request, f"You watch {incident.label}: you are told of its turns {mail}.")
    else:
        watching.unwatch(incident, by=person(request))
        status_message(request, f"You do not watch {incident.label} any more.")
    return see(request, incident)


# --- the list of areas ------------------------------------------------------------------------------------------------


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def area_list(request: HttpRequest) -> HttpResponse:
    """What can be hit; posting adds one."""
    form = AreaForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            area = areas.add(form.cleaned_data["name"], by=person(request))
        except Refused as refusal:
            form.add_error("name", refusal.sentence)
        else:
            status_message(request, f"{area} can be chosen now.")
            return see(request, "incidents:areas")
    return render_page(request, AREAS, {"form": form, "areas": areas.every()}, status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_POST
def area_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer it again, or no more; the form says which."""
    area = get_object_or_404(ScopeArea, pk=pk)
    act = areas.offer if request.POST.get("offer") else areas.retire
    act(area, by=person(request))
    status_message(request, f"{area}: {'restored' if request.POST.get('offer') else 'retired'}.")
    return see(request, "incidents:areas")


def _try(
    request: HttpRequest,
    template: str,
    incident: Incident,
    form: GuardedForm,
    act: Callable[[], object],
    *,
    said: str,
    **more: object,
) -> HttpResponse:
    """Do it and go back to the room, or show the form once more with why not; after a conflict beside what is there."""
    status = 422
    if form.is_valid():
        try:
            act()
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            status = refusal.status
        else:
            status_message(request, said)
            return see(request, incident)
    return _ask(request, template, incident, form, status=status, **more)


def _ask(
    request: HttpRequest, template: str, incident: Incident, form: GuardedForm, status: int = 200, **more: object
) -> HttpResponse:
    context = {"incident": incident, "form": form, "impact": impact.of(incident), "is_conflict": status == 409, **more}
    return render_page(request, template, context, part="dialog", status=status)
