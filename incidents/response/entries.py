"""The timeline as the room shows it: one page of rows with what became of their words, and the pinned ones on top."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from incidents.response import wording
from incidents.response.lines import Line, line_of
from incidents.response.models import Incident, Pin, TimelineEvent
from incidents.response.states import Kind
from incidents.response.wording import Wording
from incidents.response.words import question, texts
from opsportal.questions import Question, given, worded

PAGE = 50
_UPDATES = (
    *(Kind.DECLARED, Kind.NOTE, Kind.DECISION, Kind.STATUS, Kind.SEVERITY, Kind.IMPACT, Kind.CORRECTION),
    *(Kind.CLOSED, Kind.MERGE, Kind.HEADING),
)
SHOWS: dict[str, tuple[str, Q]] = {
    "all": ("All", Q()),
    "updates": ("Updates", Q(kind__in=_UPDATES)),
    "decisions": ("Decisions", Q(kind=Kind.DECISION)),
    "public": ("Public", Q(kind__in=(Kind.PUBLIC_UPDATE, Kind.PUBLIC_REMOVAL))),
    "system": ("System", ~Q(source__in=(TimelineEvent.Source.WEB, TimelineEvent.Source.API))),
}


@dataclass(frozen=True)
class Telling:
    """What a row says, as values: all that its picture depends on."""

    line: Line
    said: Wording
    owed_at: datetime | None


@dataclass(frozen=True)
class Entry:
    """One row: how it reads, and its words as written, corrected or removed."""

    event: TimelineEvent
    line: Line
    wording: Wording
    pin: Pin | None = None

    @property
    def owed_at(self) -> datetime | None:
        """When somebody promised to look back at a decision, as long as nobody did."""
        return None if self.wording.outcome else self.event.check_back_at

    @property
    def telling(self) -> Telling:
        return Telling(self.line, self.wording, self.owed_at)


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and those that are pinned. `older` is the event that the next page starts below."""

    entries: list[Entry]
    pinned: list[Entry]
    older: int | None
    show: str = "all"
    words: str = ""
    before: int | None = None

    @property
    def rows(self) -> list[Telling]:
        return [one.telling for one in self.entries]

    @property
    def pinned_rows(self) -> list[Telling]:
        return [one.telling for one in self.pinned]


def page(incident: Incident, *, show: str = "all", words: str = "", before: int | None = None) -> Page:
    """Four queries, however long the story is; one more on older pages."""
    show = show if show in SHOWS else "all"
    is_first = not (words or before)
    asked = _newest(show) if is_first else Question(_matching(incident, show, words, before))
    events = asked.models(most=PAGE + 1, incident=incident.pk)
    shown = events[:PAGE]
    pins = {} if before else {one.event_id: one for one in _pins().models(incident=incident.pk)}
    said = wording.of({*(one.pk for one in shown), *pins})
    return Page(
        entries=[_entry(one, said[one.pk], pins.get(one.pk)) for one in shown],
        pinned=[_entry(one.event, said[key], one) for key, one in pins.items()],
        older=shown[-1].pk if len(events) > PAGE else None,
        show=show,
        words=words,
        before=before,
    )


def one(event: TimelineEvent) -> Entry:
    """A single row with everything about it."""
    return _entry(event, wording.of_one(event), Pin.objects.select_related("pinned_by").filter(event=event).first())


def _entry(event: TimelineEvent, said: Wording, pin: Pin | None) -> Entry:
    return Entry(event, line_of(event, said.written), said, pin)


@worded
def _pins() -> "QuerySet[Pin]":
    pins = Pin.objects.filter(incident=given("incident")).select_related("event__actor", "pinned_by")
    return pins.order_by("-pinned_at", "-event_id")


@worded
def _newest(show: str) -> "QuerySet[TimelineEvent]":
    events = TimelineEvent.objects.filter(incident=given("incident")).select_related("actor")
    return events.filter(SHOWS[show][1]).order_by("-recorded_at", "-id")


def _matching(incident: Incident, show: str, words: str, before: int | None) -> "QuerySet[TimelineEvent]":
    events = incident.timeline.select_related("actor").filter(SHOWS[show][1]).order_by("-recorded_at", "-id")
    if words:
        said = texts(question(words)).filter(event__incident=incident)
        events = events.filter(pk__in=said.values("event"))
    key = incident.timeline.filter(pk=before).first() if before else None
    if key is not None:
        events = events.filter(Q(recorded_at__lt=key.recorded_at) | Q(recorded_at=key.recorded_at, id__lt=key.pk))
    return events
