"""The checklist that new incidents start with, as admins edit it. Open incidents keep the copy that they have."""

from dataclasses import dataclass

from django.db import transaction

from incidents.response.models import ChecklistStep, ChecklistTemplateStep
from incidents.response.states import Severity
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

Phase = ChecklistStep.Phase
_MOST = 60


@dataclass(frozen=True)
class Step:
    """What a step says. `link` leads into the portal or to an https address; `mandatory_from` may be empty."""

    phase: str
    text: str
    link: str = ""
    command: str = ""
    mandatory_from: str = ""

    @property
    def mark(self) -> str:
        """What a form carries to know that nobody changed the step meanwhile."""
        return "|".join(vars(self).values())


def of(row: ChecklistTemplateStep) -> Step:
    """The row as it stands."""
    return Step(row.phase, row.text, row.link, row.command, row.mandatory_from)


def phases() -> list[tuple[Phase, list[ChecklistTemplateStep]]]:
    """All five with their steps, in order."""
    rows = list(ChecklistTemplateStep.objects.order_by("position", "pk"))
    return [(phase, [row for row in rows if row.phase == phase]) for phase in Phase]


@transaction.atomic
def add(step: Step, *, by: User) -> ChecklistTemplateStep:
    """One more step, the last of its phase."""
    rows = _locked(by)
    _require(step)
    if len(rows) >= _MOST:
        raise Refused("TOO_MANY_STEPS", f"A checklist has {_MOST} steps at most. Take one away first.")
    row = ChecklistTemplateStep.objects.create(position=len(rows), **vars(step))
    _put_in_order([*rows, row])
    audit.record("checklist.add", by=by.username, object=step.phase, reason=step.text)
    return row


@transaction.atomic
def change(row: ChecklistTemplateStep, step: Step, *, seen: str, by: User) -> ChecklistTemplateStep:
    """Say a step in other words, or put it into another phase. `seen` is the mark of what the admin edited."""
    rows, row = _found(row, by)
    if of(row).mark != seen:
        raise Conflict("STEP_CHANGED", "Somebody else changed this step meanwhile. Nothing was saved.")
    _require(step)
    for name, value in vars(step).items():
        setattr(row, name, value)
    row.save()
    _put_in_order(rows)
    audit.record("checklist.change", by=by.username, object=step.phase, reason=step.text)
    return row


@transaction.atomic
def move(row: ChecklistTemplateStep, *, up: bool, by: User) -> None:
    """One place up or down in its phase; at its end nothing moves."""
    rows, row = _found(row, by)
    mine = [one for one in rows if one.phase == row.phase]
    place = mine.index(row)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(mine):
        return
    mine[place], mine[other] = mine[other], mine[place]
    _put_in_order([one for one in rows if one.phase != row.phase] + mine)
    audit.record("checklist.move", by=by.username, object=row.phase, reason=f"{'up' if up else 'down'}: {row.text}")


@transaction.atomic
def remove(row: ChecklistTemplateStep, *, by: User) -> None:
    """New incidents do without it. The last step stays: an empty checklist would let everything be closed."""
    rows, row = _found(row, by)
    if len(rows) == 1:
        raise Refused("LAST_STEP", "A checklist has one step at least. Add another one first.")
    audit.record("checklist.remove", by=by.username, object=row.phase, reason=row.text)
    row.delete()
    _put_in_order([one for one in rows if one.pk != row.pk and one.pk is not None])


def _require(step: Step) -> None:
    if step.phase not in set(Phase):
        raise Refused("PHASE_UNKNOWN", "Choose one of the five phases.")
    if step.mandatory_from not in {"", *Severity}:
        raise Refused("SEVERITY_UNKNOWN", "Choose from which severity the step is mandatory.")
    if not step.text.strip():
        raise Refused("TEXT_MISSING", "Say what has to be done.")
    is_inside = step.link.startswith("/") and not step.link.startswith("//")
    if step.link and not is_inside and not step.link.startswith("https://"):
        raise Refused("LINK_UNKNOWN", "A link begins with / for a page of the portal, or with https://.")
    for text in (step.text, step.link, step.command):
        guard.require_clean(text)


def _locked(by: User) -> list[ChecklistTemplateStep]:
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.ADMIN.label}.")
    return list(ChecklistTemplateStep.objects.select_for_update().order_by("position", "pk"))


def _found(row: ChecklistTemplateStep, by: User) -> tuple[list[ChecklistTemplateStep], ChecklistTemplateStep]:
    rows = _locked(by)
    found = next((one for one in rows if one.pk == row.pk), None)
    if found is None:
        raise Refused("STEP_GONE", "Somebody has taken this step away.")
    return rows, found


def _put_in_order(rows: list[ChecklistTemplateStep]) -> None:
    """Number them anew, phase by phase."""
    order = {phase.value: place for place, phase in enumerate(Phase)}
    for position, row in enumerate(sorted(rows, key=lambda one: order[one.phase])):
        row.position = position
    ChecklistTemplateStep.objects.bulk_update(rows, ["position"])
