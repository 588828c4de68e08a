"""One row of the timeline: everything about it, and what can be done with it. Dialogs over the room."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.response import corrections, decisions, entries, pins, queries, redactions
from incidents.response.models import Incident, TimelineEvent
from incidents.response.row_forms import AnswerForm, CorrectForm, RemoveForm
from incidents.response.states import Kind
from opsportal.acts import do_at_once
from opsportal.errors import Conflict, Denied, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.seals.models import Seal
from opsportal.signed_in import person

ROW = "incidents/response/row.html"
CORRECT = "incidents/response/row_correct.html"
REMOVE = "incidents/response/row_remove.html"
ANSWER = "incidents/response/row_answer.html"


@require(Role.VIEWER)
@require_safe
def row(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """When it happened and was written, by which door, its seal, its words and what became of them."""
    incident, event = _found(request, number, pk)
    entry, by = entries.one(event), person(request)
    context = {
        "incident": incident,
        "entry": entry,
        "seal": Seal.objects.filter(chain="timeline", row_id=pk).first(),
        "can_act": by.has_role(Role.RESPONDER),
        "is_correctable": corrections.is_correctable(event),
        "is_removable": entry.wording.removal is None and redactions.may_redact(event, by, now()),
        "is_answerable": event.kind == Kind.DECISION and event.corrects_id is None and entry.wording.outcome is None,
    }
    return render_page(request, ROW, context, part="dialog")


@require(Role.RESPONDER)
@require_POST
def pin(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Have it stand on top for everybody."""
    incident, event = _found(request, number, pk)
    return do_at_once(request, lambda: pins.pin(event, by=person(request), at=now()), said="Pinned.", to=incident)


@require(Role.RESPONDER)
@require_POST
def unpin(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Let it stand in its place alone."""
    incident, event = _found(request, number, pk)
    return do_at_once(request, lambda: pins.unpin(event), said="Unpinned.", to=incident)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Say what should have stood there. When somebody was faster, both texts are shown and nothing is lost."""
    incident, event = _found(request, number, pk)
    if request.method != "POST":
        entry = entries.one(event)
        return _show(request, CORRECT, incident, event, CorrectForm(initial={"text": entry.wording.text}))
    form = CorrectForm(request.POST)
    if form.is_valid():
        try:
            corrections.correct(event, by=person(request), at=now(), **form.cleaned_data)
        except Conflict as conflict:
            form.is_old = True
            form.add_error(None, conflict.sentence)
            return _show(request, CORRECT, incident, event, form, status=409)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Corrected. The old words stay, struck through.")
            return see(request, incident)
    return _show(request, CORRECT, incident, event, form, status=422)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Ask, then delete the words for good."""
    incident, event = _found(request, number, pk)
    form = RemoveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            redactions.redact(event, by=person(request), at=now(), **form.cleaned_data)
        except Denied:
            raise
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "The words are removed.")
            return see(request, incident)
    return _show(request, REMOVE, incident, event, form, status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Say what came of a decision."""
    incident, event = _found(request, number, pk)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        outcome = request.POST.get("outcome", "")
        try:
            decisions.answer(event, outcome=outcome, by=person(request), at=now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Noted what came of it.")
            return see(request, incident)
    return _show(request, ANSWER, incident, event, form, status=422 if form.errors else 200)


def _found(request: HttpRequest, number: int, pk: int) -> tuple[Incident, TimelineEvent]:
    incident = queries.incident_or_404(number, person(request))
    return incident, get_object_or_404(incident.timeline.select_related("actor", "incident"), pk=pk)


def _show(
    request: HttpRequest,
    template: str,
    incident: Incident,
    event: TimelineEvent,
    form: forms.Form,
    status: int = 200,
) -> HttpResponse:
    context = {"incident": incident, "entry": entries.one(event), "form": form}
    return render_page(request, template, context, part="dialog", status=status)
