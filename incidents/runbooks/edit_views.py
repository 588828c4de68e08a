"""Writing a runbook, and how its text became what it is."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.runbooks import actions, diffing, links, queries, reading
from incidents.runbooks.forms import RunbookForm
from incidents.runbooks.models import Runbook
from opsportal.errors import Conflict, Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

EDIT = "incidents/runbooks/edit.html"
HISTORY = "incidents/runbooks/history.html"
VERSION = "incidents/runbooks/version.html"
_WHERE = {"SLUG_TAKEN": "slug", "SLUG_UNKNOWN": "slug", "TOKEN_UNKNOWN": "tokens", "OWNER_UNKNOWN": "owner"}


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a new one."""
    form = RunbookForm(request.POST if request.method == "POST" else None, is_new=True)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(form.cleaned_data["slug"], form.draft, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code), refusal.sentence)
        else:
            return _done(request, made, "It is written.")
    return _form(request, form, status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a new version; when somebody else saved meanwhile, both texts come back with 409."""
    found = queries.runbook_or_404(slug)
    if request.method != "POST":
        return _form(request, RunbookForm.of(found), runbook=found)
    form, status = RunbookForm(request.POST), 422
    if form.is_valid():
        seen, note = form.cleaned_data["version"] or 0, form.cleaned_data["note"]
        try:
            saved = actions.change(found, form.draft, seen=seen, note=note, by=person(request), at=now())
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code), refusal.sentence)
        else:
            return _done(request, saved, f"Version {saved.version} is saved.")
    return _form(request, form, runbook=queries.runbook_or_404(slug), status=status)


def _done(request: HttpRequest, runbook: Runbook, said: str) -> HttpResponse:
    status_message(request, said)
    dead = links.look(reading.read(runbook.body).links).dead
    if dead:
        alert_message(request, links.sentence(dead))
    return see(request, runbook)


def _form(
    request: HttpRequest, form: RunbookForm, *, runbook: Runbook | None = None, status: int = 200
) -> HttpResponse:
    """The form; after a conflict it carries the version that it now replaces knowingly, and both texts stand here."""
    context: dict[str, Any] = {"form": form, "runbook": runbook, "act": request.path, "is_conflict": status == 409}
    if runbook is not None and status == 409:
        stored = runbook.versions.select_related("by").get(number=runbook.version)
        mine = actions.file_of(runbook.slug, form.draft).text
        context |= {"stored": stored, "lines": diffing.lines(stored.document, mine)}
    return render_page(request, EDIT, context, status=status)


@require(Role.VIEWER)
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Every version with who wrote it, when and why."""
    found = queries.runbook_or_404(slug)
    return render_page(request, HISTORY, {"runbook": found, "versions": queries.versions_of(found)})


@require(Role.VIEWER)
@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version: what it changed of the one before, and its whole text."""
    found = queries.runbook_or_404(slug)
    one = queries.version_or_404(found, number)
    before = queries.version_or_404(found, number - 1) if number > 1 else None
    context = {
        "runbook": found,
        "one": one,
        "before": before,
        "lines": diffing.lines(before.document, one.document) if before else [],
    }
    return render_page(request, VERSION, context)
