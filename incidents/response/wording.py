"""What the words of timeline rows are now: as written, corrected since, or removed. Rows never change."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from incidents.response.models import TimelineEvent, TimelineText
from incidents.response.states import Kind, Outcome
from opsportal.questions import OneOf, given, worded


@dataclass(frozen=True)
class Change:
    """A later event that speaks of a row, with its words; `who` is empty when the portal wrote it."""

    pk: int
    kind: str
    new: str
    who: str
    at: datetime
    body: str

    @property
    def reason(self) -> str:
        """Why the row was corrected: the first line of the words."""
        return self.body.partition("\n")[0]

    @property
    def words(self) -> str:
        """What should have stood there: all after the first line."""
        return self.body.partition("\n")[2]

    @property
    def label(self) -> str:
        """What came of a decision, in words."""
        return Outcome(self.new).label


@dataclass(frozen=True)
class Wording:
    """The words of one row. `written` is empty once they were removed."""

    written: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def correction(self) -> Change | None:
        """The newest one, which counts."""
        return next((one for one in reversed(self.changes) if one.kind == Kind.CORRECTION), None)

    @property
    def removal(self) -> Change | None:
        return next((one for one in self.changes if one.kind == Kind.REDACTION), None)

    @property
    def outcome(self) -> Change | None:
        """What came of a decision."""
        return next((one for one in self.changes if one.kind == Kind.DECISION), None)

    @property
    def text(self) -> str:
        """The words that count: for exports, reports and whoever reads quickly."""
        return self.correction.words if self.correction else self.written

    @property
    def newest(self) -> int:
        """The last event that touched the words, 0 for none: what somebody who corrects has to have seen."""
        return max((one.pk for one in self.changes if one.kind != Kind.DECISION), default=0)


_CHANGE = ("corrects", "pk", "kind", "new", "actor__username", "recorded_at")


def of(events: Iterable[int]) -> dict[int, Wording]:
    """The wording of each of these events, in two queries."""
    keys = list(events)
    changes = _changes().ask(keys=keys)
    bodies = dict(_bodies().ask(keys=[*keys, *(pk for _, pk, *_ in changes)]))
    found: dict[int | None, list[Change]] = defaultdict(list)
    for corrected, pk, kind, new, who, at in changes:
        found[corrected].append(Change(pk, kind, new, who or "", at, bodies.get(pk, "")))
    return {key: Wording(bodies.get(key, ""), tuple(found[key])) for key in keys}


@worded
def _changes() -> "QuerySet[TimelineEvent, tuple[Any, ...]]":
    speaking = TimelineEvent.objects.filter(OneOf("corrects", given("keys"))).exclude(kind=Kind.PUBLIC_REMOVAL)
    return speaking.order_by("id").values_list(*_CHANGE)


@worded
def _bodies() -> "QuerySet[TimelineText, tuple[int, str]]":
    return TimelineText.objects.filter(OneOf("event", given("keys"))).values_list("event", "body")


def of_one(event: TimelineEvent) -> Wording:
    """The same for a single event."""
    return of([event.pk])[event.pk]
