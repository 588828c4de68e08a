"""Which clocks of an incident start and stop when it changes. Called inside the actions' transactions."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import policy, states
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind
from opsportal.models import User

Owed = Obligation.Kind
# What an incident owes once it is over. A rehearsal proves nothing and teaches no report; what was over before it was
# written down has recovered long ago, but its report is why it is written down.
PROOFS: dict[str, tuple[Owed, ...]] = {
    Incident.Mode.STANDARD: (Owed.VERIFICATION, Owed.POSTMORTEM),
    Incident.Mode.RETROSPECTIVE: (Owed.POSTMORTEM,),
    Incident.Mode.TEST: (),
    Incident.Mode.DRILL: (),
}


def start(incident: Incident, *, at: datetime) -> None:
    """On opening: somebody has to acknowledge at once; public clocks run only for a severity that a person chose.

    Of what was over before it was written down, only the report is owed.
    """
    if incident.mode == Incident.Mode.RETROSPECTIVE:
        _owe_afterwards(incident, at=at)
        return
    due = at + policy.of(incident.severity).acknowledge
    obligations.owe(Owed.ACKNOWLEDGE, incident.label, due_at=due, at=at, owner=incident.domain.primary)
    if incident.severity_confirmed:
        start_public(incident, at=at)


def start_public(incident: Incident, *, at: datetime) -> None:
    """The public clock: the first word if there was none yet, else the next one; none for what is not for the world.

    One that runs is never put off: readers were told a time, and late stays late.
    """
    if not incident.has_public_clocks:
        return
    rules = policy.of(incident.severity)
    if is_public(incident):
        _owe_by(Owed.PUBLIC_UPDATE, incident, due_at=at + rules.public_every, at=at)
    elif rules.first_public is not None:
        _owe_by(Owed.FIRST_PUBLIC_UPDATE, incident, due_at=at + rules.first_public, at=at)


def change_severity(incident: Incident, *, old: str | None, by: User, at: datetime, reason: str) -> None:
    """A new severity has other periods: running clocks move to the sooner time, needless ones are waived.

    A public clock that stands still was stopped for a reason: it starts only when it is worse now than `old`, or when
    no person had chosen a severity before, which is None.
    """
    rules = policy.of(incident.severity)
    if rules.first_public is None:
        obligations.waive(
            Owed.FIRST_PUBLIC_UPDATE, incident.label, by=by, at=at, reason=f"Now {incident.severity}: {reason}"
        )
    running = set(Obligation.objects.open().filter(subject=incident.label).values_list("kind", flat=True))
    if Owed.PUBLIC_UPDATE in running:
        _owe_by(Owed.PUBLIC_UPDATE, incident, due_at=at + rules.public_every, at=at)
    elif Owed.FIRST_PUBLIC_UPDATE in running or old is None or states.is_lower(old, than=incident.severity):
        start_public(incident, at=at)


def stop(incident: Incident, *, by: User, at: datetime) -> None:
    """On resolving: no first public word is owed any more unless it is late already; proof and report are owed now."""
    obligations.meet(Owed.ACKNOWLEDGE, incident.label, at=at)
    _owe_afterwards(incident, at=at)
    first = Obligation.objects.open().filter(kind=Owed.FIRST_PUBLIC_UPDATE, subject=incident.label).first()
    if first is not None and first.due_at >= at:
        obligations.waive(
            Owed.FIRST_PUBLIC_UPDATE, incident.label, by=by, at=at, reason="Resolved before a public update was due."
        )


def _owe_afterwards(incident: Incident, *, at: datetime) -> None:
    """Proof and report, as the worst severity asks for them."""
    rules = policy.of(incident.severity_peak)
    periods = {Owed.VERIFICATION: rules.verification, Owed.POSTMORTEM: rules.postmortem}
    for kind in PROOFS[incident.mode]:
        if (within := periods[kind]) is not None:
            _owe(kind, incident, due_at=at + within, at=at)


def start_again(incident: Incident, *, by: User, at: datetime) -> None:
    """On reopening: the public clock runs; proof and report wait until it is resolved again."""
    start_public(incident, at=at)
    reason = "Reopened: its clock starts again when the incident is resolved."
    for kind in (Owed.VERIFICATION, Owed.POSTMORTEM):
        obligations.waive(kind, incident.label, by=by, at=at, reason=reason)


def is_public(incident: Incident) -> bool:
    """True while something about it is on the status page."""
    return told(incident).exists()


def told(incident: Incident) -> "QuerySet[TimelineEvent]":
    """What readers were told and can still read, in the order in which they got it."""
    removed = incident.timeline.filter(kind=Kind.PUBLIC_REMOVAL, corrects=OuterRef("pk"))
    published = incident.timeline.filter(~Exists(removed), kind=Kind.PUBLIC_UPDATE)
    return published.order_by("occurred_at", "id")


def _owe(kind: str, incident: Incident, *, due_at: datetime, at: datetime) -> None:
    obligations.owe(kind, incident.label, due_at=due_at, at=at, owner=incident.domain.primary)


def _owe_by(kind: str, incident: Incident, *, due_at: datetime, at: datetime) -> None:
    """By that time or sooner: a clock of the kind that runs already moves forward only."""
    running = Obligation.objects.open().filter(kind=kind, subject=incident.label).first()
    _owe(kind, incident, due_at=due_at if running is None else min(due_at, running.due_at), at=at)
