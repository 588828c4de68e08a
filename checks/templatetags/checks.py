"""Marks of the checks' screens: shares, latencies, and the chart drawn from its geometry."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from checks.catalogue import words
from checks.catalogue.chart import Chart, Mark
from checks.runs.models import Flip

register = template.Library()


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


register.filter(words.goes_down)
register.filter(words.comes_back)


@register.simple_tag
def check_chart(chart: Chart, sentence: str, extra: str = "") -> SafeString:
    """The chart as SVG; the sentence is what a person who cannot see it gets, a table stands below."""
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}. Every hour is in the table below.">'
        "{}{}{}{}{}{}{}{}</svg>",
        f"chart {extra}".strip(), _n(chart.width), _n(chart.height), sentence, _levels(chart),
        _stroke("ln2", chart.p50), _stroke("ln", chart.p95), _label(chart, chart.p50_end), _label(chart, chart.p95_end),
        _hours(chart), _bars(chart), _changes(chart),
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


def _stroke(kind: str, path: str) -> SafeString:
    return format_html('<path class="{}" d="{}"/>', kind, path) if path else mark_safe("")


def _label(chart: Chart, mark: Mark | None) -> SafeString:
    if mark is None:
        return mark_safe("")
    return format_html('<text class="lbl" x="{}" y="{}">{}</text>', _n(chart.right + 5), _n(mark.at), mark.text)


def _hours(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((_n(one.at), _n(chart.hours_at), one.text) for one in chart.hours),
    )


def _bars(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1"/>',
        ((bar.fill, _n(bar.x), _n(bar.y), _n(bar.width), _n(bar.height)) for bar in chart.bars),
    )


def _changes(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<line class="ann" x1="{0}" x2="{0}" y1="4" y2="{1}"/>',
        ((_n(x), _n(chart.foot)) for x in chart.changes),
    )


def _n(number: float) -> str:
    return f"{number:.1f}"
