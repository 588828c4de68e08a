"""The page of one check with the stretch that the URL asks for, the same figures as CSV, and its job's new door."""

import json
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import ptag

from checks.catalogue import kinds
from checks.catalogue import queries as catalogue
from checks.catalogue.models import Check
from checks.history import chart, export, queries
from checks.history.around_change import around
from checks.history.chart import STRIP, Chart, runs_of
from checks.history.forms import SpanForm
from checks.history.queries import Page
from checks.history.span import RANGES, USUAL, Span, between, of_range, ways
from checks.jobs import actions as job_actions
from checks.jobs import queries as jobs
from checks.rollups.series import minutes_from
from incidents.changes.queries import change_or_404
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message, wants_part
from opsportal.roles import Role, require
from opsportal.signed_in import person

PAGE = "checks/history/check.html"
AROUND_CHANGE = "checks/history/around_change.html"
# A phone and a desk get a drawing each: one that is only scaled has words nobody can read.
_SIZES = (("not-phone", 680.0, 250.0), ("only-phone", 340.0, 230.0))


def _tag(request: HttpRequest, key: str) -> str:
    return catalogue.tag(now(), key=key)


@require(Role.VIEWER)
@ptag(_tag)
@require_safe
def check_detail(request: HttpRequest, key: str) -> HttpResponse:
    """One check: its state, how it went, what happened around it, what is stored of it."""
    check, at = catalogue.check_or_404(key), now()
    form = _form(request)
    context = _context(request, check, form, at)
    if not wants_part(request):
        context |= _beside(check, at)
    return render_page(request, PAGE, context, part="live", status=422 if form and form.errors else 200)


@require(Role.VIEWER)
@require_safe
def around_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Error share before and after a change: a part of its page, and a page without JavaScript."""
    change = change_or_404(pk)
    context = {"one": change, "around": around(change, at=now())}
    return render_page(request, AROUND_CHANGE, context, part="around")


@require(Role.VIEWER)
@require_safe
def check_history(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """The stretch that the page shows as a table for a spreadsheet."""
    check, at, form = catalogue.check_or_404(key), now(), _form(request)
    if form and not form.is_valid():
        raise Refused("TIME_WRONG", " ".join(str(one) for told in form.errors.values() for one in told))
    span = _span(request, check, form, at)
    rows = export.lines(queries.windows_of(check, span, at), step_seconds=int(span.step.total_seconds()))
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"{check.key}-{span.start:%Y%m%dT%H%MZ}-{span.end:%Y%m%dT%H%MZ}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require(Role.ADMIN)
@require_POST
@sensitive_variables("context")
def check_door(request: HttpRequest, key: str) -> HttpResponse:
    """Another address or key for its job; the old one ends at once. A key is shown in this answer and never again."""
    at, check = now(), catalogue.check_or_404(key)
    job = jobs.of(check.pk)
    if job is None:
        raise Http404("its job does not report")
    if check.kind == "heartbeat":
        job_actions.new_address(job, by=person(request).username)
        status_message(request, "It has a new address. The old one no longer counts.")
        return see(request, check)
    context = _context(request, check, None, at) | _beside(check, at)
    context["new_key"] = job_actions.new_key(job, by=person(request).username)
    return render_page(request, PAGE, context)


def _form(request: HttpRequest) -> SpanForm | None:
    """What somebody zoomed to, if anybody did."""
    return SpanForm(request.GET) if "since" in request.GET or "until" in request.GET else None


def _span(request: HttpRequest, check: Check, form: SpanForm | None, at: datetime) -> Span:
    """The stretch in the URL; a range that is not one of ours is the usual one, and so is a zoom that is not right."""
    if form and form.is_valid():
        since, until = form.cleaned_data["since"], form.cleaned_data["until"]
        return between(since, until, at, every=check.every, minutes_from=minutes_from(check.pk))
    name = request.GET.get("range", "")
    return of_range(name if name in RANGES else USUAL, at, every=check.every)


def _context(request: HttpRequest, check: Check, form: SpanForm | None, at: datetime) -> dict[str, object]:
    who, span = person(request), _span(request, check, form, at)
    page, kind = queries.page(check, span, at, person=who), kinds.KINDS.get(check.kind)
    return {
        "check": check,
        "page": page,
        "row": page.row,
        "silence": kind.silence if kind else "",
        "is_timed": kind is not None and kind.is_timed,
        "span": span,
        "ranges": [
            (f"{check.get_absolute_url()}{of_range(name, at, every=check.every).query}", word, name == span.name)
            for name, (word, *_) in RANGES.items()
        ],
        "ways": ways(span, at, every=check.every),
        "form": form or SpanForm(initial={"since": span.start, "until": span.end}),
        "export_url": f"{reverse('checks:history', args=[check.key])}{span.query}",
        "charts": _charts(page),
        "series": _series(page),
        "tag": catalogue.tag(at, key=check.key),
        "can_run": who.has_role(Role.RESPONDER),
        "can_define": who.has_role(Role.ADMIN),
    }


def _charts(page: Page) -> list[tuple[str, Chart]]:
    marks = page.annotations.shown
    return [
        (size, chart.build(page.row.windows, page.span, width=width, height=height, annotations=marks))
        for size, width, height in _SIZES
    ]


def _series(page: Page) -> str:
    """The chart's numbers as JSON for the script that zooms; empty without latencies, where it has nothing to draw."""
    windows = page.row.windows
    if not page.whole.hist:
        return ""
    quantiles = [(one.p50_ms, one.p95_ms, one.p99_ms) for one in windows]
    series = {
        "start": int(page.span.start.timestamp()),
        "step": int(page.span.step.total_seconds()),
        "lines": [[None if ms is None else round(ms, 2) for ms in line] for line in zip(*quantiles, strict=True)],
        "strip": "".join(STRIP[kind][0] if (kind := runs_of(one)) else " " for one in windows),
        "marks": [
            [one.letter, int(one.at.timestamp()), int((one.until or page.span.end).timestamp()) if one.is_long else 0]
            for one in page.annotations.shown
        ],
        "words": page.trend,
    }
    return json.dumps(series, separators=(",", ":"))


def _beside(check: Check, at: datetime) -> dict[str, object]:
    """What a poll does not bring back."""
    kind = kinds.KINDS.get(check.kind)
    return {
        "facts": kinds.facts(check.kind, check.spec),
        "job": jobs.of(check.pk),
        "target": kind.target(check.spec) if kind else "",
        "around": queries.around(check, at),
    }
