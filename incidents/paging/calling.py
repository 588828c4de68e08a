"""Calling people: an alarm becomes a call, a call becomes messages, and an acknowledgement ends it.

Every step locks the incident first, as the acknowledgement does: whichever comes first, the other one sees it.
What a call sends, and why it keeps silent, is a row beside it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from incidents.alerts.models import Alert
from incidents.oncall import queries as oncall
from incidents.oncall.queries import Who
from incidents.paging import rules
from incidents.paging.models import Call, CallLine, PagingRule, Reach
from incidents.response.models import Incident
from opsportal import background, turns
from opsportal.models import Delivery, User
from opsportal.outbox import actions as outbox
from opsportal.outbox import copies
from opsportal.outbox.copies import Copy
from opsportal.outbox.models import PEOPLE, Channel
from opsportal.privacy import guard

REFERENCE = "page"
_BATCH = 200
_SILENT_MODES = {
    Incident.Mode.TEST: "Test incidents call nobody.",
    Incident.Mode.RETROSPECTIVE: "It was over before it was written down.",
}


@dataclass(frozen=True)
class _Alarm:
    """What calls: an alert that fires, or an incident that a person declared; and since when."""

    incident: Incident
    alert: Alert | None
    since: datetime


@transaction.atomic
def begin(incident: Incident, *, at: datetime) -> int:
    """Call for everything of this incident that has not called yet; how many calls began. Safe to run twice."""
    incident = _locked(incident.pk)
    return sum(_begin(alarm, at=at) for alarm in _uncalled(incident))


def sweep(at: datetime) -> int:
    """Call backups whose time has come; how many messages. Safe beside itself.

    Only those: what waits for a person alone may wait for days, and must not stand before them.
    """
    due = (
        Call.objects.open()
        .filter(backup_due_at__lte=at)
        .order_by("backup_due_at")
        .values_list("pk", flat=True)[:_BATCH]
    )
    return sum(turns.each(list(due), lambda pk: go_on(pk, at=at)))


@transaction.atomic
def settle(incident: Incident, *, at: datetime) -> None:
    """End the calls of an incident that somebody has taken, or that is over; what waits is not sent."""
    incident = _locked(incident.pk)
    for call in Call.objects.open().filter(incident=incident).select_related("alert__acknowledged_by"):
        _end_if_over(call, incident, at=at)


@transaction.atomic
def call_backup_now(call: Call, *, at: datetime) -> None:
    """A message will not arrive: whoever comes next is not kept waiting for it."""
    Call.objects.open().filter(pk=call.pk, backup_due_at__gt=at).update(backup_due_at=at)
    background.after_commit("incidents.call_backup", call_id=call.pk)


def over(call: Call, incident: Incident) -> str:
    """Why nothing more is sent, in words; empty while somebody has to be found."""
    alert = call.alert
    if incident.acknowledged_at is not None:
        return f"{incident.acknowledged_by or 'Somebody'} has {incident.label}."
    if alert is not None and alert.acknowledged_at is not None:
        return f"{alert.acknowledged_by or 'Somebody'} has this alert."
    if incident.merged_into_id is not None:
        return f"{incident.label} was merged into another room."
    if not incident.is_open:
        return f"{incident.label} is over."
    if alert is not None and alert.recovered_at:
        return "It recovered by itself."
    if alert is not None and alert.resolved_at:
        return "Its check was archived or removed."
    return ""


def _locked(pk: int) -> Incident:
    rows = Incident.objects.select_for_update(of=("self",)).select_related("domain", "acknowledged_by")
    return rows.get(pk=pk)


def _uncalled(incident: Incident) -> list[_Alarm]:
    alerts = Alert.objects.filter(incident=incident, resolved_at=None, call=None).select_related("acknowledged_by")
    found = [_Alarm(incident, one, one.fired_at) for one in alerts.order_by("fired_at", "pk")]
    by_hand = incident.source != Incident.Source.ALERT
    if by_hand and not Call.objects.filter(incident=incident, alert=None).exists():
        found.insert(0, _Alarm(incident, None, incident.declared_at))
    return found


def _begin(alarm: _Alarm, *, at: datetime) -> int:
    incident = alarm.incident
    rule = rules.at(incident.counts_as, max(alarm.since, incident.declared_at))
    call = Call.objects.create(
        incident=incident,
        alert=alarm.alert,
        severity=incident.counts_as,
        started_at=at,
        backup_due_at=_backup_due(rule, at),
        **vars(rule),
    )
    silence = _SILENT_MODES.get(Incident.Mode(incident.mode), "") or over(call, incident)
    if not silence and rule.whom == PagingRule.Whom.NOBODY:
        silence = f"The rule of {call.severity} calls nobody; the ops channel was told."
    if silence:
        _keep_silent(call, CallLine.Stage.FIRST, silence, at=at)
        _end(call, silence, at=at)
        return 1
    pair = oncall.on_call(incident.domain, at)
    told = _tell(call, incident, CallLine.Stage.FIRST, pair.first, at=at)
    if rule.whom == PagingRule.Whom.BOTH or not told:
        call.backup_due_at = None
        told += _tell(call, incident, CallLine.Stage.BACKUP, pair.backup, at=at)
        call.save(update_fields=["backup_due_at"])
    if not told:
        _say_that_nobody_is_called(call, incident, at=at)
    return 1


def _backup_due(rule: rules.Rule, at: datetime) -> datetime | None:
    if rule.whom != PagingRule.Whom.FIRST or rule.backup_minutes is None:
        return None
    return at + timedelta(minutes=rule.backup_minutes)


@transaction.atomic
def go_on(pk: int, *, at: datetime) -> int:
    """Call the backup if its time has come and somebody still has to be found; how many messages. Safe to run twice."""
    found = Call.objects.open().filter(pk=pk).values_list("incident_id", flat=True).first()
    if found is None:
        return 0
    incident = _locked(found)
    call = Call.objects.open().select_related("alert__acknowledged_by").filter(pk=pk).first()
    if call is None or _end_if_over(call, incident, at=at):
        return 0
    if call.backup_due_at is None or call.backup_due_at > at:
        return 0
    call.backup_due_at = None
    call.save(update_fields=["backup_due_at"])
    told = _tell(call, incident, CallLine.Stage.BACKUP, oncall.on_call(incident.domain, at).backup, at=at)
    if not told:
        _say_that_nobody_is_called(call, incident, at=at)
    return told


def _end_if_over(call: Call, incident: Incident, *, at: datetime) -> bool:
    because = over(call, incident)
    if because:
        _end(call, because, at=at)
        waiting = CallLine.objects.filter(call=call).exclude(delivery=None).values("delivery")
        # What the outbox takes out at this moment waits for our incident, and is asked then whether it is still wanted.
        free = Delivery.objects.untouched().filter(pk__in=waiting).select_for_update(skip_locked=True)
        Delivery.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(
            state=Delivery.State.DEAD, last_error="answered", failed_at=at
        )
    return bool(because)


def _end(call: Call, because: str, *, at: datetime) -> None:
    call.ended_at, call.ended_because, call.backup_due_at = at, because[:200], None
    call.save(update_fields=["ended_at", "ended_because", "backup_due_at"])


def _tell(call: Call, incident: Incident, stage: CallLine.Stage, who: Who, *, at: datetime) -> int:
    """Promise the messages of one stage; how many. Each silence is written down, too."""
    person = who.person
    if person is None:
        _keep_silent(call, stage, f"Nobody answers for {who.handle or 'this seat'}: {who.why}.", at=at)
        return 0
    if incident.declared_by_id == person.pk and call.alert is None and stage == CallLine.Stage.FIRST:
        _keep_silent(call, stage, f"{person.username} is on call and declared it.", at=at, person=person)
        return 1
    if CallLine.objects.filter(call=call, person=person).exclude(stage=stage).exists():
        _keep_silent(call, stage, f"{person.username} has both seats.", at=at, person=person)
        return 0
    found = ways_to(person, call.how)
    for reach in found:
        why = f"{stage.label} on call for {incident.domain.name}: {who.why}"
        row = CallLine.objects.create(call=call, stage=stage, at=at, person=person, reach=reach, why=why[:300])
        _promise(row, incident, person, reach, at=at)
    if not found:
        only_mail = Reach.objects.proved().filter(person=person).exists()
        lacks = "only e-mail is verified, and mail is not set up" if only_mail else "no verified contact method"
        _keep_silent(call, stage, f"{person.username} has {lacks}.", at=at, person=person)
    return len(found)


def ways_to(person: User, how: str) -> list[Reach]:
    """The proved ways that can carry a message now, in the person's order."""
    found = Reach.objects.proved().filter(person=person).order_by("position", "pk")
    if not settings.EMAIL_CONFIGURED:
        found = found.exclude(channel=Channel.EMAIL)
    return list(found[:1] if how == PagingRule.How.ONE else found)


