"""Incidents that belong together: linked, merged when they are one, split again when they turn out to be two.

Both rooms are locked in the order of their keys, so that two people who come from both ends come one after the other.
The old and new of the events are a contract: `related INC-4`, `follows INC-4`, `before INC-4` of links; `into INC-4`
and `from INC-3` of merges, beside the status that the merged one had.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import actions, clocks, decisions, queries, states, timeline
from incidents.response.models import Incident, IncidentLink, TimelineEvent, Watcher
from incidents.response.states import Kind, Status
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.outbox.actions import tell_operators
from opsportal.outbox.models import Delivery
from opsportal.privacy import guard

Relation = IncidentLink.Relation
# How the link reads in the other room.
_MIRRORED = {Relation.RELATED: "related", Relation.FOLLOWS: "before"}


@transaction.atomic
def link(incident: Incident, other: Incident, *, relation: str, by: User, at: datetime) -> IncidentLink:
    """Say that two incidents have to do with each other; both rooms tell it."""
    incident, other = _locked_pair(incident, other)
    if relation not in set(Relation):
        raise Refused("RELATION_UNKNOWN", "Incidents are related, or one follows from the other.")
    _require_one_audience(incident, other)
    if _between(incident, other) is not None:
        raise Refused("ALREADY_LINKED", f"{incident.label} and {other.label} are linked already.")
    made = IncidentLink.objects.create(incident=incident, other=other, relation=relation, made_by=by, made_at=at)
    for room, words in _told(made):
        timeline.record(room, Kind.LINK, by=by, at=at, new=words)
    return made


@transaction.atomic
def unlink(incident: Incident, other: Incident, *, by: User, at: datetime) -> None:
    """Take a link away; the timelines keep that it was there."""
    incident, other = _locked_pair(incident, other)
    found = _between(incident, other)
    if found is None:
        raise Refused("NOT_LINKED", f"{incident.label} and {other.label} are not linked, or not any more.")
    told = _told(found)
    found.delete()
    for room, words in told:
        timeline.record(room, Kind.LINK, by=by, at=at, old=words)


@transaction.atomic
def declare_follow_up(before: Incident, *, by: User, at: datetime, **facts: Any) -> Incident:
    """Open a room for trouble that an earlier incident left behind, linked from its first moment.

    `facts` are those of `actions.declare`. Where the two may not know of each other it opens all the same, unlinked.
    """
    incident = actions.declare(**facts, by=by, at=at)
    if incident.nature == before.nature:
        link(incident, before, relation=Relation.FOLLOWS, by=by, at=at)
        incident.refresh_from_db(fields=["version"])
    return incident


@transaction.atomic
def merge(incident: Incident, *, into: Incident, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Say that it is the same trouble: work and news go on in the other room, and this one stays to be read.

    Its clocks stop; where both rooms owe the same, the sooner time counts from now on. A severity that a person chose
    here confirms one that was only proposed there: what is owed for it could be lost by a later word otherwise.
    """
    incident, into = _locked_pair(incident, into)
    reason = guard.require_words(reason, "Say what makes them the same.")
    _require_mergeable(incident, into)
    if incident.severity_confirmed and not into.severity_confirmed:
        actions.change_severity(into, to=into.severity, reason=reason, by=by, at=at)
    before = incident.status
    incident.merged_into, incident.status = into, Status.RESOLVED
    incident.resolved_at, incident.closed_at, incident.closed_by = incident.resolved_at or at, at, by
    incident.save(update_fields=["merged_into", "status", "resolved_at", "closed_at", "closed_by"])
    _hand_over_clocks(incident, into, by=by, at=at)
    _hand_over_watchers(incident, into)
    event = timeline.record(incident, Kind.MERGE, by=by, at=at, old=before, new=f"into {into.label}", text=reason)
    timeline.record(into, Kind.MERGE, by=by, at=at, new=f"from {incident.label}", text=reason)
    _tell(into, event, f"{incident.label} was merged into {into.label}", at=at)
    return event


