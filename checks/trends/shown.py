"""The charts of a trends page: each figure over the weeks with its sentence, drawn for a phone and for a desk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from checks.catalogue import words
from checks.trends import chart, isoweek
from checks.trends.annotations import Annotations
from checks.trends.chart import Chart, Happened
from checks.trends.queries import Trends, WeekLine
from checks.trends.stretch import Stretch
from incidents.metrics.figures import SEVERITIES
from opsportal.templatetags.portal import span

# A phone and a desk get a drawing each: one that is only scaled has words nobody can read.
SIZES = (("only-phone", 340.0), ("not-phone", 560.0))
_FILLS = ("fill-fail", "fill-warn", "fill-mute")
_HUNDRED = 100.0


@dataclass(frozen=True)
class Shown:
    """One figure over the weeks: its sentence for who does not see it, its drawings, what its fills mean."""

    key: str
    title: str
    sentence: str
    charts: Sequence[tuple[str, Chart]]
    fills: Sequence[tuple[str, str]] = ()
    note: str = ""


def figures(found: Trends, marks: Annotations) -> list[Shown]:
    """Those of which anything is known, workers' first."""
    happened = happened_in(found.stretch, marks)
    return [*_of_workers(found, happened), *_of_people(found, happened)]


def happened_in(stretch: Stretch, marks: Annotations) -> Happened:
    """Moments as weeks since the first one."""

    def place(at: object) -> float:
        return (at - stretch.first) / isoweek.WEEK  # type: ignore[operator,no-any-return]

    return Happened([(place(one.at), one.letter) for one in marks.incidents], [place(one) for one in marks.strokes])


def _of_workers(found: Trends, happened: Happened) -> list[Shown]:
    many = "" if found.check else " (median of the checks)"
    weeks = [one.runs for one in found.lines]
    asked: tuple[tuple[str, str, list[float | None], Callable[[float], str], float | None], ...] = (
        ("availability", "Availability", [one.availability for one in weeks], words.percent, _HUNDRED),
        ("failed", "Failed runs", [one.failed for one in weeks], words.percent, None),
        ("p95", f"p95{many}", [one.p95_ms for one in weeks], words.duration, None),
        ("p50", f"p50{many}", [one.p50_ms for one in weeks], words.duration, None),
    )
    return [
        _line(found, happened, key, title, values, say=say, most=most)
        for key, title, values, say, most in asked
        if any(one is not None for one in values)
    ]


def _of_people(found: Trends, happened: Happened) -> list[Shown]:
    lines = found.lines
    of_domain = " of its domain" if found.check else ""
    severities = [[one.incidents.by_severity[name] for one in lines] for name in SEVERITIES]
    alerts = [[one.noise.unheard for one in lines], [one.noise.fired - one.noise.unheard for one in lines]]
    heard, kept = ("Ended unheard", "Heard"), ("Late", "On time")
    fills = ("fill-warn", "fill-mute")
    duties = [[one.late.late for one in lines], [one.late.due - one.late.late for one in lines]]
    drawn = [
        _piles(found, happened, "incidents", f"Incidents{of_domain}", SEVERITIES, _FILLS, severities),
        _times(found, happened, "mtta", "MTTA", [one.incidents.mtta.median for one in lines]),
        _times(found, happened, "mttr", "MTTR", [one.incidents.mttr.median for one in lines]),
        _kept(found, happened),
        _piles(found, happened, "alerts", f"Alerts{of_domain}", heard, fills, alerts),
        _piles(found, happened, "duties", f"Duties{of_domain}", kept, fills, duties),
    ]  # fmt: skip
    return [one for one in drawn if one is not None]


def _line(
    found: Trends,
    happened: Happened,
    key: str,
    title: str,
    values: Sequence[float | None],
    *,
    say: Callable[[float], str],
    most: float | None = None,
    note: str = "",
) -> Shown:
    draw = partial(chart.line, values, names=_names(found.lines), say=say, happened=happened, most=most)
    now = values[-1]
    newest = say(now) if now is not None else "not known"
    sentence = f"{title} over {found.stretch.number} weeks, {newest} in the newest"
    return Shown(key, title, sentence, [(size, draw(width=width)) for size, width in SIZES], note=note)


def _times(found: Trends, happened: Happened, key: str, title: str, seconds: Sequence[float | None]) -> Shown | None:
    if all(one is None for one in seconds):
        return None
    return _line(
        found, happened, key, title, seconds, say=lambda one: span(one), note="Median of the week's incidents."
    )


def _kept(found: Trends, happened: Happened) -> Shown | None:
    """Also of few promises: the number stands in the table."""
    told = [one.incidents.kept for one in found.lines]
    shares = [_HUNDRED * one.kept / one.promised if one.promised else None for one in told]
    if all(one is None for one in shares):
        return None
    return _line(found, happened, "updates", "Public updates on time", shares, say=words.percent, most=_HUNDRED)


def _piles(
    found: Trends, happened: Happened, key: str, title: str, names: Sequence[str], fills: Sequence[str],
    numbers: Sequence[Sequence[int]],
) -> Shown | None:  # fmt: skip
    if not any(map(any, numbers)):
        return None
    draw = partial(chart.piles, list(zip(fills, numbers, strict=True)), names=_names(found.lines), happened=happened)
    newest = ", ".join(f"{name} {of[-1]}" for name, of in zip(names, numbers, strict=True))
    sentence = f"{title} over {found.stretch.number} weeks; in the newest {newest}"
    drawn = [(size, draw(width=width)) for size, width in SIZES]
    return Shown(key, title, sentence, drawn, fills=list(zip(fills, names, strict=True)))


def _names(lines: Sequence[WeekLine]) -> list[str]:
    return [one.name for one in lines]
