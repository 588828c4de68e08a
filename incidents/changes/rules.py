"""The rules of releases, as rows that admins edit: verification, advice, signature, checklist."""

from dataclasses import dataclass
from hashlib import blake2s

from django.db import transaction

from incidents.changes.release import ChangePolicy
from incidents.changes.states import Kind
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

STEPS, CHARACTERS = 20, 200
# The least and the most.
VERIFY, FAILURES = (5, 1440), (1, 10)


@dataclass(frozen=True)
class Rules:
    """What holds for one kind of change; `verify_minutes` None: nothing is owed."""

    verify_minutes: int | None
    advice_failures: int
    needs_sign_off: bool
    checklist: str

    @property
    def mark(self) -> str:
        """What a form carries to know that nobody changed the row meanwhile."""
        return blake2s(repr(tuple(vars(self).values())).encode(), digest_size=8).hexdigest()


def every() -> list[ChangePolicy]:
    """All kinds, in their usual order."""
    found = ChangePolicy.objects.in_bulk()
    return [found[kind.value] for kind in Kind]


def of(row: ChangePolicy) -> Rules:
    return Rules(row.verify_minutes, row.advice_failures, row.needs_sign_off, row.checklist)


@transaction.atomic
def change(kind: str, rules: Rules, *, seen: str, by: User) -> ChangePolicy:
    """Set other rules for changes to come. `seen` is the mark of the row that the admin edited."""
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.ADMIN.label}.")
    row = ChangePolicy.objects.select_for_update().get(pk=Kind(kind))
    before = of(row)
    if before.mark != seen:
        raise Conflict("RULES_CHANGED", "Somebody else changed these rules meanwhile. Nothing was saved.")
    _require(rules)
    changed = [name for name, value in vars(rules).items() if value != getattr(before, name)]
    for name in changed:
        setattr(row, name, getattr(rules, name))
    row.save()
    if changed:
        said = ", ".join(name if name == "checklist" else f"{name} {getattr(rules, name)}" for name in changed)
        audit.record("change.rules", by=by.username, object=row.kind, reason=said)
    return row


def _require(rules: Rules) -> None:
    guard.require_clean(rules.checklist)
    least, most = VERIFY
    if rules.verify_minutes is not None and not least <= rules.verify_minutes <= most:
        raise Refused("MINUTES_OUT_OF_BOUNDS", f"Minutes lie between {least} and {most}, or nothing is owed.")
    least, most = FAILURES
    if not least <= rules.advice_failures <= most:
        raise Refused("FAILURES_OUT_OF_BOUNDS", f"Failures lie between {least} and {most}.")
    lines = rules.checklist.splitlines()
    if len(lines) > STEPS or any(len(line) > CHARACTERS for line in lines):
        raise Refused("CHECKLIST_TOO_LONG", f"Up to {STEPS} steps of {CHARACTERS} characters, one a line.")