@transaction.atomic
def split(incident: Incident, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Undo a wrong merge: the room is as it was, with its status and clocks. What was told meanwhile stays there.

    The other room keeps no first public word that it owed for this one alone.
    """
    seen = Incident.objects.filter(pk=incident.pk).values_list("merged_into", flat=True).get()
    if seen is None:
        raise Refused("NOT_MERGED", f"{incident.label} stands alone already.")
    incident, into = _locked_pair(incident, Incident(pk=seen))
    if incident.merged_into_id != into.pk:
        raise Conflict("MERGE_CHANGED", "Somebody else was faster. Look at the room again.")
    reason = guard.require_words(reason, "Say why they are two after all.")
    merged = incident.timeline.filter(kind=Kind.MERGE, new=f"into {into.label}").latest("id")
    incident.merged_into = incident.closed_at = incident.closed_by = None
    incident.status = Status(merged.old)
    incident.resolved_at = incident.resolved_at if incident.status == Status.RESOLVED else None
    incident.save(update_fields=["merged_into", "status", "resolved_at", "closed_at", "closed_by"])
    _take_back_clocks(incident, into, merged.recorded_at)
    for room in (incident, into):  # what a room that was split off before had brought here came back as well
        _let_go_first_word(room, by=by, at=at)
    event = timeline.record(
        incident, Kind.MERGE, by=by, at=at, old=f"into {into.label}", new=incident.status, text=reason
    )
    timeline.record(into, Kind.MERGE, by=by, at=at, old=f"from {incident.label}", text=reason)
    _tell(incident, event, f"{incident.label} was split from {into.label} again", at=at)
    return event


def _locked_pair(one: Incident, two: Incident) -> tuple[Incident, Incident]:
    if one.pk == two.pk:
        raise Refused("SAME_INCIDENT", "That is this incident. Choose another one.")
    # Without the joined `merged_into`: who waited for the lock would get the joined row as it was before.
    pair = Incident.objects.select_for_update(of=("self",)).select_related("domain")
    rows = {found.pk: found for found in pair.filter(pk__in=(one.pk, two.pk)).order_by("pk")}
    return rows[one.pk], rows[two.pk]


def _between(one: Incident, two: Incident) -> IncidentLink | None:
    ends = Q(incident=one, other=two) | Q(incident=two, other=one)
    return IncidentLink.objects.select_related("incident", "other").filter(ends).first()


def _told(made: IncidentLink) -> tuple[tuple[Incident, str], tuple[Incident, str]]:
    """What each of the two rooms says of the link."""
    relation = Relation(made.relation)
    return (made.incident, f"{relation} {made.other.label}"), (
        made.other,
        f"{_MIRRORED[relation]} {made.incident.label}",
    )


def _require_mergeable(incident: Incident, into: Incident) -> None:
    """What would lose a duty, a reader or a figure is refused, with the way that is open."""
    for one in (incident, into):
        if one.merged_into is not None:
            raise Refused("ALREADY_MERGED", f"{one.label} was merged into {one.merged_into.label} already.")
    _require_one_audience(incident, into)
    if incident.is_drill or into.is_drill:
        raise Refused("DRILL_APART", "A drill stays apart: it ends by itself, and what is real goes on.")
    if incident.mode != into.mode:
        _require_figure_kept(incident, into)
    if incident.closed_at is not None or into.closed_at is not None:
        raise Refused("INCIDENT_CLOSED", "A closed incident is neither merged nor merged into. Link the two instead.")
    if incident.is_open and not into.is_open:
        raise Refused("INCIDENT_RESOLVED", f"{into.label} is resolved. Reopen it first, or merge the other way round.")
    if incident.severity_confirmed and states.is_lower(into.severity_peak, than=incident.severity_peak):
        raise Refused(
            "SEVERITY_LOWER",
            f"{incident.label} was {incident.severity_peak} and {into.label} only {into.severity_peak}: what the worse "
            "one owes would be lost. Raise the severity there first, or merge the other way round.",
        )
    if queries.readers_wait(incident):
        hint = "Publish its final update first" if queries.readers_wait(into) else "Merge the other way round"
        raise Refused(
            "READERS_WAIT", f"Readers of the status page wait for the next update on {incident.label}. {hint}."
        )
    if decisions.unanswered(incident).exists():
        raise Refused(
            "LOOK_BACK_OWED",
            f"{incident.label} owes a look back at a decision. Say there what came of it or why nobody need look, or "
            "merge the other way round.",
        )


def _require_figure_kept(incident: Incident, into: Incident) -> None:
    """Of two modes only what was written down later goes into what happened then, which keeps its gate and figures."""
    if Incident.Mode.TEST in (incident.mode, into.mode):
        raise Refused("MODES_DIFFER", "A test and a real incident stay apart, or the figures would be wrong.")
    if into.mode == Incident.Mode.RETROSPECTIVE:
        raise Refused(
            "MODES_DIFFER",
            f"{into.label} was over before it was written down: it is in no figure and needs no proof. Merge the other "
            "way round.",
        )


def _require_one_audience(one: Incident, two: Incident) -> None:
    if one.nature != two.nature:
        raise Refused(
            "SECURITY_APART",
            "A security incident stays apart from others: the other room would tell viewers of it.",
        )


def _hand_over_clocks(incident: Incident, into: Incident, *, by: User, at: datetime) -> None:
    """The sooner time counts. While readers were told nothing, the first word is owed there even if it was waived."""
    running = {one.kind: one for one in Obligation.objects.open().filter(subject=into.label)}
    for one in Obligation.objects.open().filter(subject=incident.label):
        obligations.waive(one.kind, incident.label, by=by, at=at, reason=_waived(into))
        mine = running.get(one.kind)
        if mine is not None and one.due_at < mine.due_at:
            obligations.owe(one.kind, into.label, due_at=one.due_at, at=at, owner=mine.owner)
        elif mine is None and one.kind == Obligation.Kind.FIRST_PUBLIC_UPDATE and not clocks.is_public(into):
            obligations.owe(one.kind, into.label, due_at=one.due_at, at=at, owner=into.domain.primary)


def _take_back_clocks(incident: Incident, into: Incident, merged_at: datetime) -> None:
    """They run on as if they had never stopped: what was promised was not kept by anybody else."""
    stopped = Obligation.objects.filter(subject=incident.label, waived_at=merged_at, reason=_waived(into))
    for one in stopped:
        obligations.owe(one.kind, incident.label, due_at=one.due_at, at=one.created_at, owner=one.owner)


def _let_go_first_word(room: Incident, *, by: User, at: datetime) -> None:
    """The first word that a merge opened here, once no room merged into this one had it to hand over any more.

    A severity that a person chose since then, or a reopening, owes it for the room's own sake.
    """
    first = Obligation.objects.open().filter(kind=Obligation.Kind.FIRST_PUBLIC_UPDATE, subject=room.label).first()
    if (
        first is None
        or not room.timeline.filter(kind=Kind.MERGE, new__startswith="from ", recorded_at=first.created_at).exists()
    ):
        return
    own = Q(kind=Kind.SEVERITY) | Q(kind=Kind.STATUS, old=Status.RESOLVED)
    if room.timeline.filter(own, recorded_at__gte=first.created_at).exists():
        return
    merged = [one.label for one in Incident.objects.filter(merged_into=room)]
    if not Obligation.objects.filter(kind=first.kind, subject__in=merged, reason=_waived(room)).exists():
        obligations.waive(first.kind, room.label, by=by, at=at, reason="Owed for a merged room that was split again.")


def _hand_over_watchers(incident: Incident, into: Incident) -> None:
    watching = incident.watchers.values_list("person", "since")
    rows = [Watcher(incident=into, person_id=person, since=since) for person, since in watching]
    Watcher.objects.bulk_create(rows, ignore_conflicts=True)


def _waived(into: Incident) -> str:
    return f"merged into {into.label}"


def _tell(room: Incident, event: TimelineEvent, what: str, *, at: datetime) -> None:
    """The ops channel: numbers and the link of the room where it goes on, no free text."""
    tell_operators(
        key=f"incident:{event.incident.number}:merge:{event.pk}",
        subject=f"{what} ({room.severity})",
        body=f"{settings.BASE_URL}{room.get_absolute_url()}",
        at=at,
        because="Two rooms became one, or two again",
        priority=Delivery.Priority.WRITTEN,
    )
