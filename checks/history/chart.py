"""The check page's chart as geometry: p50, p95 and p99 of each step over a strip of runs. Pure; a tag draws it."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from checks.catalogue import words
from checks.history.annotations import Annotation
from checks.history.span import ORIGIN, Span, moment
from checks.rollups.queries import Window

_LEFT, _RIGHT, _TOP = 52.0, 34.0, 26.0
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
# How far labels of the time axis may lie apart.
_APART = (
    *(number * _MINUTE for number in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)),
    *(number * _DAY for number in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_LABEL_WIDTH, _LINE, _ROWS = 63.0, 12.0, 4

Point = tuple[float, float] | None


@dataclass(frozen=True)
class Label:
    """A word on an axis or behind a line, with its place."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """One quantile: the class of its stroke, its path, and the word behind its end."""

    kind: str
    path: str
    end: Label


@dataclass(frozen=True)
class Bar:
    """One step in the strip: its fill, and its height, so that it reads without colour."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class Sign:
    """An annotation: an upright line with its letter, and for what lasts a beam to its end."""

    letter: str
    x: float
    until: float | None
    letter_x: float
    letter_y: float
    is_left: bool


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw it without arithmetic."""

    width: float
    height: float
    left: float
    right: float
    lines: Sequence[Line]
    levels: Sequence[Label]
    times: Sequence[Label]
    times_at: float
    bars: Sequence[Bar]
    signs: Sequence[Sign]
    # Where the upright lines end.
    foot: float


def build(
    windows: Sequence[Window],
    span: Span,
    *,
    width: float,
    height: float,
    annotations: Sequence[Annotation] = (),
) -> Chart:
    """Lay a stretch out in a box of this size; without latencies there is only the strip."""
    has_latency = any(window.hist for window in windows)
    plot = height - 66 if has_latency else _TOP
    right = width - _RIGHT
    step = (right - _LEFT) / max(len(windows), 1)
    strip = plot + 34 if has_latency else _TOP + _LINE * (_ROWS - 1) if annotations else _TOP / 2

    def x(at: datetime) -> float:
        share = (at - span.start) / span.length
        return _LEFT + (right - _LEFT) * min(max(share, 0.0), 1.0)

    top = _ceiling(max((window.p99_ms or 0.0 for window in windows), default=0.0))
    levels = [Label(plot - (plot - _TOP) * part, words.duration(top * part)) for part in (0, 0.5, 1)]
    return Chart(
        width=width,
        height=strip + (24 if has_latency else 44),
        left=_LEFT,
        right=right,
        lines=_lines(windows, step, plot=plot, top=top) if has_latency else [],
        levels=levels if has_latency else [],
        times=[Label(x(at), moment(at) if at.hour == at.minute == 0 else f"{at:%H:%M}") for at in _times(span, right)],
        times_at=strip - 16 if has_latency else strip + 38,
        bars=[bar for place, one in enumerate(windows) if (bar := _bar(one, _LEFT + step * place, strip, step))],
        signs=list(_signs([one for one in annotations if one.at < span.end], x, right)),
        foot=strip + 20,
    )


def _lines(windows: Sequence[Window], step: float, *, plot: float, top: float) -> list[Line]:
    def points(values: Iterable[float | None]) -> list[Point]:
        return [
            None if ms is None else (_LEFT + step * (place + 0.5), plot - (plot - _TOP) * ms / top)
            for place, ms in enumerate(values)
        ]

    drawn = {
        "p99": ("ln3", points(window.p99_ms for window in windows)),
        "p95": ("ln", points(window.p95_ms for window in windows)),
        "p50": ("ln2", points(window.p50_ms for window in windows)),
    }
    ends = _spread([next((one[1] for one in reversed(line) if one), plot) + 4 for _, line in drawn.values()], plot + 4)
    return [
        Line(kind, _path(line, step=step), Label(end, name))
        for (name, (kind, line)), end in zip(drawn.items(), ends, strict=True)
    ]


def _spread(wanted: Sequence[float], lowest: float) -> list[float]:
    """Places for words that would lie on each other, from the top down: each a line below the one before.

    >>> _spread([100.0, 101.0, 102.0], 110.0)
    [86.0, 98.0, 110.0]
    """
    placed: list[float] = []
    for place, one in enumerate(wanted):
        above = placed[-1] + _LINE if placed else one
        placed.append(min(max(one, above), lowest - _LINE * (len(wanted) - 1 - place)))
    return placed


def _times(span: Span, right: float) -> list[datetime]:
    """Round moments for the time axis, as many as have room."""
    most = max(int((right - _LEFT) / _LABEL_WIDTH), 2)
    apart = next((one for one in _APART if span.length / one <= most), _APART[-1])
    first = span.start + (ORIGIN - span.start) % apart
    return [first + number * apart for number in range(int((span.end - first) / apart) + 1) if first <= span.end]


def _signs(annotations: Sequence[Annotation], x: Callable[[datetime], float], right: float) -> Iterator[Sign]:
    """Letters that would lie on each other stand one below the other; one that has no room is left to the list."""
    taken = [-math.inf] * _ROWS
    for one in annotations:
        at = x(one.at)
        is_left = at > right - _LINE
        place = at - 4 if is_left else at + 4
        row = next((row for row, end in enumerate(taken) if place - end >= _LINE), None)
        if row is not None:
            taken[row] = place
        until = x(one.until) if one.until else right
        yield Sign(
            *("" if row is None else one.letter, at, until if one.is_long else None),
            *(place, 14 + (row or 0) * _LINE, is_left),
        )


def _ceiling(ms: float) -> float:
    """The next round number above.

    >>> _ceiling(47.0), _ceiling(0.0), _ceiling(1234.0)
    (50.0, 10.0, 2000.0)
    """
    if ms <= 0:
        return 10.0
    power = 10.0 ** math.floor(math.log10(ms))
    return next(power * part for part in (1, 2, 5, 10) if power * part >= ms)


def _path(points: Iterable[Point], *, step: float) -> str:
    """One stroke for each unbroken run; a lonely step is a dash as wide as the step."""
    runs = [list(run) for is_gap, run in groupby(points, key=lambda point: point is None) if not is_gap]
    return " ".join(_stroke([point for point in run if point is not None], step) for run in runs)


def _stroke(run: Sequence[tuple[float, float]], step: float) -> str:
    (x, y), *rest = run
    if not rest:
        return f"M{x - step / 2:.1f} {y:.1f} h{step:.1f}"
    return f"M{x:.1f} {y:.1f} " + " ".join(f"L{x:.1f} {y:.1f}" for x, y in rest)


# What a step of the strip may be: its letter for the script that zooms, its fill, how far down it begins, its height.
# Failures stand out above the rest, so that they are seen without colour too.
STRIP = {
    "good": ("g", "fill-ok", 0, 20),
    "some": ("s", "fill-warn", -4, 24),
    "bad": ("b", "fill-fail", -8, 28),
    "planned": ("p", "fill-maint", 7, 13),
    "unknown": ("u", "fill-mute", 14, 6),
}


def runs_of(window: Window) -> str:
    """One word of STRIP for how a step went; empty when nothing was due in it."""
    if window.samples:
        return "good" if not window.err else "some" if 2 * window.err < window.samples else "bad"
    if window.maint:
        return "planned"
    return "unknown" if window.expected else ""


def _bar(window: Window, x: float, y: float, step: float) -> Bar | None:
    kind = runs_of(window)
    if not kind:
        return None
    _, fill, down, height = STRIP[kind]
    return Bar(x, y + down, max(step * 0.8, 1.0), height, fill)
