"""What is owed again and again: the list, the month, one duty, and what the week came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q
from django.http import Http404
from django.urls import reverse

from incidents.duties.models import Duty, Occurrence
from incidents.obligations.models import Obligation
from incidents.oncall import queries as oncall
from incidents.week_sections import Section
from opsportal.recurrence import DAILY

AHEAD, BEHIND = timedelta(days=35), timedelta(days=31)
_MOST = 200
State = Occurrence.State


@dataclass(frozen=True)
class Row:
    """One duty as the list shows it: what waits, and who answers for it now."""

    duty: Duty
    waiting: Occurrence | None
    last: Occurrence | None
    next_at: datetime
    who: str


@dataclass(frozen=True)
class Moment:
    """One line of the calendar: something that was due, or will be."""

    duty: Duty
    due_at: datetime
    one: Occurrence | None


@dataclass(frozen=True)
class Listing:
    """Duties by their next time, those that were retired, and those that another room keeps."""

    rows: Sequence[Row]
    retired: Sequence[Duty]
    elsewhere: Sequence[Obligation]
    behind: Sequence[Moment]
    ahead: Sequence[Moment]
    late: int
    missed: int


def listing(*, at: datetime) -> Listing:
    """Everything the screen shows; late ones first."""
    duties = list(Duty.objects.order_by("slug"))
    recent = Occurrence.objects.filter(Q(due_at__gte=at - BEHIND) | Q(state=State.OPEN)).select_related("duty")
    newest = list(recent.select_related("settled_by").order_by("-due_at", "-pk")[:_MOST])
    kept = [one for one in duties if one.retired_at is None]
    desk = oncall.desk(at)
    rows = sorted((_row(one, newest, desk) for one in kept), key=lambda row: (row.next_at, row.duty.slug))
    settled = [one for one in newest if one.state != State.OPEN]
    return Listing(
        rows=rows,
        retired=[one for one in duties if one.retired_at is not None],
        elsewhere=list(Obligation.objects.open().filter(kind=Obligation.Kind.WEEKLY_REVIEW).order_by("due_at")),
        behind=[Moment(one.duty, one.due_at, one) for one in settled if _is_told(one)],
        ahead=_shortened(ahead(kept, at=at)),
        late=sum(row.waiting is not None and row.waiting.due_at < at for row in rows),
        missed=sum(one.state == State.MISSED for one in newest),
    )


def _is_told(one: Occurrence) -> bool:
    """Of what is done every day only the days on which it was not, or late: the others would hide the rest."""
    return one.duty.rule != DAILY or one.state != State.HELD or one.was_late


def _shortened(moments: Sequence[Moment]) -> list[Moment]:
    """Of what comes every day the next time alone."""
    first = {one.duty.pk: one.due_at for one in reversed(moments)}
    return [one for one in moments if one.duty.rule != DAILY or one.due_at == first[one.duty.pk]]


def in_use() -> list[Duty]:
    return list(Duty.objects.filter(retired_at=None).order_by("slug"))


def _row(duty: Duty, newest: Sequence[Occurrence], desk: oncall.Desk) -> Row:
    own = [one for one in newest if one.duty_id == duty.pk]
    waiting = next((one for one in own if one.state == State.OPEN), None)
    last = next((one for one in own if one.state != State.OPEN), None)
    next_at = waiting.due_at if waiting else duty.due_after(max(desk.at, last.due_at) if last else desk.at)
    return Row(duty, waiting, last, next_at, desk.who(duty.owner).name)


def ahead(duties: Sequence[Duty], *, at: datetime) -> list[Moment]:
    """When what is due in the next weeks, soonest first."""
    found = []
    for duty in duties:
        due_at = duty.due_after(at)
        while due_at <= at + AHEAD:
            found.append(Moment(duty, due_at, None))
            due_at = duty.due_after(due_at)
    return sorted(found, key=lambda one: (one.due_at, one.duty.slug))


def duty_or_404(slug: str) -> Duty:
    found = Duty.objects.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def occurrences(duty: Duty) -> list[Occurrence]:
    """Newest first, the open one on top."""
    return list(duty.occurrences.select_related("settled_by", "duty").order_by("-due_at")[:_MOST])


def waiting_for(evidence: str) -> list[tuple[str, datetime]]:
    """Which names would prove something now, and since when what they show counts."""
    rows = Occurrence.objects.open().filter(duty__evidence=evidence).order_by("pk")
    return list(rows.values_list("duty__proof", "opened_at"))


def week_summary(start: datetime, end: datetime) -> Section:
    """What the weekly review says of duties that were due in the week."""
    due = Occurrence.objects.filter(due_at__gte=start, due_at__lt=end)
    late = Q(state=State.HELD, settled_at__gt=F("due_at"))
    counts = due.aggregate(
        due=Count("pk"),
        held=Count("pk", filter=Q(state=State.HELD)),
        late=Count("pk", filter=late),
        missed=Count("pk", filter=Q(state=State.MISSED)),
        open=Count("pk", filter=Q(state=State.OPEN)),
        waived=Count("pk", filter=Q(state=State.WAIVED)),
    )
    named = due.filter(state=State.MISSED).order_by("due_at").values_list("duty__slug", flat=True)
    lines = [
        f"{counts['held']} of {counts['due']} done, {counts['late']} of them late",
        f"{counts['missed']} missed, {counts['open']} still owed, {counts['waived']} waived",
    ]
    if named:
        lines.append(f"Missed: {', '.join(sorted(set(named)))}")
    return Section("Duties", tuple(lines) if counts["due"] else (), reverse("incidents:duties"), "None was due")
