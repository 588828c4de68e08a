"""A release on screens: ticks, the signature, the announcement, and a verification that need not be made."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from incidents.changes import notices, preflight, queries, verification
from incidents.changes.forms import NoticeForm, ReasonForm, SignOffForm
from opsportal.acts import ask_first
from opsportal.errors import Refused
from opsportal.htmx import alert_message, see
from opsportal.roles import Role, require
from opsportal.sent_once import sent_once
from opsportal.signed_in import person

SIGN = "incidents/changes/sign.html"
ANNOUNCE = "incidents/changes/announce.html"
WAIVE = "incidents/changes/waive.html"


@require(Role.RESPONDER)
@require_POST
def tick(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """Tick a step, or take the tick back; the form says which."""
    step = get_object_or_404(queries.change_or_404(pk).checklist.select_related("change"), position=position)
    act = preflight.tick if request.POST.get("ticked") else preflight.untick
    try:
        act(step, by=person(request), at=now())
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    return see(request, step.change)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the release off, with the facts as they stand."""
    found = queries.change_or_404(pk)
    form = SignOffForm(request.POST if request.method == "POST" else None)
    shown = preflight.of(found, at=now())
    return ask_first(
        request,
        SIGN,
        form,
        lambda: preflight.sign(found, **form.cleaned_data, by=person(request), at=now()),
        said=f"{found.label} is signed off.",
        to=found,
        shown={"one": found, "preflight": shown},
    )


@require(Role.RESPONDER)
@sent_once
@require_http_methods(["GET", "HEAD", "POST"])
def announce(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the ops channel where it stands, with ticket links."""
    found = queries.change_or_404(pk)
    form = NoticeForm(request.POST) if request.method == "POST" else NoticeForm(initial={"tickets": found.ticket})
    return ask_first(
        request,
        ANNOUNCE,
        form,
        lambda: notices.announce(found, **form.cleaned_data, by=person(request), at=now()),
        said=f"{found.label} is announced.",
        to=found,
        shown={"one": found},
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why production need not be verified by a run after it."""
    found = queries.change_or_404(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return ask_first(
        request,
        WAIVE,
        form,
        lambda: verification.waive(found, reason=form.cleaned_data["note"], by=person(request), at=now()),
        said=f"{found.label} needs no verification.",
        to=found,
        shown={"one": found},
    )
