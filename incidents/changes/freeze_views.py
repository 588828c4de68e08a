"""Freezes made and lifted by people."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from incidents.changes import freezes, queries
from incidents.changes.forms import FreezeForm, LiftForm
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.sent_once import sent_once
from opsportal.signed_in import person

NEW = "incidents/changes/freeze.html"
LIFT = "incidents/changes/lift.html"


@require(Role.PUBLISHER)
@sent_once
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Hold changes up for a time."""
    usual = {"time_zone": person(request).time_zone}
    form = FreezeForm(request.POST if request.method == "POST" else None, initial=usual)
    if request.method == "POST" and form.is_valid():
        at, given = now(), form.cleaned_data
        given["starts_at"] = given["starts_at"] or at
        try:
            made = freezes.add_window(**given, by=person(request), at=at)
        except Refused as refusal:
            form.add_error("ends_at" if refusal.code == "FREEZE_OVER" else None, refusal.sentence)
        else:
            status_message(request, f"Changes are frozen for {made.where}.")
            return see(request, "incidents:changes")
    return render_page(request, NEW, {"form": form}, part="dialog", status=422 if form.errors else 200)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Let changes through again."""
    found = queries.freeze_or_404(pk)
    form = LiftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = now()
        try:
            lifted = freezes.lift(found, reason=form.cleaned_data["reason"], by=person(request), at=at)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{freezes.ending(lifted, at=at)}.")
            return see(request, "incidents:changes")
    return render_page(request, LIFT, {"form": form, "one": found}, part="dialog", status=422 if form.errors else 200)
