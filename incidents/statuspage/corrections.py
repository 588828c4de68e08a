"""Words that readers have read already: corrected in the open, or taken away for good."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import redactions, timeline
from incidents.response.clocks import told
from incidents.response.models import Incident, TimelineEvent, TimelineText
from incidents.response.states import Kind, Status
from incidents.statuspage import load, news, rollup
from incidents.statuspage.actions import (
    locked_incident,
    require_clean,
    require_publisher,
    require_role,
    show_after_commit,
    without_control,
)
from incidents.statuspage.models import LAST_WORDS, EarlierWording, PublicIncident, StatusUpdate
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import Delivery, User
from opsportal.roles import Role

PUBLISHED = StatusUpdate.State.PUBLISHED


@transaction.atomic
def correct(update: StatusUpdate, *, body: str, notify: bool, by: User, at: datetime) -> StatusUpdate:
    """Other words for a published update, marked as corrected; operators can read the earlier ones."""
    incident = locked_incident(update.public_incident.incident)
    require_publisher(by, incident)
    body = without_control(body).strip()
    require_clean(body)
    update = _published(update)
    if not body:
        raise Refused("TEXT_MISSING", "Write what should stand there. To take it away, remove the update.")
    if body == update.body:
        raise Refused("TEXT_UNCHANGED", "These are the words that readers see.")
    public = update.public_incident
    EarlierWording.objects.create(update=update, body=update.body, corrected_by=by, corrected_at=at)
    update.body, update.corrected_at = body, at
    update.save(update_fields=["body", "corrected_at"])
    public.updated_at = at
    public.save(update_fields=["updated_at"])
    if notify:
        _tell_correction(update, public, at=at)
    show_after_commit(at)
    event = _event_of(update, incident)
    timeline.record(incident, Kind.CORRECTION, by=by, at=at, text=f"Corrected for readers\n{body}", corrects=event)
    audit.record("status_update.correct", by=by.username, object=f"{incident.label} {update.public_id}")
    return update


@transaction.atomic
def remove(update: StatusUpdate, *, reason: str, by: User, at: datetime) -> StatusUpdate:
    """Take a published update away: page, kept versions, feeds, messages that wait, and search. Its words are gone.

    Who removed it, when and why stays. Components keep their status: that is how the service stands, not what was said.
    """
    incident = locked_incident(update.public_incident.incident)
    reason = _removal_reason(reason, by)
    update = _published(update)
    public = update.public_incident
    _forget(update, incident, reason=reason, by=by, at=at)
    _tell_rest(public, incident, by=by, at=at)
    show_after_commit(at)
    return update


@transaction.atomic
def unpublish(incident: Incident, *, reason: str, by: User, at: datetime) -> PublicIncident:
    """Take everything that readers were told about an incident away."""
    incident = locked_incident(incident)
    reason = _removal_reason(reason, by)
    public = PublicIncident.objects.select_for_update().filter(incident=incident).first()
    rows = list(StatusUpdate.objects.filter(public_incident=public, state=PUBLISHED).order_by("pk"))
    if public is None or not rows:
        raise Refused("NOT_PUBLIC", "Readers know nothing of this incident.")
    for row in rows:
        _forget(_published(row), incident, reason=reason, by=by, at=at)
    _tell_rest(public, incident, by=by, at=at)
    show_after_commit(at)
    return public


def published_key(event: TimelineEvent) -> str:
    """The key of the operators' message about a publication."""
    return f"incident:{event.incident.number}:published:{event.pk}"


def _removal_reason(reason: str, by: User) -> str:
    require_role(by, Role.PUBLISHER)
    reason = " ".join(reason.split())
    if not reason:
        raise Refused("REASON_MISSING", "Say why it has to go, without repeating it.")
    require_clean(reason)
    return reason


def _published(update: StatusUpdate) -> StatusUpdate:
    public = PublicIncident.objects.select_for_update().get(pk=update.public_incident_id)
    update = StatusUpdate.objects.select_for_update(of=("self",)).get(pk=update.pk)
    if update.state != PUBLISHED:
        raise Refused("NOT_PUBLISHED", f"This update is {update.get_state_display().lower()}.")
    update.public_incident = public
    return update


