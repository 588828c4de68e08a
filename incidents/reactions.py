"""What the house does when something happens on a timeline: the only choreography there is.

To add one: write a function that may run twice, and name it in the table under its kind (add the kind to
`timeline.REACTING` when it is new there).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from incidents.drills import ending
from incidents.oncall.queries import Who, on_call
from incidents.paging import calling
from incidents.postmortems import actions as postmortems
from incidents.response import timeline
from incidents.response.models import Incident, Reaction, TimelineEvent, TimelineText
from incidents.response.states import Kind, Status
from incidents.statuspage.actions import draft_first, offer_summary, withdraw_own
from incidents.statuspage.corrections import published_key
from opsportal import background
from opsportal.models import Delivery
from opsportal.outbox import actions as outbox
from opsportal.outbox.actions import tell_operators

log = structlog.get_logger("incidents.reactions")

# The sweep leaves fresh events to their own wake-up call.
_PATIENCE = timedelta(seconds=10)
_BATCH = 100


def tell_on_call(event: TimelineEvent, *, at: datetime) -> None:
    """Say in the ops channel that a room is open, who holds the domain, and where to go."""
    incident = _locked(event)
    found = on_call(incident.domain, at)
    proposed = "" if incident.severity_confirmed else " (proposed)"
    tell_operators(
        key=f"incident:{incident.number}:opened",
        subject=f"{_label(incident)}{proposed}{_title(incident)}"[:200],
        body=f"{incident.domain.name}. On call {_answers(found.first)}, backup {_answers(found.backup)}.\n"
        f"{settings.BASE_URL}{incident.get_absolute_url()}",
        at=at,
        priority=_priority(event),
    )


def find_drill(event: TimelineEvent, *, at: datetime) -> None:
    """The room that a drill's alert opened learns at once what is played."""
    if event.incident.is_drill:
        ending.keep(at=at)


def tell_published(event: TimelineEvent, *, at: datetime) -> None:
    """Say in the ops channel what readers were told, before anything that machines have to say."""
    words = TimelineText.objects.filter(event=event).first()
    if words is None:
        return  # taken away meanwhile
    incident = event.incident
    tell_operators(
        key=published_key(event),
        subject=f"{incident.label} published: {event.new.capitalize()}",
        body=f"{words.body}\n{settings.BASE_URL}{incident.get_absolute_url()}",
        at=at,
        because=f"{event.actor or 'Somebody'} published an update",
        priority=_priority(event),
    )


def draft_public_update(event: TimelineEvent, *, at: datetime) -> None:
    """Lay the first public words ready; a person publishes them."""
    if event.incident.merged_into is None and draft_first(event.incident, at=at) is not None:
        timeline.touch(event.incident)


def withdraw_draft(event: TimelineEvent, *, at: datetime) -> None:
    """What lies ready in a room that was merged, or hidden, is not published from there any more."""
    if event.incident.merged_into_id is not None or event.incident.nature == Incident.Nature.SECURITY:
        withdraw_own(event.incident, at=at)


def draft_postmortem(event: TimelineEvent, *, at: datetime) -> None:
    """Lay the report ready once a SEV-1 or SEV-2 is resolved."""
    if event.new == Status.RESOLVED:
        postmortems.draft(event.incident, at=at)


def hold_postmortem(event: TimelineEvent, *, at: datetime) -> None:
    """Reopened: what was signed has to be looked at once more."""
    if event.old == Status.RESOLVED:
        postmortems.wait_for_end(event.incident, by=event.actor, at=at)


def track_issue(event: TimelineEvent, *, at: datetime) -> None:
    """Keep the incident's issue in step: open while it is open, closed when it is resolved. Never its free text.

    Nothing is said of a security incident where others read along; what is over or a test is no issue.
    """
    # Under the lock, so that what is queued last is what is true last.
    incident = _locked(event)
    if not incident.may_be_public or incident.mode == Incident.Mode.RETROSPECTIVE:
        return
    proposed = "" if incident.severity_confirmed else " (proposed)"
    outbox.track_issue(
        key=f"incident:{incident.number}:issue:{event.pk}",
        event=f"incident:{incident.number}",
        subject=f"{incident.label} {incident.severity} {incident.title}"[:200],
        body=f"{incident.get_status_display()}, {incident.severity}{proposed}. {incident.domain.name}.\n"
        f"{settings.BASE_URL}{incident.get_absolute_url()}",
        at=at,
        act=Delivery.Act.TELL if incident.is_open else Delivery.Act.CLOSE,
        because=f"{incident.label}: {event.get_kind_display()}",
        priority=_priority(event),
    )


def close_hidden_issue(event: TimelineEvent, *, at: datetime) -> None:
    """Hidden: an issue that others may have read is closed and keeps number and link alone; without one nothing is."""
    incident = _locked(event)
    if incident.nature != Incident.Nature.SECURITY or incident.mode != Incident.Mode.STANDARD:
        return
    outbox.track_issue(
        key=f"incident:{incident.number}:issue:{event.pk}",
        event=f"incident:{incident.number}",
        subject=incident.label,
        body=f"{settings.BASE_URL}{incident.get_absolute_url()}",
        at=at,
        act=Delivery.Act.CLOSE,
        because=f"{incident.label}: {event.get_kind_display()}",
        priority=_priority(event),
    )


