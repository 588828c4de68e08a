"""Trends as CSV and as JSON: the same figures, numbers as they are, nothing where nothing is known."""

from collections.abc import Iterator
from typing import Any

from checks.trends.evidence import Week
from checks.trends.queries import CheckTrend, Trends, WeekLine
from opsportal.spreadsheet import line

_RUNS = ("runs", "failed", "availability", "coverage", "failed_percent", "p50_ms", "p95_ms")
_PEOPLE = (
    *("sev1", "sev2", "sev3", "mtta_seconds", "mtta_n", "mttr_seconds", "mttr_n", "updates_promised", "updates_kept"),
    *("alerts", "alerts_unheard", "changes", "duties_due", "duties_late"),
)


def runs_of(week: Week) -> dict[str, Any]:
    """The figures of workers."""
    values = (week.samples, week.err, week.availability, week.coverage, week.failed, week.p50_ms, week.p95_ms)
    return {
        name: round(value, 4) if isinstance(value, float) else value for name, value in zip(_RUNS, values, strict=True)
    }


def people_of(one: WeekLine) -> dict[str, Any]:
    """The figures of people."""
    told = one.incidents
    values = (
        *told.by_severity.values(), told.mtta.median, told.mtta.n, told.mttr.median, told.mttr.n,
        told.kept.promised, told.kept.kept, one.noise.fired, one.noise.unheard, one.deploys,
        one.late.due, one.late.late,
    )  # fmt: skip
    return dict(zip(_PEOPLE, values, strict=True))


def document(found: Trends) -> dict[str, Any]:
    """All of it as one JSON document."""
    return {
        "of": found.title,
        "check": found.check.key if found.check else None,
        "domain": found.domain.slug if found.domain else None,
        "words": found.words,
        "weeks": [{"week": one.name, **runs_of(one.runs), **people_of(one)} for one in found.lines],
        "checks": [_check(one, found) for one in found.checks],
    }


def _check(one: CheckTrend, found: Trends) -> dict[str, Any]:
    names = [line.name for line in found.lines]
    return {
        "key": one.key,
        "name": one.name,
        "domain": one.domain,
        "is_worse": one.worst is not None,
        "words": one.words,
        "weeks": [{"week": name, **runs_of(week)} for name, week in zip(names, one.weeks, strict=True)],
    }


def lines(found: Trends) -> Iterator[str]:
    """One line a week and subject: the whole first, then each check."""
    yield line(("of", "week", *_RUNS, *_PEOPLE))
    for one in found.lines:
        yield line((found.title, one.name, *_cells(runs_of(one.runs)), *_cells(people_of(one))))
    for check in found.checks:
        for row, week in zip(found.lines, check.weeks, strict=True):
            yield line((check.key, row.name, *_cells(runs_of(week)), *([""] * len(_PEOPLE))))


def _cells(values: dict[str, Any]) -> list[str]:
    return ["" if one is None else str(one) for one in values.values()]
