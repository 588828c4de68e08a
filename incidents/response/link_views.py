"""What belongs to an incident, and linking, merging and splitting it: pages of their own, dialogs over the room."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.response import linking, queries, related
from incidents.response.link_forms import LinkForm, MergeForm, SplitForm
from incidents.response.models import Incident
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

RELATED = "incidents/response/related.html"
LINK = "incidents/response/link.html"
UNLINK = "incidents/response/unlink.html"
MERGE = "incidents/response/merge.html"
SPLIT = "incidents/response/split.html"


@require(Role.VIEWER)
@require_safe
def related_panel(request: HttpRequest, number: int) -> HttpResponse:
    """Linked, merged and earlier incidents: a card of the room, and a page without JavaScript."""
    incident = queries.incident_or_404(number, person(request))
    context = {
        "incident": incident,
        "related": related.of(incident, person(request)),
        "can_act": person(request).has_role(Role.RESPONDER),
    }
    return render_page(request, RELATED, context, part="panel")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, number: int) -> HttpResponse:
    """Say that another incident has to do with this one; an address may fill in which."""
    incident = queries.incident_or_404(number, person(request))
    if request.method != "POST":
        given = {name: request.GET[name] for name in ("other", "relation") if name in request.GET}
        return _ask(request, LINK, incident, LinkForm(person(request), initial=given))
    form = LinkForm(person(request), request.POST)
    if form.is_valid():
        other, relation = form.cleaned_data["other"], form.cleaned_data["relation"]
        try:
            linking.link(incident, other, relation=relation, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{other.label} is linked.")
            return see(request, incident)
    return _ask(request, LINK, incident, form)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Ask, then take the link away."""
    incident, linked = (queries.incident_or_404(one, person(request)) for one in (number, other))
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            linking.unlink(incident, linked, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{linked.label} is not linked any more.")
            return see(request, incident)
    return _ask(request, UNLINK, incident, form, other=linked)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, number: int) -> HttpResponse:
    """Say where this incident goes on, and why; afterwards one stands in that room."""
    incident = queries.incident_or_404(number, person(request))
    if request.method != "POST":
        given = {"other": request.GET.get("other", "")}
        return _ask(request, MERGE, incident, MergeForm(person(request), initial=given))
    form = MergeForm(person(request), request.POST)
    if form.is_valid():
        into, reason = form.cleaned_data["other"], form.cleaned_data["reason"]
        try:
            linking.merge(incident, into=into, reason=reason, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{incident.label} was merged into {into.label}, which is here.")
            return see(request, into)
    return _ask(request, MERGE, incident, form)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, number: int) -> HttpResponse:
    """Undo a wrong merge, with a reason."""
    incident = queries.incident_or_404(number, person(request))
    form = SplitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            linking.split(incident, reason=form.cleaned_data["reason"], by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{incident.label} stands alone again.")
            return see(request, incident)
    return _ask(request, SPLIT, incident, form)


def _ask(request: HttpRequest, template: str, incident: Incident, form: forms.Form, **more: object) -> HttpResponse:
    known = related.known(incident, person(request)) if "other" in form.fields else []
    context = {"incident": incident, "form": form, "known": known, **more}
    return render_page(request, template, context, part="dialog", status=422 if form.errors else 200)
