"""Second touch, hold and suppression: which checks watch such a number, and how the week was for it.

The operating documents read these summaries each week. A number is found by its name: in the rules of *JSON numbers*,
in what a job reports, or in the key of any check that measures one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.catalogue.models import Check
from checks.jobs.models import Job
from checks.probes import json_metrics
from checks.trends import isoweek, queries
from checks.trends.evidence import Week

WATCHED = {
    "second_touch": re.compile(r"second_?touch"),
    "hold": re.compile(r"(?<![a-z])holds?(?![a-z])"),
    "suppression": re.compile(r"suppress"),
}
_MEASURING = ("prometheus", "sql_aggregate")


@dataclass(frozen=True)
class Number:
    """One watched number: its name in the check's own words, and what it was last where that is known."""

    check: Check
    name: str
    last: float | None


def of_week(start: datetime) -> dict[str, list[str]]:
    """For each of the three a token line for each check that watches it; none where nobody watches such a number."""
    found = {word: [one for one in _numbers() if pattern.search(one.name)] for word, pattern in WATCHED.items()}
    weeks = {one.pk: one.now for one in queries.of_checks([start - isoweek.WEEK, start])}
    return {word: [_line(word, one, weeks[one.check.pk]) for one in own] for word, own in found.items()}


def _line(word: str, one: Number, week: Week) -> str:
    last = "na" if one.last is None else f"{one.last:g}"
    return (
        f"{word} check={one.check.key} number={one.name} samples={week.samples} in_bounds={_share(week.availability)} "
        f"coverage={_share(week.coverage)} last={last}"
    )


def _share(percent: float | None) -> str:
    return "na" if percent is None else f"{int(percent * 100) / 100:.2f}"


def _numbers() -> list[Number]:
    checks = Check.objects.in_use().filter(kind__in=["json_metrics", "token_report", *_MEASURING])
    said = dict(Job.objects.values_list("pk", "numbers"))
    return [one for check in checks.order_by("key") for one in _of_check(check, said.get(check.pk, {}))]


def _of_check(check: Check, said: Mapping[str, float]) -> Iterator[Number]:
    match check.kind:
        case "json_metrics":
            yield from _rules(check)
        case "token_report":
            names = {*said, str(check.spec.get("number") or "")} - {""}
            yield from (Number(check, name, said.get(name)) for name in sorted(names))
        case _:
            yield Number(check, check.key.replace("-", "_"), check.last_value)


def _rules(check: Check) -> Iterator[Number]:
    """Of its numbers the first is kept while all hold, and else the one that did not."""
    for place, words in enumerate(_lines(check.spec)):
        yield Number(check, words.split()[0].lower(), check.last_value if place == 0 and check.last_ok else None)


def _lines(spec: Mapping[str, Any]) -> list[str]:
    """Its rules as they are written; none of a check that cannot be read."""
    text = str(spec.get("numbers") or "")
    try:
        json_metrics.parse_rules(text)
    except ValueError:
        return []
    return [line for line in text.strip().splitlines() if line.strip()]
