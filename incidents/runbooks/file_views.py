"""Runbooks as files: one, all of them, and back."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from incidents.runbooks import actions, bundle, queries
from incidents.runbooks.forms import BundleForm
from opsportal.as_code import import_page
from opsportal.privacy import guard
from opsportal.roles import Role, require

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
def import_runbooks(request: HttpRequest) -> HttpResponse:
    """Look at what a file or a zip would do, then take it in: all of it, or nothing and every file at fault."""
    return import_page(request, IMPORT, import_file=bundle.import_bundle, then="incidents:runbooks", kind=BundleForm)
