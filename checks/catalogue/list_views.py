"""The list of checks and its export: the filters stand in the URL, so that a view is saved and sent as an address."""

from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from checks.catalogue import kinds, listing, table
from checks.catalogue.bulk.acts import ACTS
from checks.catalogue.filters import ARCHIVED, Filters, Key
from checks.catalogue.listing import Look
from checks.catalogue.states import WORST_FIRST, State
from incidents.ownership.queries import matrix
from opsportal.audit import actions as audit
from opsportal.htmx import render_page, wants_part
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "checks/catalogue/list.html"


@require(Role.VIEWER)
@require_safe
def check_list(request: HttpRequest) -> HttpResponse:
    """All checks, worst first, a hundred a page. As a part it answers 304 while nothing has changed."""
    who, filters = person(request), filters_of(request)
    if not who.has_role(Role.RESPONDER):  # who only looks has nothing to choose for
        filters = replace(filters, choosing="")
    seen = listing.look(filters, now())
    if request.headers.get("HX-PTag") == seen.tag:
        return HttpResponseNotModified(headers={"HX-PTag": seen.tag})
    context = {
        "seen": seen,
        "filters": filters,
        "chips": _chips(seen),
        "here": filters.address(after=str(filters.after or "")),
        "newest": filters.address() if filters.after else "",
        "next": filters.address(after=str(seen.after)) if seen.after else "",
        "choose": filters.address(choose="1", after=str(filters.after or "")),
        "choose_page": filters.address(choose="page", after=str(filters.after or "")),
        "plain": filters.address(choose="", after=str(filters.after or "")),
        "can_run": who.has_role(Role.RESPONDER),
        "can_define": who.has_role(Role.ADMIN),
    }
    if filters.choosing:
        context["acts"] = [act for act in ACTS.values() if who.has_role(act.role)]
    if not wants_part(request):  # the filters themselves stand outside of the part
        domains = matrix()
        context |= {  # values, so that the choices are drawn once for what they are
            "domains": tuple((one.slug, one.name) for one in domains),
            "kinds": tuple((one.slug, one.title) for one in kinds.KINDS.values()),
            "owners": tuple(sorted({handle for one in domains for handle in (one.primary, one.backup) if handle})),
        }
    response = render_page(request, LIST, context, part="listing")
    response.headers["HX-PTag"] = seen.tag
    return response


@require(Role.VIEWER)
@require_safe
def check_table(request: HttpRequest) -> StreamingHttpResponse:
    """The checks of the filters as CSV, streamed."""
    at, filters = now(), filters_of(request)
    audit.record("checks.export", by=request.user.get_username(), object=filters.spoken)
    rows = table.lines(listing.everything(replace(filters, after=None), at), address=request.build_absolute_uri)
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="checks-{at:%Y%m%dT%H%M%SZ}.csv"'
    return response


def filters_of(request: HttpRequest) -> Filters:
    """The filters in the URL; what is not one of ours is left out, so that an old link still shows something."""
    given = request.GET
    state, kind = given.get("state", ""), given.get("kind", "")
    return Filters(
        state=state if state in {*State, ARCHIVED} else "",
        domain=given.get("domain", "")[:40],
        kind=kind if kind in kinds.KINDS else "",
        owner=given.get("owner", "")[:64],
        words=given.get("q", "")[:80].strip(),
        choosing={"1": "1", "page": "page"}.get(given.get("choose", ""), ""),
        after=Key.of(given.get("after", "")),
    )


@dataclass(frozen=True)
class Chip:
    """One state that a click switches to."""

    url: str
    state: str
    word: str
    number: int
    is_current: bool


def _chips(seen: Look) -> list[Chip]:
    """All, then every state that occurs or is chosen."""
    filters, counts = seen.filters, seen.counts
    words = {**{state.value: state.label for state in WORST_FIRST}, ARCHIVED: "Archived"}
    return [
        Chip(filters.address(state=""), "", "All", seen.total, not filters.state),
        *(
            Chip(filters.address(state=state), state, word, counts.get(state, 0), filters.state == state)
            for state, word in words.items()
            if counts.get(state) or filters.state == state
        ),
    ]
