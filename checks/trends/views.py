"""Trends on a screen, as CSV and as JSON; the window of weeks and whose weeks they are stand in the address."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from checks.catalogue import words
from checks.catalogue.models import Check
from checks.trends import chart, export, queries
from checks.trends.chart import Chart
from checks.trends.drawing import rows_of
from checks.trends.queries import Trends
from incidents.ownership.models import Domain
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

PAGE = "checks/trends/trends.html"
# A phone and a desk get a drawing each: one that is only scaled has words nobody can read.
_SIZES = (("only-phone", 340.0), ("not-phone", 560.0))


@dataclass(frozen=True)
class Shown:
    """One figure over the weeks, with its drawings."""

    key: str
    title: str
    sentence: str
    charts: list[tuple[str, Chart]]


@require(Role.VIEWER)
@require_safe
def house(request: HttpRequest) -> HttpResponse:
    """The whole house, and every check in it."""
    return _page(request, queries.trends(_weeks(request), at=now(), person=person(request)))


@require(Role.VIEWER)
@require_safe
def of_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """One domain and its checks."""
    domain = get_object_or_404(Domain, slug=slug)
    return _page(request, queries.trends(_weeks(request), at=now(), domain=domain, person=person(request)))


@require(Role.VIEWER)
@require_safe
def of_check(request: HttpRequest, key: str) -> HttpResponse:
    """One check."""
    check = get_object_or_404(Check.objects.select_related("domain"), key=key, archived_at=None)
    return _page(request, queries.trends(_weeks(request), at=now(), check=check, person=person(request)))


def _page(request: HttpRequest, found: Trends) -> HttpResponse:
    of = f"&check={found.check.key}" if found.check else f"&domain={found.domain.slug}" if found.domain else ""
    context = {
        "found": found,
        "newest": found.lines[-1],
        "windows": [(number, f"?weeks={number}", number == found.number) for number in queries.WINDOWS],
        "shown": [one for one in _shown(found) if one.charts],
        "rows": rows_of(found.checks) if found.check is None else "",
        "domains": Domain.objects.order_by("position", "name"),
        "of": f"?weeks={found.number}{of}",
    }
    return render_page(request, PAGE, context)


@require(Role.VIEWER)
@require_safe
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same figures as a table for a spreadsheet."""
    found = _asked(request)
    response = StreamingHttpResponse(export.lines(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="trends-{found.number}-weeks.csv"'
    return response


@require(Role.VIEWER)
@require_safe
def as_json(request: HttpRequest) -> JsonResponse:
    """The same figures for a program."""
    return JsonResponse(export.document(_asked(request)))


def _asked(request: HttpRequest) -> Trends:
    key, slug = request.GET.get("check", ""), request.GET.get("domain", "")
    check = Check.objects.in_use().select_related("domain").filter(key=key).first() if key else None
    domain = Domain.objects.filter(slug=slug).first() if slug else None
    if (key and check is None) or (slug and domain is None):
        raise Http404("no such check or domain")
    return queries.trends(_weeks(request), at=now(), check=check, domain=domain, person=person(request))


def _weeks(request: HttpRequest) -> int:
    asked = request.GET.get("weeks", "")
    return next((one for one in queries.WINDOWS if str(one) == asked), queries.WINDOWS[0])


def _shown(found: Trends) -> list[Shown]:
    names = [one.name for one in found.lines]
    signs = [("D", [one.deploys for one in found.lines]), ("I", [one.incidents.total for one in found.lines])]
    many = "" if found.check else " (median of the checks)"
    figures = (
        ("availability", "Availability", [one.runs.availability for one in found.lines], words.percent, 100.0),
        ("failed", "Failed runs", [one.runs.failed for one in found.lines], words.percent, None),
        ("p95", f"p95{many}", [one.runs.p95_ms for one in found.lines], words.duration, None),
        ("p50", f"p50{many}", [one.runs.p50_ms for one in found.lines], words.duration, None),
    )
    shown = []
    for key, title, values, say, most in figures:
        if any(one is not None for one in values):
            drawn = [
                (size, chart.line(values, names, width=width, say=say, signs=signs, most=most))
                for size, width in _SIZES
            ]  # fmt: skip
            now_ = say(values[-1]) if values[-1] is not None else "not known"
            shown.append(Shown(key, title, f"{title} over {found.number} weeks, {now_} in the newest", drawn))
    return shown
