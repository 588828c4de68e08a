"""The figures of incidents as a screen and as CSV; the window of weeks stands in the address."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from incidents.metrics import chart, figures, queries
from incidents.metrics.chart import Chart
from incidents.metrics.figures import Measure, Summary
from incidents.metrics.queries import Report
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person
from opsportal.spreadsheet import line
from opsportal.templatetags.portal import span

TEMPLATE = "incidents/metrics/metrics.html"
COLUMNS = ("weeks", "from", "kind", "group", "figure", "formula", "n", "median_seconds", "p90_seconds", "kept")
_USUAL = 12
# A phone and a desk get a drawing each: one that is only scaled has words nobody can read.
_SIZES = (("only-phone", 340.0), ("not-phone", 560.0))


@dataclass(frozen=True)
class Row:
    """A group's figures in words; they say when there are too few to tell."""

    name: str
    n: int
    median: str
    p90: str


@dataclass(frozen=True)
class Shown:
    """One measure with its rows, the first for all, and its drawings."""

    measure: Measure
    rows: list[Row]
    charts: list[tuple[str, Chart]]

    @property
    def whole(self) -> Row:
        return self.rows[0]


@require(Role.VIEWER)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Median, p90 and n of every figure, for all, each severity and each domain."""
    report = _report(request)
    context = {
        "report": report,
        "windows": [(weeks, f"?weeks={weeks}", weeks == report.weeks) for weeks in queries.WINDOWS],
        "shown": [_shown(report, measure) for measure in figures.MEASURES],
        "week_charts": [
            (size, chart.columns(report.by_week, width=width, strokes=report.strokes)) for size, width in _SIZES
        ],
        "on_time": figures.ON_TIME,
        "median_from": figures.MEDIAN_FROM,
        "p90_from": figures.P90_FROM,
        "export_url": f"{reverse('incidents:metrics_export')}?weeks={report.weeks}",
    }
    return render_page(request, TEMPLATE, context)


@require(Role.VIEWER)
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The same figures as a table for a spreadsheet."""
    report = _report(request)
    response = StreamingHttpResponse(_lines(report), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="incident-figures-{report.weeks}-weeks.csv"'
    return response


def _report(request: HttpRequest) -> Report:
    asked = request.GET.get("weeks", "")
    weeks = next((one for one in queries.WINDOWS if str(one) == asked), _USUAL)
    return queries.report(weeks, person=person(request), at=now())


def _shown(report: Report, measure: Measure) -> Shown:
    return Shown(
        measure=measure,
        rows=[_row(group.name, group.by_measure[measure.key]) for group in report.groups],
        charts=[(size, chart.ranges(report.groups, measure.key, width=width)) for size, width in _SIZES],
    )


def _row(name: str, one: Summary) -> Row:
    return Row(name, one.n, *("n too small" if value is None else span(value) for value in (one.median, one.p90)))


def _lines(report: Report) -> Iterator[str]:
    yield line(COLUMNS)
    for group in report.groups:
        head = (str(report.weeks), report.first.isoformat(), group.kind, group.name)
        for measure in figures.MEASURES:
            one = group.by_measure[measure.key]
            yield line((*head, measure.key, measure.formula, str(one.n), _number(one.median), _number(one.p90), ""))
        yield line((*head, "updates_on_time", figures.ON_TIME, str(group.kept.promised), "", "", str(group.kept.kept)))


def _number(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f}"
