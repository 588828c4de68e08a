"""Charts of the figures as geometry: a range for each group, and a column for each week. Pure; templates draw it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from incidents.metrics.figures import Group, Week
from opsportal.templatetags.portal import span

_ROW, _TOP, _LEFT = 26.0, 10.0, 88.0
# Steps between which a person reads an axis of time, in seconds.
_STEPS = [1, 5, 10, 30, *(60 * one for one in (1, 2, 5, 10, 15, 30)), *(3600 * one for one in (1, 2, 6, 12, 24, 48))]


@dataclass(frozen=True)
class Mark:
    """A word on an axis and its place."""

    at: str
    text: str


@dataclass(frozen=True)
class Range:
    """One group: a dot at the median, a line to the 90th percentile, or words that say why there is none."""

    name: str
    y: str
    above: str
    below: str
    text_y: str
    median: str = ""
    p90: str = ""
    words: str = ""


@dataclass(frozen=True)
class Column:
    """One week: SEV-1 and SEV-2 below, SEV-3 on top."""

    x: str
    worse_y: str
    worse_height: str
    other_y: str
    other_height: str


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw it without arithmetic; all numbers are written out."""

    width: str
    height: str
    left: str
    right: str
    bottom: str
    levels: Sequence[Mark]
    ranges: Sequence[Range] = ()
    columns: Sequence[Column] = ()
    column_width: str = ""
    weeks: Sequence[Mark] = ()
    # One path: what was changed, under the axis.
    strokes: str = ""


def ranges(groups: Sequence[Group], measure: str, *, width: float) -> Chart:
    """One row a group, from nothing to the longest of their 90th percentiles."""
    known = [group.by_measure[measure] for group in groups]
    longest = max((one.p90 or one.median or 0.0 for one in known), default=0.0)
    top = _ceiling(longest)
    right, bottom = width - 14, _TOP + _ROW * len(groups)

    def x(seconds: float) -> str:
        return _n(_LEFT + (right - _LEFT) * seconds / top)

    rows = []
    for place, (group, one) in enumerate(zip(groups, known, strict=True)):
        y = _TOP + _ROW * (place + 0.5)
        rows.append(
            Range(
                name=group.name,
                y=_n(y),
                above=_n(y - 6),
                below=_n(y + 6),
                text_y=_n(y + 4),
                median=x(one.median) if one.median is not None else "",
                p90=x(one.p90) if one.p90 is not None else "",
                words=f"n too small ({one.n})" if one.n else "none",
            )
        )
    return Chart(
        width=_n(width), height=_n(bottom + 20), left=_n(_LEFT), right=_n(right), bottom=_n(bottom),
        levels=[Mark(x(top * part), span(top * part) if part else "0") for part in (0, 0.5, 1)] if longest else [],
        ranges=rows,
    )  # fmt: skip


def columns(weeks: Sequence[Week], *, width: float, strokes: Sequence[float] = ()) -> Chart:
    """One column a week, as high as it had incidents. `strokes` are moments in weeks since the first."""
    left, right, bottom = 30.0, width - 6, 150.0
    most = max((week.total for week in weeks), default=0)
    top = max(2, most + most % 2)
    step = (right - left) / len(weeks)

    def height(number: int) -> float:
        return (bottom - _TOP) * number / top

    drawn = [
        Column(
            x=_n(left + step * (place + 0.1)),
            worse_y=_n(bottom - height(week.worse)), worse_height=_n(height(week.worse)),
            other_y=_n(bottom - height(week.total)), other_height=_n(height(week.total - week.worse)),
        )
        for place, week in enumerate(weeks)
    ]  # fmt: skip
    every = max(1, len(weeks) // 4)
    return Chart(
        width=_n(width), height=_n(bottom + 24), left=_n(left), right=_n(right), bottom=_n(bottom),
        levels=[Mark(_n(bottom - height(number)), str(number)) for number in (0, top // 2, top)],
        columns=drawn, column_width=_n(step * 0.8),
        weeks=[
            Mark(_n(left + step * (place + 0.1)), f"{week.monday.day} {week.monday:%b}")
            for place, week in enumerate(weeks) if place % every == 0
        ],
        # Two that no eye could tell apart are one.
        strokes=" ".join(f"M{x} {_n(bottom + 1)}v6" for x in dict.fromkeys(_n(left + step * at) for at in strokes)),
    )  # fmt: skip


def _ceiling(seconds: float) -> float:
    """The next length of time that reads well and halves well.

    >>> _ceiling(100), _ceiling(3700), _ceiling(0)
    (120.0, 7200.0, 1.0)
    """
    found = next((float(step) for step in _STEPS if step >= seconds), None)
    return found or math.ceil(seconds / 172_800) * 172_800.0


def _n(number: float) -> str:
    return f"{number:.1f}"
