"""What the screens of post-mortems show, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.http import Http404
from django.urls import reverse

from incidents.follow_ups import queries as follow_ups
from incidents.follow_ups.models import FollowUp
from incidents.obligations.models import Obligation, ObligationQuerySet
from incidents.postmortems import fields
from incidents.postmortems.models import Postmortem, PostmortemLine, PostmortemQuerySet
from incidents.postmortems.states import State
from incidents.response import wording
from incidents.response.lines import Line, line_of
from incidents.response.models import Incident
from incidents.response.queries import hidden_labels, uncounted_labels
from incidents.week_sections import Section
from opsportal.models import User

LIST_PAGE = 50
Owed = Obligation.Kind.POSTMORTEM


@dataclass(frozen=True)
class ReportLine:
    """One line: an event with its own words, or words from memory."""

    pk: int
    line: Line
    is_from_memory: bool

    @property
    def words(self) -> str:
        """The line as plain text, for the exports."""
        told = " ".join(filter(None, [self.line.who, self.line.before, self.line.strong, self.line.after]))
        return " ".join((f"{told}: {self.line.body}" if self.line.body else told).split())


@dataclass(frozen=True)
class Part:
    """A field of the report with what stands in it."""

    field: fields.Field
    text: str

    @property
    def is_missing(self) -> bool:
        return self.field.is_required and not self.text.strip()


@dataclass(frozen=True)
class Report:
    """Everything about one report."""

    postmortem: Postmortem
    incident: Incident
    lines: list[ReportLine]
    authors: list[User]
    owed: Obligation | None
    follow_ups: list[FollowUp]

    @property
    def meter(self) -> fields.Meter:
        return self.postmortem.meter(has_lines=bool(self.lines))

    @property
    def parts(self) -> list[Part]:
        """The fields in the order of the operating documents; the timeline among them has lines instead of text."""
        return [
            Part(one, "" if one.name == fields.TIMELINE else self.postmortem.text_of(one.name)) for one in fields.FIELDS
        ]

    @property
    def has_optional(self) -> bool:
        """True when one of the fields that may stay empty is written."""
        return any(part.text and not part.field.is_required for part in self.parts)

    @property
    def from_memory(self) -> int:
        return sum(line.is_from_memory for line in self.lines)

    @property
    def with_proof(self) -> int:
        return len(self.lines) - self.from_memory

    @property
    def is_draft(self) -> bool:
        return self.postmortem.state == State.DRAFT

    @property
    def passed(self) -> list[State]:
        """The states before this one."""
        return list(State)[: list(State).index(State(self.postmortem.state))]


@dataclass(frozen=True)
class Row:
    """An incident in the list with its report, if there is one, and the clock that still runs."""

    incident: Incident
    postmortem: Postmortem | None
    meter: fields.Meter | None
    owed: Obligation | None


@dataclass(frozen=True)
class Listing:
    """What is due, then the rest, newest first. `older` is the key of the next page."""

    rows: list[Row]
    due: int
    total: int
    older: int | None


def postmortem_or_404(number: int, person: User) -> Postmortem:
    """The report of INC-<number>, unless it is none that this person may see."""
    found = _reports().visible_to(person).filter(incident__number=number).first()
    if found is None:
        raise Http404(f"INC-{number} has no post-mortem")
    return found


def find(incident: Incident) -> Postmortem | None:
    """The report of an incident, if somebody or something began one."""
    return _reports().filter(incident=incident).first()


def line_or_404(number: int, pk: int) -> PostmortemLine:
    lines = PostmortemLine.objects.select_related("postmortem__incident")
    found = lines.filter(pk=pk, postmortem__incident__number=number).first()
    if found is None:
        raise Http404(f"line {pk}")
    return found


def report(postmortem: Postmortem) -> Report:
    """Six queries, however long the timeline is."""
    return Report(
        postmortem=postmortem,
        incident=postmortem.incident,
        lines=_lines(postmortem),
        authors=list(postmortem.authors.order_by("username")),
        owed=owed_for(postmortem.incident),
        follow_ups=follow_ups.of(postmortem.incident),
    )


def owed_for(incident: Incident) -> Obligation | None:
    """The newest clock of its report: running, met or waived."""
    rows = Obligation.objects.filter(kind=Owed, subject=incident.label).select_related("waived_by")
    return rows.order_by("-id").first()


def listing(person: User, *, only_due: bool = False, before: int | None = None) -> Listing:
    """Reports that are due, the most urgent first, then all others; only what this person may see."""
    running = {int(one.subject.removeprefix("INC-")): one for one in _due(person)}
    first = [] if before else _due_rows(running, person)
    rest: list[Postmortem] = []
    if not only_due:
        others = _reports().visible_to(person).exclude(incident__number__in=running)
        if before:
            others = others.filter(incident__number__lt=before)
        rest = list(others.order_by("-incident__number")[: LIST_PAGE + 1])
    shown = rest[:LIST_PAGE]
    return Listing(
        rows=[*first, *(_row(one.incident, one, None) for one in shown)],
        due=len(running),
        total=Postmortem.objects.visible_to(person).count(),
        older=shown[-1].incident.number if len(rest) > LIST_PAGE else None,
    )


def _due(person: User) -> list[Obligation]:
    return list(owed(person).order_by("due_at", "id"))


def owed(person: User) -> ObligationQuerySet:
    """Clocks of reports that this person may see."""
    return Obligation.objects.open().filter(kind=Owed).exclude(subject__in=hidden_labels(person))


def _reports() -> PostmortemQuerySet:
    return Postmortem.objects.with_incident().with_lines()


def _due_rows(running: dict[int, Obligation], person: User) -> list[Row]:
    """The most urgent first; a report that nobody began yet is owed all the same."""
    wanted = Incident.objects.visible_to(person).select_related("domain").filter(number__in=running)
    incidents = {one.number: one for one in wanted}
    reports = {one.incident.number: one for one in _reports().filter(incident__number__in=running)}
    return [
        _row(incidents[number], reports.get(number), owed) for number, owed in running.items() if number in incidents
    ]


def _row(incident: Incident, report: Postmortem | None, owed: Obligation | None) -> Row:
    return Row(incident, report, report.meter(has_lines=report.has_lines) if report else None, owed)


def _lines(postmortem: Postmortem) -> list[ReportLine]:
    rows = list(postmortem.lines.select_related("event__actor").order_by("occurred_at", "event_id", "id"))
    said = wording.of(one.event_id for one in rows if one.event_id)
    return [
        ReportLine(one.pk, line_of(one.event, said[one.event.pk].text), False)
        if one.event
        else ReportLine(one.pk, Line(one.pk, one.occurred_at, None, "", one.body, icon="brain"), True)
        for one in rows
    ]


def week_summary(start: datetime, end: datetime) -> Section:
    """What the weekly review says of reports. Those of security incidents are in no number: viewers read it."""
    seen = Postmortem.objects.exclude(incident__nature=Incident.Nature.SECURITY)
    signed = Q(reviewed_at__gte=start, reviewed_at__lt=end)
    drafted = Q(drafted_at__gte=start, drafted_at__lt=end)
    counts = seen.aggregate(drafted=Count("pk", filter=drafted), signed=Count("pk", filter=signed))
    unmet = Obligation.objects.filter(Q(met_at=None) | Q(met_at__gte=end), kind=Owed, waived_at=None, due_at__lt=end)
    late = unmet.exclude(subject__in=uncounted_labels(None)).count()
    words = (f"{counts['drafted']} begun", f"{counts['signed']} signed", f"{late} late at the end of the week")
    lines = words if any((*counts.values(), late)) else ()
    return Section("Post-mortems", lines, reverse("incidents:postmortems"), "None was begun, signed or late")
