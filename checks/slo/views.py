"""Objectives on screens: the list with budgets, one with its alert windows, the form, and the file."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from checks.slo import actions, importing, queries
from checks.slo.forms import ObjectiveForm, ReasonForm, shown
from checks.slo.models import Objective
from checks.slo.shown import budget_row, outage_minutes, rows_of
from opsportal.as_code import download, import_page
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "checks/slo/list.html"
ONE = "checks/slo/objective.html"
FORM = "checks/slo/form.html"
ARCHIVE = "checks/slo/archive.html"
AS_CODE = "checks/slo/as_code.html"


@require(Role.VIEWER)
@require_safe
def objective_list(request: HttpRequest) -> HttpResponse:
    """Every budget, the worst first."""
    at = now()
    context = {
        "rows": [budget_row(one) for one in queries.worst_first(at)],
        "gate": queries.gate(None, at),
        "archived": queries.archived(),
        "can_define": _may(request),
    }
    return render_page(request, LIST, context, part="budgets")


@require(Role.VIEWER)
@require_safe
def objective(request: HttpRequest, objective: str) -> HttpResponse:
    """One objective: its budget, its alert windows, its policy."""
    found, at = queries.objective_or_404(objective), now()
    standing = queries.standing(found, at)
    context = {
        "one": found,
        "row": budget_row(standing),
        "standing": standing,
        "windows": rows_of(standing),
        "gate": queries.gate(found.domain, at),
        "minutes": outage_minutes(found),
        "is_silent": standing.is_silent(at),
        "can_define": _may(request),
    }
    return render_page(request, ONE, context)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def objective_new(request: HttpRequest) -> HttpResponse:
    """Promise something."""
    if request.method != "POST":
        return _form(request, ObjectiveForm(initial={name: request.GET[name] for name in request.GET}), None)
    form = ObjectiveForm(request.POST)
    if form.is_valid():
        try:
            made = actions.promise(form.promise, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{made.name} is measured from now on.")
            return see(request, made)
    return _form(request, form, None)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def objective_edit(request: HttpRequest, objective: str) -> HttpResponse:
    """Promise otherwise."""
    found = queries.objective_or_404(objective)
    if request.method != "POST":
        return _form(request, ObjectiveForm(initial=shown(found)), found)
    form, status = ObjectiveForm(request.POST), 422
    if form.is_valid():
        try:
            actions.change(found, form.promise, seen=_seen(request), by=person(request))
        except Conflict as conflict:
            form.add_error(None, f"{conflict.sentence} Send again to replace what they wrote.")
            status = 409
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Saved.")
            return see(request, found)
    return _form(request, form, queries.objective_or_404(objective), status=status)


def _seen(request: HttpRequest) -> int:
    given = request.POST.get("seen", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _form(request: HttpRequest, form: ObjectiveForm, one: Objective | None, status: int = 422) -> HttpResponse:
    return render_page(request, FORM, {"form": form, "one": one}, status=status if form.errors else 200)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def objective_archive(request: HttpRequest, objective: str) -> HttpResponse:
    """Ask why, then promise it no longer."""
    found = queries.objective_or_404(objective)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.archive(found, reason=form.cleaned_data["reason"], by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{found.name} is retired.")
            return see(request, "checks:slo")
    context = {"one": found, "form": form}
    return render_page(request, ARCHIVE, context, part="dialog", status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_POST
def objective_restore(request: HttpRequest, objective: str) -> HttpResponse:
    """Promise again what was retired."""
    found = actions.restore(queries.objective_or_404(objective), by=person(request))
    status_message(request, f"{found.name} is restored.")
    return see(request, found)


@require(Role.ADMIN)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Every objective in one file."""
    return download(importing.export(), "objectives.yaml")


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def as_code(request: HttpRequest) -> HttpResponse:
    """Look at what a file would do, then take it in."""
    return import_page(request, AS_CODE, import_file=importing.import_objectives, then="checks:slo")


def _may(request: HttpRequest) -> bool:
    return person(request).has_role(Role.ADMIN)
