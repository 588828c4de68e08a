"""What the page of one check asks: a stretch of its results in steps, what happened around it, its newest flips."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.catalogue import queries as catalogue
from checks.catalogue import words
from checks.catalogue.models import Check
from checks.catalogue.queries import Row
from checks.history import annotations
from checks.history.annotations import Annotations
from checks.history.span import Span
from checks.rollups.models import MinuteBucket
from checks.rollups.queries import Window
from checks.rollups.series import series, weeks
from checks.runs.models import Flip
from incidents.runbooks import queries as runbooks
from incidents.runbooks.queries import Answer
from opsportal.models import User

FLIPS, CHILDREN, RUNBOOKS = 20, 50, 3
# A quantile says something from this many answers on: three of them lie above it.
_ENOUGH = {"p50": 6, "p95": 60, "p99": 300}
_MEANING = {"p50": "half are faster", "p95": "19 of 20 are faster", "p99": "99 of 100 are faster"}


@dataclass(frozen=True)
class Figure:
    """One number of the page with what it means, or why there is none."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Page:
    """Everything of one check that changes with its runs and with the stretch that is shown."""

    row: Row
    span: Span
    flips: Sequence[Flip]
    minute: MinuteBucket | None
    annotations: Annotations

    @property
    def whole(self) -> Window:
        """The stretch as one."""
        return self.row.day

    @property
    def listed(self) -> list[Window]:
        """The steps in which something was due, newest first."""
        return [one for one in reversed(self.row.windows) if one.expected]

    @property
    def trend(self) -> str:
        return words.trend(self.row.windows, self.span.when)

    @property
    def figures(self) -> list[Figure]:
        """p50, p95 and p99 of the stretch; of too few answers none is said."""
        return [quantile(name, self.whole) for name in _ENOUGH]

    @property
    def errors(self) -> list[tuple[str, int]]:
        """Failures by class, most first."""
        found = sorted(self.whole.errors.items(), key=lambda pair: -pair[1])
        return [(words.failure(error), number) for error, number in found]

    @property
    def stored(self) -> str:
        """The newest minute as it is stored."""
        return words.stored(self.minute) if self.minute else ""


@dataclass(frozen=True)
class Around:
    """What stands beside the chart and changes seldom: what stands on the check, what helps, the last closed weeks."""

    children: list[Check]
    runbooks: list[Answer]
    weeks: list[Window]


def quantile(name: str, window: Window) -> Figure:
    """A figure, or how many answers it needs."""
    if window.answered < _ENOUGH[name]:
        return Figure(name, "–", f"needs {_ENOUGH[name]} answers")
    value = {"p50": window.p50_ms, "p95": window.p95_ms, "p99": window.p99_ms}[name]
    return Figure(name, words.duration(value), _MEANING[name])


def windows_of(check: Check, span: Span, at: datetime) -> list[Window]:
    """The stretch in its steps, oldest first; one query."""
    return series(check.pk, start=span.start, end=span.end, step=span.step, at=at)


def page(check: Check, span: Span, at: datetime, *, person: User) -> Page:
    """Eleven queries at most beside the check itself, however long the stretch is."""
    newest = MinuteBucket.objects.filter(check_id=check.pk, bucket__gte=at - timedelta(days=1)).order_by("-bucket")
    return Page(
        row=catalogue.row_of(check, windows_of(check, span, at), at),
        span=span,
        flips=list(Flip.objects.filter(check_ref=check, at__lt=span.end).order_by("-at", "-pk")[:FLIPS]),
        minute=newest.first(),
        annotations=annotations.around(check, span.start, span.end, person=person),
    )


def around(check: Check, at: datetime) -> Around:
    """Three queries."""
    said = [check.last_error, check.key, check.name, check.kind]
    return Around(
        children=list(check.children.order_by("name")[:CHILDREN]),
        runbooks=runbooks.answering(said, check.domain)[:RUNBOOKS],
        weeks=weeks([check.pk], at)[check.pk][::-1],
    )
