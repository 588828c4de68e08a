"""An incident's checklist: the copy it starts with, and what people do with its steps.

The copy is taken from the template when the incident opens, so a later change of the template touches no incident.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents.response import timeline
from incidents.response.models import ChecklistStep, ChecklistTemplateStep, Incident, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

MOST_STEPS = 120


def copy_to(incident: Incident) -> None:
    """Give the incident its own copy of every step."""
    ChecklistStep.objects.bulk_create(
        ChecklistStep(
            incident=incident,
            phase=one.phase,
            position=position,
            text=one.text,
            link=one.link,
            command=one.command,
            mandatory_from=one.mandatory_from,
        )
        for position, one in enumerate(ChecklistTemplateStep.objects.order_by("position", "pk"))
    )


@transaction.atomic
def tick(step: ChecklistStep, *, by: User, at: datetime) -> TimelineEvent:
    """Mark a step as done; one that was not applicable has become so."""
    step, incident = _locked(step)
    if step.ticked_at is not None:
        raise Refused("ALREADY_TICKED", f"{step.ticked_by} has ticked this step already.")
    old = "skipped" if step.skipped_at else ""
    step.ticked_at, step.ticked_by = at, by
    step.skipped_at, step.skipped_by, step.skip_reason = None, None, ""
    return _save(step, incident, old=old, new="ticked", by=by, at=at)


@transaction.atomic
def untick(step: ChecklistStep, *, by: User, at: datetime) -> TimelineEvent:
    """Take a tick back; both stay on the timeline."""
    step, incident = _locked(step)
    if step.ticked_at is None:
        raise Refused("NOT_TICKED", "This step is not ticked.")
    step.ticked_at, step.ticked_by = None, None
    return _save(step, incident, old="ticked", new="unticked", by=by, at=at)


@transaction.atomic
def skip(step: ChecklistStep, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Say that a step does not apply here, and why; a mandatory one counts as done then."""
    step, incident = _locked(step)
    reason = reason.strip()
    if step.ticked_at is not None:
        raise Refused("ALREADY_TICKED", f"{step.ticked_by} has ticked this step already.")
    if step.skipped_at is not None:
        raise Refused("ALREADY_SKIPPED", f"{step.skipped_by} has said already that this step does not apply.")
    if not reason:
        raise Refused("REASON_MISSING", "Say why this step does not apply here.")
    guard.require_clean(reason)
    step.skipped_at, step.skipped_by, step.skip_reason = at, by, reason[:200]
    return _save(step, incident, old="", new="skipped", by=by, at=at)


@transaction.atomic
def unskip(step: ChecklistStep, *, by: User, at: datetime) -> TimelineEvent:
    """The step applies after all."""
    step, incident = _locked(step)
    if step.skipped_at is None:
        raise Refused("NOT_SKIPPED", "This step was not left out.")
    step.skipped_at, step.skipped_by, step.skip_reason = None, None, ""
    return _save(step, incident, old="skipped", new="unskipped", by=by, at=at)


@dataclass(frozen=True)
class Addition:
    """A step that comes from elsewhere, such as a runbook."""

    text: str
    link: str = ""
    command: str = ""


@transaction.atomic
def add(incident: Incident, additions: Sequence[Addition], *, phase: str, source: str, by: User, at: datetime) -> int:
    """Put steps behind those of a phase, as optional ones; how many are new. What is there already stays as it is."""
    incident = _open(incident.pk)
    there = list(incident.checklist.values_list("position", "text", "link"))
    known = {(text, link) for _, text, link in there}
    new = [one for one in additions if (one.text[:200], one.link) not in known]
    if phase not in ChecklistStep.Phase.values:
        raise Refused("PHASE_UNKNOWN", "Choose one of the five phases.")
    if not new:
        raise Refused("STEPS_THERE", "These steps are in the checklist already.")
    if len(there) + len(new) > MOST_STEPS:
        raise Refused("CHECKLIST_FULL", f"A checklist has at most {MOST_STEPS} steps. Take fewer.")
    end = max((position for position, _, _ in there), default=-1) + 1
    for one in new:
        guard.require_clean(f"{one.text}\n{one.command}")
    ChecklistStep.objects.bulk_create(
        ChecklistStep(
            incident=incident,
            phase=phase,
            position=position,
            text=one.text[:200],
            link=one.link,
            command=one.command if len(one.command) <= 200 else "",
        )
        for position, one in enumerate(new, start=end)
    )
    text = "\n".join([source, *(one.text[:200] for one in new)])
    timeline.record(incident, Kind.CHECKLIST, by=by, at=at, new="added", text=text)
    return len(new)


def _open(pk: int) -> Incident:
    """Locked, and not closed: what closed it must not change under it."""
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=pk)
    if incident.closed_at is not None:
        raise Refused("INCIDENT_CLOSED", "The incident is closed. Reopen it before you change its checklist.")
    return incident


def _locked(step: ChecklistStep) -> tuple[ChecklistStep, Incident]:
    """The incident first, as everywhere."""
    incident = _open(step.incident_id)
    return ChecklistStep.objects.select_related("ticked_by", "skipped_by").get(pk=step.pk), incident


def _save(step: ChecklistStep, incident: Incident, *, old: str, new: str, by: User, at: datetime) -> TimelineEvent:
    """The step's words are the event's first line, the reason stands below."""
    step.save(update_fields=["ticked_at", "ticked_by", "skipped_at", "skipped_by", "skip_reason"])
    return timeline.record(incident, Kind.CHECKLIST, by=by, at=at, old=old, new=new, text=told(step))


def told(step: ChecklistStep) -> str:
    """The words of the row that says what became of a step."""
    return f"{step.text}\n{step.skip_reason}" if step.skip_reason else step.text
