"""Defining duties, for admins."""

from collections.abc import Callable
from datetime import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from incidents.duties import actions, queries
from incidents.duties.forms import DutyForm
from incidents.duties.models import Duty
from opsportal.acts import do_at_once
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

EDIT = "incidents/duties/edit.html"
_WHERE = {
    "SLUG_TAKEN": "slug",
    "SLUG_UNKNOWN": "slug",
    "OWNER_UNKNOWN": "owner",
    "ZONE_UNKNOWN": "time_zone",
    "RULE_UNKNOWN": "rule",
    "PROOF_WRONG": "proof",
}


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Owe something more."""
    begin = {"time_zone": "UTC", "clock": time(10), "remind_hours": 24, "first_on": now().date()}
    form = DutyForm(request.POST, is_new=True) if request.method == "POST" else DutyForm(is_new=True, initial=begin)
    if form.is_bound and form.is_valid():
        try:
            made = actions.define(form.cleaned_data["slug"], form.terms, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code), refusal.sentence)
        else:
            status_message(request, "It is owed from now on.")
            return see(request, made)
    return _form(request, form, status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Owe it otherwise; when somebody else saved meanwhile, both come back with 409."""
    found = queries.duty_or_404(slug)
    if request.method != "POST":
        return _form(request, DutyForm.of(found), found)
    form, status = DutyForm(request.POST), 422
    if form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            saved = actions.change(found, form.terms, seen=seen, by=person(request), at=now())
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code), refusal.sentence)
        else:
            status_message(request, "It is saved.")
            return see(request, saved)
    return _form(request, form, queries.duty_or_404(slug), status=status)


def _form(request: HttpRequest, form: DutyForm, found: Duty | None = None, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "duty": found, "act": request.path, "is_conflict": status == 409}
    return render_page(request, EDIT, context, status=status)


@require(Role.ADMIN)
@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Owe it no more."""
    return _act(request, slug, actions.retire, "It is retired. What was done and missed stays.")


@require(Role.ADMIN)
@require_POST
def bring_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Owe it again."""
    return _act(request, slug, actions.bring_back, "It is owed again from now on.")


def _act(request: HttpRequest, slug: str, act: Callable[..., object], said: str) -> HttpResponse:
    found = queries.duty_or_404(slug)
    return do_at_once(request, lambda: act(found, by=person(request), at=now()), said=said, to=found)
