"""Acts that ask first: each is a page of its own, and a dialog over the room when htmx fetches it."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.obligations import queries as obligations
from incidents.obligations.models import Obligation
from incidents.response import actions, heading, policy, queries, roles, states
from incidents.response.forms import HeadingForm, OfferForm, ResolveForm, SeverityForm, TakeOverForm, WaiveForm
from incidents.response.models import Incident
from incidents.response.states import IncidentRole, Kind, Severity, Status
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

ACTIONS = "incidents/response/actions.html"
HEADING = "incidents/response/heading.html"
SEVERITY = "incidents/response/severity.html"
LOWER = "incidents/response/lower.html"
RESOLVE = "incidents/response/resolve.html"
WAIVE = "incidents/response/waive.html"
ROLE = "incidents/response/role.html"


@require(Role.RESPONDER)
@require_safe
def choose(request: HttpRequest, number: int) -> HttpResponse:
    """Everything that can be done with the incident, in one list: all of it on a phone, the rarer things on a desk."""
    incident = queries.incident_or_404(number, person(request))
    context = {"incident": incident, "clocks": obligations.open_for(incident.label)}
    return render_page(request, ACTIONS, context, part="dialog")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def severity(request: HttpRequest, number: int) -> HttpResponse:
    """Change the severity with a reason; lowering it asks once more."""
    incident = queries.incident_or_404(number, person(request))
    if request.method != "POST":
        form = SeverityForm(initial={"severity": incident.severity, "seen": incident.severity})
        return _show(request, SEVERITY, incident, form)
    form = SeverityForm(request.POST)
    if not form.is_valid():
        return _show(request, SEVERITY, incident, form, status=422)
    chosen, seen = Severity(form.cleaned_data["severity"]), form.cleaned_data["seen"]
    reason = form.cleaned_data["reason"]
    try:
        actions.require_seen(incident, seen)
        if states.is_lower(chosen, than=incident.severity) and not request.POST.get("sure"):
            return _ask_lower(request, incident, form, chosen)
        actions.change_severity(incident, to=chosen, reason=reason, by=person(request), at=now(), seen=seen)
    except Conflict as conflict:
        return _severity_conflict(request, number, reason, chosen, conflict.sentence)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _show(request, SEVERITY, incident, form, status=422)
    status_message(request, f"{incident.label} is {chosen} now.")
    return see(request, incident)


def _severity_conflict(request: HttpRequest, number: int, reason: str, chosen: Severity, sentence: str) -> HttpResponse:
    """What is stored, and below it what this person chose and wrote; sent again, it replaces the other knowingly."""
    incident = queries.incident_or_404(number, person(request))
    form = SeverityForm(initial={"severity": chosen, "reason": reason, "seen": incident.severity})
    more = {"conflict": sentence, "is_conflict": True, "stored": queries.latest(incident, Kind.SEVERITY)}
    return _show(request, SEVERITY, incident, form, status=409, **more)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def rewrite(request: HttpRequest, number: int) -> HttpResponse:
    """Say better what it is called and what is seen. When somebody was faster, both texts are shown."""
    incident = queries.incident_or_404(number, person(request))
    if request.method != "POST":
        return _show(request, HEADING, incident, _heading_form(incident))
    form = HeadingForm(request.POST)
    if form.is_valid():
        try:
            heading.rewrite(incident, **form.cleaned_data, by=person(request), at=now())
        except Conflict as conflict:
            return _heading_conflict(request, number, form, conflict.sentence)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{incident.label} is rewritten.")
            return see(request, incident)
    return _show(request, HEADING, incident, form, status=422)


def _heading_form(incident: Incident, **mine: str) -> HeadingForm:
    stored = {"title": incident.title, "summary": incident.summary, "seen": heading.mark(incident)}
    return HeadingForm(initial=stored | mine)


def _heading_conflict(request: HttpRequest, number: int, form: HeadingForm, sentence: str) -> HttpResponse:
    """What stands there now, and below it this person's words; sent again, they replace the others knowingly."""
    incident = queries.incident_or_404(number, person(request))
    mine = {fact: form.cleaned_data[fact] for fact in heading.FACTS}
    more = {"conflict": sentence, "is_conflict": True, "stored": queries.latest(incident, Kind.HEADING)}
    return _show(request, HEADING, incident, _heading_form(incident, **mine), status=409, **more)


def _ask_lower(request: HttpRequest, incident: Incident, form: SeverityForm, chosen: Severity) -> HttpResponse:
    context = {"incident": incident, "form": form, "chosen": chosen, "rules": policy.of(chosen)}
    return render_page(request, LOWER, context, part="dialog")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def resolve(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, then end the incident; what is still open is named before."""
    incident = queries.incident_or_404(number, person(request))
    form = ResolveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_status(
                incident, to=Status.RESOLVED, by=person(request), at=now(), note=form.cleaned_data["note"]
            )
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{incident.label} is resolved.")
            return see(request, incident)
    more = {"room": queries.room(incident), "rules": policy.of(incident.severity_peak)}
    return _show(request, RESOLVE, incident, form, status=422 if form.errors else 200, **more)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """Stop one of the incident's clocks, with a reason that stands on the timeline."""
    incident = queries.incident_or_404(number, person(request))
    if kind not in set(Obligation.Kind):
        raise Http404(kind)
    form = WaiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.waive(incident, kind=kind, reason=form.cleaned_data["reason"], by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Waived.")
            return see(request, incident)
    more = {"kind": Obligation.Kind(kind)}
    return _show(request, WAIVE, incident, form, status=422 if form.errors else 200, **more)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, number: int, role: str) -> HttpResponse:
    """One role of the incident: ask somebody to have it, or lay it down."""
    incident = queries.incident_or_404(number, person(request))
    form = OfferForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        try:
            roles.offer(incident, role, to=to, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"Offered to {to}. It stays as it is until they accept.")
            return see(request, incident)
    return _show_role(request, incident, role, form, offer=form)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def take_over(request: HttpRequest, number: int, role: str) -> HttpResponse:
    """Take a role from somebody who does not answer, with a reason that stands on the timeline."""
    incident = queries.incident_or_404(number, person(request))
    form = TakeOverForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            roles.take_over(incident, role, reason=form.cleaned_data["reason"], by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"You have {IncidentRole(role).label.lower()} now.")
            return see(request, incident)
    return _show_role(request, incident, role, form, take_over=form)


def _show_role(
    request: HttpRequest, incident: Incident, role: str, form: forms.Form, **given: forms.Form
) -> HttpResponse:
    """Both ways a role may go stand on one page; `given` is the form that was sent."""
    row = queries.role_or_404(incident, role, person(request))
    both: dict[str, object] = {"offer": OfferForm(), "take_over": TakeOverForm(), **given}
    return _show(request, ROLE, incident, form, status=422 if form.errors else 200, row=row, **both)


def _show(
    request: HttpRequest, template: str, incident: Incident, form: forms.Form, status: int = 200, **more: object
) -> HttpResponse:
    return render_page(request, template, {"incident": incident, "form": form, **more}, part="dialog", status=status)