def _event_of(update: StatusUpdate, incident: Incident) -> TimelineEvent | None:
    """The timeline's row about its publication; of a word from the host that was written down later."""
    assert update.published_at is not None
    return told(incident).filter(occurred_at=update.published_at, new=update.status).first()


def _tell_correction(update: StatusUpdate, public: PublicIncident, *, at: datetime) -> None:
    told = news.of_update(update, public.components.values_list("public_id", flat=True), at=at)
    news.tell(
        replace(
            told,
            key=_correction_key(update, update.earlier.count()),
            word=load.words().gettext("Corrected: {}").format(told.word),
        )
    )


def _correction_key(update: StatusUpdate, number: int) -> str:
    return f"{update.outbox_event}:{number}"


def _forget(update: StatusUpdate, incident: Incident, *, reason: str, by: User, at: datetime) -> None:
    """The row stays as a mark without words; every copy that this house holds and has not sent goes."""
    event = _event_of(update, incident)
    keys = [update.outbox_event, *(_correction_key(update, n + 1) for n in range(update.earlier.count()))]
    for key in keys:
        news.take_back(key, at=at)
    said = Delivery.objects.filter(event__in=[*keys, *([published_key(event)] if event else [])])
    said.filter(state=Delivery.State.WAITING, lease_until=None).delete()
    update.earlier.all().delete()
    update.state, update.body, update.affected_components = StatusUpdate.State.REMOVED, "", []
    update.removed_by, update.removed_at, update.removal_reason = by, at, reason
    update.save()
    if event is not None:
        timeline.record(incident, Kind.PUBLIC_REMOVAL, by=by, at=at, old=update.status, corrects=event)
        for row in (event, *TimelineEvent.objects.filter(corrects=event, kind=Kind.CORRECTION).order_by("pk")):
            if TimelineText.objects.filter(event=row).exists():
                redactions.redact(row, reason=reason, by=by, at=at)
    audit.record("status_update.remove", by=by.username, object=f"{incident.label} {update.public_id}", reason=reason)


def _tell_rest(public: PublicIncident, incident: Incident, *, by: User, at: datetime) -> None:
    """What readers know is what is left: its newest update says how the incident stands."""
    left = list(public.updates.filter(state=PUBLISHED).order_by("published_at", "pk"))
    public.updated_at = at
    ended_at = public.resolved_at
    public.monitoring_at = public.resolved_at = None
    if left:
        public.status = left[-1].status
        public.first_published_at = left[0].published_at
        public.monitoring_at, public.resolved_at = _marks(left)
        if public.resolved_at is not None:
            public.resolved_at = ended_at  # what was told afterwards keeps its true end
        public.impact = _impact(public)
    else:
        public.status, public.impact = Status.INVESTIGATING, PublicIncident.Impact.NONE
        public.first_published_at = public.began_at = public.written_at = None
    public.save()
    promised = left[-1].next_update_at if left and left[-1].status not in LAST_WORDS else None
    if promised is not None:
        obligations.owe(Obligation.Kind.PUBLIC_UPDATE, incident.label, due_at=promised, at=at)
    else:
        why = "What was published was removed." if not left else "The last public update is out."
        obligations.waive(Obligation.Kind.PUBLIC_UPDATE, incident.label, by=by, at=at, reason=why)


def _marks(left: list[StatusUpdate]) -> tuple[datetime | None, datetime | None]:
    """When it was first being watched and when it ended, by the updates that are left; going back takes a mark away."""
    monitoring: datetime | None = None
    resolved: datetime | None = None
    for one in left:
        is_over = one.status in LAST_WORDS
        resolved = (resolved or one.published_at) if is_over else None
        monitoring = (monitoring or one.published_at) if one.status == Status.MONITORING else monitoring
        if not is_over and one.status != Status.MONITORING:
            monitoring = None
    return monitoring, resolved


def _impact(public: PublicIncident) -> str:
    """While open how hard it hits now, once over how hard it hit at its worst."""
    if public.resolved_at is None:
        return rollup.impact(one.status for one in public.components.all())
    peak = "none"
    for update in load.published_updates(public):
        peak = rollup.worse_impact(peak, rollup.impact(one.new_status for one in update.affected))
    return peak
