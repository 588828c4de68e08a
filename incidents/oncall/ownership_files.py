"""The whole matrix as a file: served here, since who holds a handle is known here and not below."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.oncall import handles, queries
from incidents.ownership import as_code
from incidents.ownership.as_code import Plan
from opsportal.as_code import download, import_page
from opsportal.models import User
from opsportal.roles import Role, require

AS_CODE = "incidents/oncall/ownership_file.html"


@require(Role.VIEWER)
@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    """For a spreadsheet."""
    table = as_code.table(handles.held_by(queries.desk(now())))
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ownership.csv"'
    return response


@require(Role.VIEWER)
@require_safe
def as_yaml(request: HttpRequest) -> HttpResponse:
    """To be kept beside other files, and taken in again."""
    return download(as_code.export(handles.in_words()), "ownership.yaml")


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def import_yaml(request: HttpRequest) -> HttpResponse:
    """Look at what a file would do, then take it in."""
    return import_page(request, AS_CODE, import_file=import_ownership, then="incidents:ownership")


def import_ownership(text: str, *, by: User, at: datetime) -> Plan:
    """Change what the file says, handles too, and leave the rest."""
    return as_code.import_ownership(text, by=by, at=at, hold=handles.hold_named)
