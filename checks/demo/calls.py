"""How the demo's people are reached, and whom its newest alarms called."""

from datetime import datetime, timedelta

from incidents.alerts.models import Alert
from incidents.oncall import queries as oncall
from incidents.paging import calling, rules
from incidents.paging.models import Call, CallLine, Reach
from incidents.response.models import Incident
from opsportal.models import Delivery, User
from opsportal.outbox import ways
from opsportal.outbox.models import PEOPLE, Channel
from opsportal.secrets.sealed import seal

# Role, name of the way, and how many days ago somebody answered from there. Mail leaves only where EMAIL_URL is set.
_WAYS = (
    ("responder", "Phone", 6),
    ("responder", "Work mail", 40),
    ("publisher", "Work mail", 131),
    ("admin", "Work mail", 12),
)
_NEWEST = 8


def load(cast: dict[str, User], at: datetime) -> None:
    """Ways with proofs of any age, and the calls of the newest incidents as they went."""
    for place, (role, name, days) in enumerate(_WAYS):
        Reach.objects.create(
            person=cast[role],
            name=name,
            channel=Channel.EMAIL,
            address=seal(f"{role}-{place}@example.org"),
            position=place,
            created_at=at - timedelta(days=days + 30),
            asked_at=at - timedelta(days=days, minutes=2),
            proved_at=at - timedelta(days=days),
        )
    newest = Incident.objects.filter(mode=Incident.Mode.STANDARD).order_by("-declared_at", "-number")[:_NEWEST]
    for incident in newest.select_related("domain", "acknowledged_by"):
        _called(incident)


def _called(incident: Incident) -> None:
    at = incident.declared_at
    alert = Alert.objects.filter(incident=incident).order_by("fired_at", "pk").first()
    if alert is None and incident.source == Incident.Source.ALERT:
        return
    rule = rules.at(incident.counts_as, at)
    call = Call.objects.create(
        incident=incident, alert=alert, severity=incident.counts_as, started_at=at, **vars(rule)
    )  # fmt: skip
    who = oncall.on_call(incident.domain, at).first
    if who.person is None:
        CallLine.objects.create(call=call, stage="first", at=at, why=f"Nobody answers for {who.handle}: {who.why}.")
    elif who.person.pk == incident.declared_by_id and alert is None:
        why = f"{who.name} is on call and declared it."
        CallLine.objects.create(call=call, stage="first", at=at, person=who.person, why=why)
    else:
        for reach in Reach.objects.proved().filter(person=who.person).order_by("position"):
            _message(call, who, reach)
    call.ended_because = calling.over(call, incident)
    call.ended_at = (incident.acknowledged_at or incident.resolved_at or at) if call.ended_because else None
    call.save(update_fields=["ended_because", "ended_at"])


def _message(call: Call, who: oncall.Who, reach: Reach) -> None:
    incident, at = call.incident, call.started_at
    why = f"First on call for {incident.domain.name}: {who.why}"[:300]
    line = CallLine.objects.create(call=call, stage="first", at=at, person=who.person, reach=reach, why=why)
    line.delivery = Delivery.objects.create(
        key=f"call:{call.pk}:first:{reach.pk}",
        event=f"call:{call.pk}",
        because=why[:200],
        channel=reach.channel,
        destination=f"@{who.name}",
        recipient=f"{calling.REFERENCE}:{line.pk}",
        route=ways.for_crowd(reach.channel, PEOPLE).name,
        priority=Delivery.Priority.WRITTEN,
        subject=f"{incident.label} {call.severity} {incident.title}"[:200],
        body=f"Nobody has it yet. {why}.",
        state=Delivery.State.SENT,
        attempts=1,
        due_at=at,
        created_at=at,
        sent_at=at + timedelta(seconds=3),
    )
    line.save(update_fields=["delivery"])
