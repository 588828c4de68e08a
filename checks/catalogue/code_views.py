"""Checks as code: the export, and an import that says first what it would do."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from checks.catalogue import importing
from opsportal.as_code import download, import_page
from opsportal.roles import Role, require


@require(Role.ADMIN)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Every check in one file."""
    return download(importing.export(), "checks.yaml")


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def as_code(request: HttpRequest) -> HttpResponse:
    """Look at what a file would do, then take it in."""
    return import_page(
        request, "checks/catalogue/as_code.html", import_file=importing.import_checks, then="checks:list"
    )
