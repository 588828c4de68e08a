"""Making an incident that runs a security incident: nobody below a responder sees it from then on."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import clocks, timeline
from incidents.response.models import Incident, IncidentLink, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Refused
from opsportal.models import Delivery, User
from opsportal.outbox import rewording
from opsportal.privacy import guard
from opsportal.roles import Role

Nature = Incident.Nature


@transaction.atomic
def hide(incident: Incident, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Hide it from viewers, stop its public clocks, and take its words out of what has not left yet.

    There is no way back: what was written since stays hidden.

    Refused once readers know of it, and while other rooms name it: those would go on telling of it.
    """
    incident = Incident.objects.select_for_update(of=("self",)).select_related("domain").get(pk=incident.pk)
    if incident.nature == Nature.SECURITY:
        raise Refused("ALREADY_SECURITY", "It is a security incident already.")
    if not reason.strip():
        raise Refused("REASON_MISSING", "Say what makes it a security incident.")
    guard.require_clean(reason)
    if clocks.is_public(incident):
        raise Refused(
            "READERS_KNOW",
            "Readers of the status page know of it. Declare what must stay hidden as an incident of its own.",
        )
    if _is_named_elsewhere(incident):
        raise Refused("NAMED_ELSEWHERE", "Other incidents name this one. Take the links away or split it again first.")
    old, incident.nature = incident.nature, Nature.SECURITY
    incident.save(update_fields=["nature"])
    waived = "A security incident is never public."
    for kind in (Obligation.Kind.FIRST_PUBLIC_UPDATE, Obligation.Kind.PUBLIC_UPDATE):
        obligations.waive(kind, incident.label, by=by, at=at, reason=waived)
    _take_words_out(incident, at=at)
    return timeline.record(incident, Kind.NATURE, by=by, at=at, old=old, new=incident.nature, text=reason.strip())


def _take_words_out(incident: Incident, *, at: datetime) -> None:
    """Messages that wait, or may be replayed, say its label and severity. Calls find their words when they leave.

    An issue that is not open yet is not opened (one that is, is closed by a reaction), and viewers who watch it are
    not told.
    """
    events = [f"incident:{incident.number}", *(f"alert:{one.pk}" for one in incident.alerts.all())]
    watching = incident.watchers.filter(person__role=Role.VIEWER).values_list("person", flat=True)
    which = Q(channel=Delivery.Channel.GITHUB, act=Delivery.Act.TELL)
    for pk in watching:
        which |= Q(key__endswith=f":watcher:{pk}")
    rewording.withdraw(events, which, at=at)
    subject = f"{incident.warning}{incident.label} {incident.severity}"
    rewording.reword(events, subject=subject, body=f"{settings.BASE_URL}{incident.get_absolute_url()}")


def _is_named_elsewhere(incident: Incident) -> bool:
    linked = IncidentLink.objects.filter(incident=incident) | IncidentLink.objects.filter(other=incident)
    return incident.merged_into_id is not None or incident.merged.exists() or linked.exists()