def _promise(row: CallLine, incident: Incident, person: User, reach: Reach, *, at: datetime) -> None:
    event = f"call:{row.call_id}"
    key = f"{event}:{row.stage}:{reach.pk}"
    copies.enqueue(
        [
            Copy(
                key=key,
                recipient=f"{REFERENCE}:{row.pk}",
                channel=reach.channel,
                subject=subject(row.call, incident),
                body=_body(row, incident),
            )
        ],
        event=event,
        because=row.why,
        at=at,
        crowd=PEOPLE,
        destination=f"@{person.username}",
    )
    row.delivery = Delivery.objects.get(key=key)
    row.save(update_fields=["delivery"])


def subject(call: Call, incident: Incident) -> str:
    """What it is in a line; of a security incident, its label and severity."""
    proposed = "" if incident.severity_confirmed else " (proposed)"
    title = f" {incident.title}" if incident.nature == Incident.Nature.STANDARD else ""
    return guard.cleaned(f"{incident.warning}{incident.label} {call.severity}{proposed}{title}")[:200]


def _body(row: CallLine, incident: Incident) -> str:
    """What to do, why it is you, and what happens if you do not."""
    due = row.call.backup_due_at
    after = f" If nobody has it at {due:%H:%M} UTC, the backup is called." if due else ""
    return (
        f"Nobody has it yet. Acknowledge it in the room:\n{settings.BASE_URL}{incident.get_absolute_url()}\n"
        f"{row.why}.{after}"
    )


def _keep_silent(call: Call, stage: CallLine.Stage, why: str, *, at: datetime, person: User | None = None) -> None:
    CallLine.objects.create(call=call, stage=stage, at=at, person=person, why=why[:300])


def _say_that_nobody_is_called(call: Call, incident: Incident, *, at: datetime) -> None:
    """The last resort is the channel that everybody reads; a house that calls nobody yet has its own message there."""
    if not Reach.objects.proved().exists():
        return
    outbox.tell_operators(
        key=f"call:{call.pk}:nobody",
        subject=f"{incident.warning}{incident.label} {call.severity}: nobody could be called",
        body=f"{incident.domain.name}: neither the first nor the backup is reached. Whoever reads this takes it.\n"
        f"{settings.BASE_URL}{incident.get_absolute_url()}",
        at=at,
        because="Nobody on call has a verified contact method",
        priority=Delivery.Priority.WRITTEN,
    )
