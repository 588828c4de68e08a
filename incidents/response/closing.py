"""The gate between resolved and closed: what is missing, and the act that goes through it.

It asks for rows only: the steps, the last public word, and the duties of the incident, whoever owes and settles them.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents.obligations.models import Obligation
from incidents.response import clocks, queries, timeline, watching
from incidents.response.models import ChecklistStep, Incident, TimelineEvent
from incidents.response.states import Kind, Severity
from opsportal.errors import Refused
from opsportal.models import User

Owed = Obligation.Kind
CHECKLIST, LAST_WORD = "checklist", "last_word"
_PROOFS = {
    Owed.VERIFICATION: "Nobody has verified the recovery.",
    Owed.POSTMORTEM: "The post-mortem is not reviewed.",
}


@dataclass(frozen=True)
class Facts:
    """What the gate looks at. `running` are clocks that run, `settled` those whose last one was met or waived;
    `proofs` what a big one of its mode is asked for.
    """

    severity_peak: str
    open_steps: int = 0
    readers_wait: bool = False
    running: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    proofs: tuple[str, ...] = tuple(_PROOFS)


@dataclass(frozen=True)
class Missing:
    """One thing that keeps the gate shut: `what` is checklist, last_word or the kind of a duty."""

    what: str
    sentence: str

    @property
    def may_be_waived(self) -> bool:
        return self.what in set(Owed) - {Owed.ACKNOWLEDGE}


def what_is_missing(facts: Facts) -> list[Missing]:
    """Nothing for an incident that may be closed.

    Every severity needs its mandatory steps of Triage to Recover, the last word to readers who were told, and no duty
    that still runs; a SEV-1 or SEV-2 also a verified recovery and a reviewed report, or a reason why not. Steps
    bind only what happens now, and a test is asked for no proof (decision 0019).
    """
    found = []
    if facts.open_steps:
        many = "step is" if facts.open_steps == 1 else "steps are"
        found.append(Missing(CHECKLIST, f"{facts.open_steps} mandatory {many} open."))
    if facts.readers_wait:
        found.append(Missing(LAST_WORD, "Readers were told of it and have not had a final update."))
    is_big = Severity(facts.severity_peak).is_at_least(Severity.SEV2)
    for kind, sentence in _PROOFS.items():
        if kind in facts.running or (is_big and kind in facts.proofs and kind not in facts.settled):
            found.append(Missing(kind, sentence))
    answered = {*_PROOFS, *((Owed.PUBLIC_UPDATE,) if facts.readers_wait else ())}
    for kind in Owed:
        if kind in facts.running and kind not in answered:
            found.append(Missing(kind, f"{kind.label} is still owed."))
    return found


def missing(incident: Incident) -> list[Missing]:
    """What keeps this incident from being closed. A merged one goes on in the other room and needs nothing here."""
    return [] if incident.merged_into_id else what_is_missing(_facts(incident))


@transaction.atomic
def close(incident: Incident, *, by: User, at: datetime) -> TimelineEvent:
    """Nothing is left to do. What is missing is named, and everything is looked at under the lock."""
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if incident.is_open:
        raise Refused("NOT_RESOLVED", "The incident still runs. Resolve it first.")
    if incident.is_closed:
        raise Refused("ALREADY_CLOSED", "The incident is closed already.")
    if found := missing(incident):
        raise Refused("NOT_READY_TO_CLOSE", " ".join(one.sentence for one in found))
    incident.closed_at, incident.closed_by = at, by
    incident.save(update_fields=["closed_at", "closed_by"])
    event = timeline.record(incident, Kind.CLOSED, by=by, at=at)
    key, because = f"incident:{incident.number}:turn:{event.pk}", f"{incident.label} took a turn"
    watching.announce(incident, key=key, what=f"{incident.severity_peak}: closed", because=because, at=at)
    return event


def is_in_the_way(step: ChecklistStep) -> bool:
    """A mandatory step of the phases before Post-Incident that nobody ticked or left out."""
    return step.phase != ChecklistStep.Phase.POST_INCIDENT and step.is_mandatory and not step.is_settled


def _facts(incident: Incident) -> Facts:
    duties = Obligation.objects.filter(subject=incident.label).order_by("pk")
    last = {one.kind: one for one in duties}
    running = frozenset(kind for kind, one in last.items() if one.is_running)
    return Facts(
        severity_peak=incident.severity_peak,
        open_steps=sum(is_in_the_way(step) for step in incident.checklist.all()),
        readers_wait=queries.readers_wait(incident),
        running=running,
        settled=frozenset(last) - running,
        proofs=clocks.PROOFS[incident.mode],
    )
