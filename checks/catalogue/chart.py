"""The check page's chart as geometry: p50 and p95 for each hour over a strip of states. Pure; the template draws it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from checks.catalogue import words
from checks.rollups.queries import Window

_LEFT, _RIGHT, _TOP = 44.0, 34.0, 14.0


@dataclass(frozen=True)
class Mark:
    """A label on an axis, with the place of its line."""

    at: float
    text: str


@dataclass(frozen=True)
class Bar:
    """One hour in the strip: its fill, and its height, so that it reads without colour."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw it without arithmetic."""

    width: float
    height: float
    left: float
    right: float
    p50: str
    p95: str
    p50_end: Mark | None
    p95_end: Mark | None
    levels: Sequence[Mark]
    hours: Sequence[Mark]
    hours_at: float
    bars: Sequence[Bar]
    # Upright lines: what was changed, from the top to the foot of the strip.
    changes: Sequence[float]
    foot: float


def build(
    windows: Sequence[Window],
    *,
    width: float,
    height: float,
    has_latency: bool,
    changes: Iterable[datetime] = (),
) -> Chart:
    """Lay 24 hours out in a box of this size; without latencies there is only the strip."""
    plot = height - 66 if has_latency else _TOP
    right = width - _RIGHT
    step = (right - _LEFT) / len(windows)
    centres = [_LEFT + step * (place + 0.5) for place in range(len(windows))]
    top = _ceiling(max((window.p95_ms or 0.0 for window in windows), default=0.0))

    def y(ms: float) -> float:
        return plot - (plot - _TOP) * ms / top

    p50 = [None if window.p50_ms is None else (x, y(window.p50_ms)) for x, window in zip(centres, windows, strict=True)]
    p95 = [None if window.p95_ms is None else (x, y(window.p95_ms)) for x, window in zip(centres, windows, strict=True)]
    strip = plot + 34 if has_latency else _TOP
    return Chart(
        width=width,
        height=strip + (24 if has_latency else 44),
        left=_LEFT,
        right=right,
        p50=_path(p50, step=step) if has_latency else "",
        p95=_path(p95, step=step) if has_latency else "",
        p50_end=_end(p50, "p50"),
        p95_end=_end(p95, "p95", above=True),
        levels=[Mark(y(top * part), words.duration(top * part)) for part in (0, 0.5, 1)] if has_latency else [],
        hours=[_hour(x, window) for x, window in zip(centres, windows, strict=True) if window.start.hour % 6 == 0],
        hours_at=strip - 16 if has_latency else strip + 38,
        bars=[_bar(window, x - step / 2, strip, step * 0.8) for x, window in zip(centres, windows, strict=True)],
        changes=_places(changes, windows, step),
        foot=strip + 20,
    )


def _places(moments: Iterable[datetime], windows: Sequence[Window], step: float) -> list[float]:
    """Where these moments lie; those outside the hours of the chart have no place."""
    hours = [(moment - windows[0].start) / timedelta(hours=1) for moment in moments] if windows else []
    return [_LEFT + step * one for one in hours if 0 <= one <= len(windows)]


def _hour(x: float, window: Window) -> Mark:
    return Mark(x, f"{window.start:%H:%M}")


def _ceiling(ms: float) -> float:
    """The next round number above.

    >>> _ceiling(47.0), _ceiling(0.0), _ceiling(1234.0)
    (50.0, 10.0, 2000.0)
    """
    if ms <= 0:
        return 10.0
    power = 10.0 ** math.floor(math.log10(ms))
    return next(power * part for part in (1, 2, 5, 10) if power * part >= ms)


def _path(points: Iterable[tuple[float, float] | None], *, step: float) -> str:
    """One stroke for each unbroken run; a lonely hour is a dash as wide as the hour."""
    runs = [list(run) for is_gap, run in groupby(points, key=lambda point: point is None) if not is_gap]
    return " ".join(_stroke([point for point in run if point is not None], step) for run in runs)


def _stroke(run: Sequence[tuple[float, float]], step: float) -> str:
    (x, y), *rest = run
    if not rest:
        return f"M{x - step / 2:.1f} {y:.1f} h{step:.1f}"
    return f"M{x:.1f} {y:.1f} " + " ".join(f"L{x:.1f} {y:.1f}" for x, y in rest)


def _end(points: Sequence[tuple[float, float] | None], name: str, *, above: bool = False) -> Mark | None:
    last = next((point for point in reversed(points) if point is not None), None)
    return None if last is None else Mark(last[1] + (0 if above else 8), name)


def _bar(window: Window, x: float, y: float, width: float) -> Bar:
    """Full height for an hour that ran; shorter for one of which little or nothing is known."""
    if not window.samples:
        return Bar(x, y + 14, width, 6, "fill-mute")
    share = window.err / window.samples
    fill = "fill-ok" if not window.err else "fill-warn" if share < 0.5 else "fill-fail"
    return Bar(x, y, width, 20, fill)