def offer_public_summary(event: TimelineEvent, *, at: datetime) -> None:
    """Hand a published report's summary to the status page; say so once in the room when it has no place there yet."""
    words = TimelineText.objects.filter(event=event).first()
    if event.new != "published" or words is None:
        return
    incident = _locked(event)
    text = "The public summary has no place yet: another draft waits on the status page, or readers do not know"
    text = f"{text} that it is over. Mend that, then offer the summary again."
    said = incident.timeline.filter(pk__gt=event.pk, kind=Kind.NOTE, source=timeline.Source.SYSTEM, text__body=text)
    if offer_summary(incident, summary=words.body, at=at) is None and not said.exists():
        timeline.record(incident, Kind.NOTE, source=timeline.Source.SYSTEM, at=at, text=text)


def call_people(event: TimelineEvent, *, at: datetime) -> None:
    """Call who is on call, for whatever fires or was declared here and has not called yet."""
    calling.begin(event.incident, at=at)


def settle_calls(event: TimelineEvent, *, at: datetime) -> None:
    """Nothing more is sent once somebody has it, or it is over."""
    calling.settle(event.incident, at=at)


REACTIONS: dict[str, tuple[Callable[..., None], ...]] = {
    Kind.DECLARED: (call_people, tell_on_call, draft_public_update, track_issue, find_drill),
    Kind.ALERT: (call_people, settle_calls),
    Kind.ACKNOWLEDGED: (settle_calls,),
    Kind.STATUS: (settle_calls, track_issue, draft_postmortem, hold_postmortem, find_drill),
    Kind.POSTMORTEM: (offer_public_summary,),
    Kind.SEVERITY: (track_issue,),
    Kind.HEADING: (track_issue,),
    Kind.MERGE: (settle_calls, track_issue, withdraw_draft),
    Kind.NATURE: (withdraw_draft, close_hidden_issue),
    Kind.PUBLIC_UPDATE: (tell_published,),
}


def _locked(event: TimelineEvent) -> Incident:
    """As it is now: whoever hides it meanwhile finds what was queued before, or is seen."""
    return Incident.objects.select_for_update(of=("self",)).select_related("domain").get(pk=event.incident_id)


def _answers(who: Who) -> str:
    """responder (@payments-lead), or nobody (@payments-lead)."""
    return f"{who.name or 'nobody'} ({who.handle})" if who.handle else who.name or "nobody"


def _label(incident: Incident) -> str:
    """INC-12 SEV-2, with a word before it when it is a test, a drill, or was over before."""
    return f"{incident.warning}{incident.label} {incident.severity}"


def _title(incident: Incident) -> str:
    """A blank and the title, where one may stand: the messages of a security incident show nothing but its room."""
    return f" {incident.title.removeprefix(incident.warning)}" if incident.nature == Incident.Nature.STANDARD else ""


def _priority(event: TimelineEvent) -> Delivery.Priority:
    """What a person did overtakes what machines say, also in a storm of alerts."""
    return Delivery.Priority.WRITTEN if event.actor_id else Delivery.Priority.MACHINE


def react(event_id: int, *, at: datetime) -> bool:
    """Run what the table has for the event, each function in a transaction of its own. Safe to run twice.

    One that fails does not keep the others from running; the event stays open and the sweep offers it again.
    """
    event = _unreacted(event_id)
    if event is None:
        return False
    failures = [failure for one in REACTIONS.get(event.kind, ()) if (failure := _attempt(one, event, at))]
    if failures:
        raise failures[0]
    return bool(Reaction.objects.filter(event_id=event_id, done_at=None).update(done_at=at))


def offer_open_ones(at: datetime) -> int:
    """Wake a worker for every event that nobody reacted to; how many there were.

    What was offered before comes last: events that fail each time keep no others waiting.
    """
    waiting = Reaction.objects.filter(done_at=None, created_at__lt=at - _PATIENCE)
    in_turn = waiting.order_by(F("offered_at").asc(nulls_first=True), "created_at", "event_id")
    ids = list(in_turn.values_list("event_id", flat=True)[:_BATCH])
    Reaction.objects.filter(event_id__in=ids).update(offered_at=at)
    for event_id in ids:
        background.wake("incidents.react", expires=_PATIENCE.total_seconds(), event_id=event_id)
    return len(ids)


def _unreacted(event_id: int) -> TimelineEvent | None:
    return (
        TimelineEvent.objects.select_related("incident__domain", "actor")
        .filter(pk=event_id, reaction__done_at=None, reaction__isnull=False)
        .first()
    )


def _attempt(one: Callable[..., None], event: TimelineEvent, at: datetime) -> Exception | None:
    try:
        with transaction.atomic():
            one(event, at=at)
    except Exception as failure:  # noqa: BLE001 - it rises after the others had their turn
        log.warning("a reaction failed", reaction=one.__name__, event_id=event.pk, error=type(failure).__name__)
        return failure
    return None
