"""Runbooks as files: one, all of them, and back."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.runbooks import actions, bundle, queries
from incidents.runbooks.forms import FileForm
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.privacy import guard
from opsportal.roles import Role, require
from opsportal.signed_in import person

IMPORT = "incidents/runbooks/import.html"


@require(Role.VIEWER)
@require_safe
def markdown(request: HttpRequest, slug: str) -> HttpResponse:
    """One runbook as a file that the import takes."""
    document = actions.document_of(queries.runbook_or_404(slug))
    response = HttpResponse(guard.for_export(document.text), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{document.slug}.md"'
    return response


@require(Role.VIEWER)
@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All that are in use, in one zip."""
    texts = {one.slug: guard.for_export(actions.document_of(one).text) for one in queries.every_current()}
    response = HttpResponse(bundle.pack(texts), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="runbooks.zip"'
    return response


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """Import a file or a zip: all of it, or nothing and every file that is at fault."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    wrong: list[tuple[str, str]] = []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            documents = bundle.unpack(file.name, file.read())
            taken = actions.take_in(documents, by=person(request), at=now())
        except actions.ImportRefused as refusal:
            wrong = [(guard.redact(name), why) for name, why in refusal.wrong]
            form.add_error(None, refusal.sentence)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{taken.created} new, {taken.changed} changed, {taken.unchanged} as they were.")
            return see(request, "incidents:runbooks")
    return render_page(request, IMPORT, {"form": form, "wrong": wrong}, status=422 if form.errors else 200)
