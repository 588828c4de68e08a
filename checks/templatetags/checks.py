"""Marks of the checks' screens: shares, latencies, and the chart drawn from its geometry."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django import template
from django.forms import BaseForm
from django.template import Context
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from checks.catalogue import words
from checks.catalogue.listing import Row
from checks.history.chart import Chart
from checks.history.span import moment
from checks.rollups.queries import Window
from checks.runs.models import Flip
from opsportal.drawings import Drawing, PageWords, drawing
from opsportal.templatetags.portal import ago, page_now, span, sparkline

register = template.Library()


@register.filter
def labelled_errors(form: BaseForm) -> list[tuple[str, str]]:
    """(label, sentence), for a place away from the fields; what the privacy guard took out has a note of its own."""
    lines = [("", str(error)) for error in form.non_field_errors()]
    for field in form.visible_fields():
        found = form.errors.as_data().get(field.name, [])
        lines += [(str(field.label), words) for error in found if error.code != "privacy" for words in error.messages]
    return lines


@register.filter
def percent(value: float | None) -> str:
    """99.95 %, a dash when there is nothing to take a share of."""
    return words.percent(value)


@register.filter
def duration(ms: float | None) -> str:
    """212 ms, 1.93 s, a dash without any."""
    return words.duration(ms)


@register.filter
def flip_sentence(flip: Flip) -> str:
    """Why a state changed."""
    return words.flip(flip.new, flip.reason, flip.failures)


@register.filter
def lasts(seconds: float | None) -> str:
    """12 min, a dash when there is nothing to measure."""
    return "-" if seconds is None else span(seconds)


register.filter(moment)
register.filter(words.covered)
register.filter(words.goes_down)
register.filter(words.comes_back)


@register.simple_tag(takes_context=True)
def check_rows(context: Context, rows: Iterable[Row], choosing: str) -> SafeString:
    """The rows of the list, each kept as text while nothing of it has changed but how long ago it ran."""
    page, now = PageWords(context), page_now(context)
    return SafeString("".join([_row(row, choosing).on(page, now) for row in rows]))


@lru_cache(maxsize=2048)
def _row(row: Row, choosing: str) -> Drawing:
    """What stays of a row from run to run is drawn once; what its last run says stands where `page.last_result` is.

    That is written here and not drawn, since a quarter of a page's rows changes between two looks.
    """
    still = drawing("checks/catalogue/list.html#row", (("row", row.still), ("choosing", choosing)))
    cells = _result_and_day(row.result, row.bound, row.line, row.trend, row.still.state)
    return still.holding("last_result", _with_time(cells, row.last_run_at))


@lru_cache(maxsize=2048)
def _result_and_day(result: str, bound: str, line: tuple[float | None, ...], trend: str, state: str) -> str:
    """Of what fails again and again in the same way, nothing but the time of its last run changes."""
    return (
        f'<td class="res">{escape(result)}<span class="sub muted">{escape(bound)}</span></td>'
        f'<td class="sp">{sparkline(line, trend, state)}</td>'
    )


def _with_time(cells: str, ran_at: datetime | None) -> Drawing:
    cells, said = cells + '<td class="last muted nowrap t-sm">', ago(ran_at)
    return Drawing((f"{cells}{said}</td>",), ()) if isinstance(said, str) else Drawing((cells, "</td>"), (said,))


@register.simple_tag
def step_rows(steps: Iterable[Window]) -> SafeString:
    """The rows of the table behind the chart. A template took half of the page's time for a week of hours."""
    return format_html_join(
        "",
        '<tr><td class="nowrap">{}</td><td class="num">{}</td><td class="num">{}</td><td class="num">{}</td>'
        '<td class="num">{}</td><td class="num nowrap">{}</td><td class="num nowrap">{}</td>'
        '<td class="num nowrap">{}</td><td class="num nowrap">{}</td><td class="num nowrap">{}</td></tr>',
        (
            (
                moment(one.start),
                *(f"{number:,}" for number in (one.samples, one.err, one.unknown, one.maint)),
                *(words.percent(share) for share in (one.availability, one.coverage)),
                *(words.duration(ms) for ms in (one.p50_ms, one.p95_ms, one.p99_ms)),
            )
            for one in steps
        ),
    )


@register.simple_tag
def check_chart(chart: Chart, sentence: str, extra: str = "") -> SafeString:
    """The chart as SVG; the sentence is what a person who cannot see it gets, a table stands below."""
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}. Every step is in the table below.">'
        "{}{}{}{}{}</svg>",
        f"chart {extra}".strip(), _n(chart.width), _n(chart.height), sentence,
        _levels(chart), _lines(chart), _times(chart), _bars(chart), _signs(chart),
    )  # fmt: skip


def _levels(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<line class="gridline" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>'
        '<text x="{3}" y="{4}" text-anchor="end">{5}</text>',
        (
            (_n(chart.left), _n(chart.right), _n(one.at), _n(chart.left - 6), _n(one.at + 4), one.text)
            for one in chart.levels
        ),
    )


def _lines(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<path class="{}" d="{}"/><text class="lbl" x="{}" y="{}">{}</text>',
        ((one.kind, one.path, _n(chart.right + 5), _n(one.end.at), one.end.text) for one in chart.lines),
    )


def _times(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((_n(one.at), _n(chart.times_at), one.text) for one in chart.times),
    )


def _bars(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1"/>',
        ((bar.fill, _n(bar.x), _n(bar.y), _n(bar.width), _n(bar.height)) for bar in chart.bars),
    )


def _signs(chart: Chart) -> SafeString:
    """An upright line with a letter, and a beam above for what lasts."""
    beams = format_html_join(
        "",
        '<line class="ann ann--long" x1="{}" x2="{}" y1="4" y2="4"/>',
        ((_n(one.x), _n(one.until)) for one in chart.signs if one.until is not None),
    )
    return beams + format_html_join(
        "",
        '<line class="ann" x1="{0}" x2="{0}" y1="4" y2="{1}"/>'
        '<text class="lbl" x="{2}" y="{3}" text-anchor="{4}">{5}</text>',
        (
            (
                *(_n(one.x), _n(chart.foot), _n(one.letter_x), _n(one.letter_y)),
                "end" if one.is_left else "start",
                one.letter,
            )
            for one in chart.signs
        ),
    )


def _n(number: float) -> str:
    return f"{number:.1f}"
