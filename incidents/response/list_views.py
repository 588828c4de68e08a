"""The list and its export: the filters stand in the URL, so that a view is saved and sent as an address."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from incidents.response import export, queries
from incidents.response.forms import FilterForm
from incidents.response.listing import TO_CLOSE, Filters, Key, Listing, everything, listing
from incidents.response.models import Incident
from incidents.response.states import Severity
from opsportal.audit import actions as audit
from opsportal.chips import Chip
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

_SOURCES, _MODES = tuple(Incident.Source.choices), tuple(Incident.Mode.choices)
LIST = "incidents/response/list.html"


@require(Role.VIEWER)
@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """Open incidents first, then the past."""
    filters = filters_of(request)
    shown = listing(filters, person(request))
    context = {
        "filters": filters,
        "listing": shown,
        "domains": tuple((one.slug, one.name) for one in queries.domains()),
        "sources": _SOURCES,
        "modes": _MODES,
        "chips": _chips(filters, shown),
        "older": filters.address(after=str(shown.after)) if shown.after else "",
        "newest": filters.address() if filters.after else "",
    }
    return render_page(request, LIST, context, part="listing")


@require(Role.VIEWER)
@require_safe
def incident_export(request: HttpRequest) -> StreamingHttpResponse:
    """The incidents of the filters as CSV, up to a bound, streamed."""
    filters = filters_of(request)
    audit.record("incidents.export", by=request.user.get_username(), object=filters.spoken)
    rows = export.lines(everything(filters, person(request)), address=request.build_absolute_uri)
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="incidents-{now():%Y%m%dT%H%M%SZ}.csv"'
    return response


def filters_of(request: HttpRequest) -> Filters:
    """The filters in the URL; what is not one of ours is left out, so that an old link still shows something."""
    if not request.GET:
        return Filters()
    form = FilterForm(request.GET)
    form.is_valid()
    given = form.cleaned_data
    return Filters(
        status=given.get("status", ""),
        severity=given.get("severity", ""),
        domain=given.get("domain", ""),
        source=given.get("source", ""),
        mode=given.get("mode", ""),
        since=given.get("since"),
        until=given.get("until"),
        words=given.get("q", "")[:200],
        after=Key.of(given.get("after", "")),
    )


def _chips(filters: Filters, shown: Listing) -> list[Chip]:
    """Open, to close or all, and the three severities; a chosen severity is taken away by the same click."""
    chosen = filters.severity
    return [
        Chip(f"Open {shown.open_count}", filters.address(status="open"), filters.status == "open"),
        Chip(f"To close {shown.to_close}", filters.address(status=TO_CLOSE), filters.status == TO_CLOSE),
        Chip(f"All {shown.total}", filters.address(status=""), not filters.status),
        *(
            Chip(one.value, filters.address(severity="" if one == chosen else one.value), one == chosen)
            for one in Severity
        ),
    ]
