"""How soon what is owed, by severity: the operating documents' periods, as rows that admins change.

Three rows, read by their key when a clock starts: no cache, so every process knows a change with the next clock.
Clocks that run already keep their time (decision 0019).
"""

from dataclasses import dataclass, fields
from datetime import timedelta

from django.db import transaction

from incidents.response.models import SeverityPolicy
from incidents.response.states import Severity
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.roles import Role


@dataclass(frozen=True)
class Periods:
    """One row as numbers: minutes, the report in hours; None means that nothing is owed."""

    acknowledge_minutes: int
    first_public_minutes: int | None
    public_every_minutes: int
    verification_minutes: int | None
    postmortem_hours: int | None
    remind_before_minutes: int
    backup_after_minutes: int

    @property
    def mark(self) -> str:
        """What a form carries to know that nobody changed the row meanwhile: 0-15-30-60-48-5-5."""
        return "-".join("" if one is None else str(one) for one in vars(self).values())


@dataclass(frozen=True)
class Policy:
    """Periods of one severity; None means that nothing is owed."""

    periods: Periods

    @property
    def acknowledge(self) -> timedelta:
        return timedelta(minutes=self.periods.acknowledge_minutes)

    @property
    def first_public(self) -> timedelta | None:
        return _minutes(self.periods.first_public_minutes)

    @property
    def public_every(self) -> timedelta:
        return timedelta(minutes=self.periods.public_every_minutes)

    @property
    def verification(self) -> timedelta | None:
        return _minutes(self.periods.verification_minutes)

    @property
    def postmortem(self) -> timedelta | None:
        hours = self.periods.postmortem_hours
        return None if hours is None else timedelta(hours=hours)

    @property
    def remind_before(self) -> timedelta:
        return timedelta(minutes=self.periods.remind_before_minutes)

    @property
    def backup_after(self) -> timedelta:
        return timedelta(minutes=self.periods.backup_after_minutes)

    @property
    def words(self) -> str:
        """What it means for readers, on the cards where a severity is chosen."""
        first, every = self.periods.first_public_minutes, self.periods.public_every_minutes
        return f"Public within {first} min, then every {every} min." if first else "Public only if you decide so."


# The least and the most of each period. A clock of days for readers is a typing mistake.
BOUNDS: dict[str, tuple[int, int]] = {
    "acknowledge_minutes": (0, 240),
    "first_public_minutes": (1, 240),
    "public_every_minutes": (5, 1440),
    "verification_minutes": (5, 1440),
    "postmortem_hours": (1, 720),
    "remind_before_minutes": (0, 120),
    "backup_after_minutes": (0, 240),
}
OPTIONAL = ("first_public_minutes", "verification_minutes", "postmortem_hours")


def of(severity: str) -> Policy:
    """The periods of a severity: of("SEV-1").public_every is 30 minutes."""
    return _read(SeverityPolicy.objects.get(pk=Severity(severity)))


def every() -> dict[Severity, Policy]:
    """All three, the worst first."""
    return {Severity(row.severity): _read(row) for row in SeverityPolicy.objects.order_by("severity")}


@transaction.atomic
def change(severity: str, periods: Periods, *, seen: str, by: User) -> Policy:
    """Set other periods, from the next clock on. `seen` is the mark of the row that the admin edited."""
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.ADMIN.label}.")
    row = SeverityPolicy.objects.select_for_update().get(pk=Severity(severity))
    before = _read(row).periods
    if before.mark != seen:
        raise Conflict("POLICY_CHANGED", "Somebody else changed these periods meanwhile. Nothing was saved.")
    _require(severity, periods)
    changed = {name: value for name, value in vars(periods).items() if value != getattr(before, name)}
    for name, value in changed.items():
        setattr(row, name, value)
    row.save()
    if changed:
        said = ", ".join(f"{name} {_said(getattr(before, name))} to {_said(value)}" for name, value in changed.items())
        audit.record("policy.change", by=by.username, object=row.severity, reason=said)
    return _read(row)


def _require(severity: str, periods: Periods) -> None:
    for name, (least, most) in BOUNDS.items():
        value = getattr(periods, name)
        if value is None and name in OPTIONAL:
            continue
        if value is None or not least <= value <= most:
            raise Refused("PERIOD_OUT_OF_BOUNDS", f"{name} has to be between {least} and {most}.")
    if severity != Severity.SEV3 and (periods.verification_minutes is None or periods.postmortem_hours is None):
        raise Refused("GATE_NEEDS_IT", f"A {severity} is closed with a verification and a report: give both a period.")


def _read(row: SeverityPolicy) -> Policy:
    return Policy(Periods(**{one.name: getattr(row, one.name) for one in fields(Periods)}))


def _minutes(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def _said(value: int | None) -> str:
    return "never" if value is None else str(value)
