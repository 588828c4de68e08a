"""The timeline as a file, and whether it is sealed."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from incidents.response import chain, queries, record
from opsportal.audit import actions as audit
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

SEAL = "incidents/response/seal.html"
_FORMS: dict[str, tuple[str, Callable[[record.Record], str | Iterable[str]]]] = {
    "md": ("text/markdown", record.markdown),
    "jsonl": ("application/jsonl", record.json_lines),
    "csv": ("text/csv", record.csv_lines),
}


@require(Role.VIEWER)
@require_safe
def timeline_file(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """The whole timeline as a file. Whoever takes it away stands in the audit log."""
    if form not in _FORMS:
        raise Http404(form)
    incident = queries.incident_or_404(number, person(request))
    audit.record("incident.export", by=request.user.get_username(), object=f"{incident.label} {form}")
    content_type, write = _FORMS[form]
    written = write(record.read(incident, at=now(), base=settings.BASE_URL))
    response = HttpResponse("".join(written), content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{incident.label}-timeline.{form}"'
    return response


@require(Role.VIEWER)
@require_safe
def seal(request: HttpRequest, number: int) -> HttpResponse:
    """Whether its rows are sealed and when the chain was verified; asked for beside the room, never by its poll."""
    incident = queries.incident_or_404(number, person(request))
    return render_page(request, SEAL, {"incident": incident, "seal": chain.standing(incident)}, part="badge")
