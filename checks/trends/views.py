"""Trends on a screen, as CSV and as JSON; which weeks and whose stand in the address."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from checks.catalogue.models import Check
from checks.trends import export, queries, shown, stretch
from checks.trends.drawing import rows_of
from checks.trends.forms import StretchForm
from checks.trends.queries import Trends
from checks.trends.stretch import WINDOWS, Stretch
from incidents.ownership.models import Domain
from opsportal.errors import Refused
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

PAGE = "checks/trends/trends.html"


@require(Role.VIEWER)
@require_safe
def house(request: HttpRequest) -> HttpResponse:
    """The whole house, and every check in it."""
    return _page(request)


@require(Role.VIEWER)
@require_safe
def of_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """One domain and its checks."""
    return _page(request, domain=get_object_or_404(Domain, slug=slug))


@require(Role.VIEWER)
@require_safe
def of_check(request: HttpRequest, key: str) -> HttpResponse:
    """One check."""
    return _page(request, check=get_object_or_404(Check.objects.select_related("domain"), key=key, archived_at=None))


def _page(request: HttpRequest, *, check: Check | None = None, domain: Domain | None = None) -> HttpResponse:
    who, form, at = person(request), _form(request), now()
    found = queries.trends(_stretch(request, form), check=check, domain=domain, person=who)
    marks = queries.happened(found, who)
    of = f"&check={check.key}" if check else f"&domain={domain.slug}" if domain else ""
    context = {
        "found": found,
        "stretch": found.stretch,
        "newest": found.lines[-1],
        "windows": [(number, f"?weeks={number}", stretch.newest(number, at) == found.stretch) for number in WINDOWS],
        "ways": stretch.ways(found.stretch, at),
        "form": form or StretchForm(initial={"since": found.stretch.first, "until": found.stretch.last}),
        "shown": shown.figures(found, marks),
        "marks": marks,
        "rows": rows_of(found.checks, found.stretch.query) if found.check is None else "",
        "domains": Domain.objects.order_by("position", "name"),
        "of": f"{found.stretch.query}{of}",
    }
    return render_page(request, PAGE, context, status=422 if form and form.errors else 200)


@require(Role.VIEWER)
@require_safe
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same figures as a table for a spreadsheet."""
    found = _asked(request)
    response = StreamingHttpResponse(export.lines(found), content_type="text/csv; charset=utf-8")
    name = f"trends-{found.lines[0].name}-{found.lines[-1].name}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require(Role.VIEWER)
@require_safe
def as_json(request: HttpRequest) -> JsonResponse:
    """The same figures for a program."""
    return JsonResponse(export.document(_asked(request)))


def _asked(request: HttpRequest) -> Trends:
    key, slug, form = request.GET.get("check", ""), request.GET.get("domain", ""), _form(request)
    if form and not form.is_valid():
        raise Refused("WEEK_WRONG", " ".join(str(one) for told in form.errors.values() for one in told))
    check = Check.objects.in_use().select_related("domain").filter(key=key).first() if key else None
    domain = Domain.objects.filter(slug=slug).first() if slug else None
    if (key and check is None) or (slug and domain is None):
        raise Http404("no such check or domain")
    return queries.trends(_stretch(request, form), check=check, domain=domain, person=person(request))


def _form(request: HttpRequest) -> StretchForm | None:
    """The weeks that somebody zoomed to, if anybody did."""
    return StretchForm(request.GET) if "since" in request.GET or "until" in request.GET else None


def _stretch(request: HttpRequest, form: StretchForm | None) -> Stretch:
    """The weeks in the address; a number that is none of ours is the usual one, and so are weeks that are not right."""
    if form and form.is_valid():
        return stretch.between(form.cleaned_data["since"], form.cleaned_data["until"], now())
    asked = request.GET.get("weeks", "")
    return stretch.newest(next((one for one in WINDOWS if str(one) == asked), WINDOWS[0]), now())
