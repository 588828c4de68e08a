"""Dialogs around duties: a step that does not apply, no public impact, nothing public at all, recovery, closing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from incidents.obligations.queries import late_of
from incidents.response import checklist, closing, duties, hiding, queries
from incidents.response.forms import HideForm, NoPublicImpactForm, SkipForm, VerifyForm
from opsportal.acts import ask_first
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

SKIP = "incidents/response/skip.html"
NO_PUBLIC_IMPACT = "incidents/response/no_public_impact.html"
HIDE = "incidents/response/hide.html"
VERIFY = "incidents/response/verify.html"
CLOSE = "incidents/response/close.html"


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Say why a step of the checklist does not apply."""
    incident = queries.incident_or_404(number, person(request))
    step = get_object_or_404(incident.checklist, position=position)
    form = SkipForm(request.POST if request.method == "POST" else None)
    return ask_first(
        request,
        SKIP,
        form,
        lambda: checklist.skip(step, **form.cleaned_data, by=person(request), at=now()),
        said="The step does not apply here.",
        to=incident,
        shown={"incident": incident, "step": step},
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def no_public_impact(request: HttpRequest, number: int) -> HttpResponse:
    """Stop the clock of the first public update, because nobody outside notices."""
    incident = queries.incident_or_404(number, person(request))
    form = NoPublicImpactForm(request.POST if request.method == "POST" else None)
    return ask_first(
        request,
        NO_PUBLIC_IMPACT,
        form,
        lambda: duties.say_no_public_impact(incident, **form.cleaned_data, by=person(request), at=now()),
        said="No public update is owed.",
        to=incident,
        shown={"incident": incident},
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: HttpRequest, number: int) -> HttpResponse:
    """Make it a security incident, which viewers do not see."""
    incident = queries.incident_or_404(number, person(request))
    form = HideForm(request.POST if request.method == "POST" else None)
    return ask_first(
        request,
        HIDE,
        form,
        lambda: hiding.hide(incident, **form.cleaned_data, by=person(request), at=now()),
        said=f"{incident.label} is hidden from viewers.",
        to=incident,
        shown={"incident": incident},
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, number: int) -> HttpResponse:
    """Say that it stays well, and what was looked at."""
    incident = queries.incident_or_404(number, person(request))
    form = VerifyForm(request.POST if request.method == "POST" else None)
    return ask_first(
        request,
        VERIFY,
        form,
        lambda: duties.verify_recovery(incident, **form.cleaned_data, by=person(request), at=now()),
        said="Recovery verified.",
        to=incident,
        shown={"incident": incident},
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, number: int) -> HttpResponse:
    """What is still missing with a button for each, or the question whether to close."""
    incident = queries.incident_or_404(number, person(request))
    refused = ""
    if request.method == "POST":
        try:
            closing.close(incident, by=person(request), at=now())
        except Refused as refusal:
            refused = refusal.sentence
        else:
            status_message(request, f"{incident.label} is closed.")
            return see(request, incident)
    missing = closing.missing(incident)
    steps = [one for one in incident.checklist.order_by("position") if closing.is_in_the_way(one)]
    late, total = late_of(incident.label, now())
    context = {
        "incident": incident,
        "missing": missing,
        "steps": steps,
        "late": late,
        "total": total,
        "refused": refused,
    }
    return render_page(request, CLOSE, context, part="dialog", status=422 if refused else 200)
