"""After a change production is verified: the duty begins when the change has succeeded, and prod_verify meets it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from incidents.changes.models import Change
from incidents.changes.release import ChangePolicy, FactQuerySet, OperationFact
from incidents.changes.states import Result
from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User

DUTY = Obligation.Kind.CHANGE_VERIFICATION
# Strict is the one with --verify: a dry run looks at nothing.
_RUN, _WELL = "prod_verify", "status=ok"
# What was told later than this is history: production is another one by now.
_OWED_FOR = timedelta(hours=24)
_PREFIX = "CHG-"


@dataclass(frozen=True)
class Verification:
    """The duty of one change as lists show it: how long it took, and how many runs did not end well before."""

    due_at: datetime
    met_at: datetime | None
    waived: str
    after: timedelta | None
    failures: int

    @property
    def is_open(self) -> bool:
        return self.met_at is None and not self.waived

    def is_late(self, at: datetime) -> bool:
        return self.is_open and self.due_at < at


def owe(change: Change, *, at: datetime) -> None:
    """Begin the clock of a change that has succeeded; met at once when production was verified since."""
    minutes = ChangePolicy.objects.values_list("verify_minutes", flat=True).get(pk=change.kind)
    ended = change.finished_at
    if minutes is None or ended is None or change.result != Result.SUCCEEDED or ended < at - _OWED_FOR:
        return
    obligations.owe(DUTY, change.label, due_at=ended + timedelta(minutes=minutes), at=at, owner=_owner(change))
    since = _good().filter(started_at__gte=ended, ended_at__lte=at).order_by("ended_at", "id").first()
    if since is not None:
        obligations.meet(DUTY, change.label, at=since.ended_at)


def let_go(change: Change, *, at: datetime) -> None:
    """It was taken back: what is in production now is verified after the rollback."""
    obligations.waive(DUTY, change.label, by=None, at=at, reason="It was taken back.")


def verify(fact: OperationFact) -> None:
    """Stop the clocks of the changes that had ended when the run began."""
    if not _is_good(fact):
        return
    owed = Obligation.objects.open().filter(kind=DUTY).order_by("pk").values_list("subject", flat=True)
    numbers = [int(one.removeprefix(_PREFIX)) for one in owed]
    for change in Change.objects.filter(pk__in=numbers, finished_at__lte=fact.started_at).order_by("pk"):
        obligations.meet(DUTY, change.label, at=fact.ended_at)


@transaction.atomic
def waive(change: Change, *, reason: str, by: User, at: datetime) -> Obligation:
    """Somebody says why production need not be verified by a run."""
    waived = obligations.waive(DUTY, change.label, by=by, at=at, reason=reason)
    if waived is None:
        raise Refused("NOT_OWED", f"No verification of {change.label} is owed, or not any more.")
    audit.record("change.waive_verification", by=by.username, object=change.label, reason=waived.reason)
    return waived


def of(changes: Iterable[Change]) -> dict[int, Verification]:
    """The duties of these changes, by number; two queries."""
    by_label = {one.label: one for one in changes}
    owed = list(Obligation.objects.filter(kind=DUTY, subject__in=by_label).order_by("pk"))
    failed = _failures([by_label[one.subject] for one in owed])
    return {by_label[one.subject].pk: _read(one, by_label[one.subject], failed) for one in owed}


def due(at: datetime, *, most: int = 8) -> list[tuple[Change, Verification]]:
    """Changes whose production nobody has verified yet, the most urgent first."""
    owed = Obligation.objects.open().filter(kind=DUTY).order_by("due_at", "pk")[:most]
    numbers = [int(one.subject.removeprefix(_PREFIX)) for one in owed]
    found = Change.objects.with_domain().in_bulk(numbers)
    read = of(found.values())
    return [(found[number], read[number]) for number in numbers if number in found]


def _read(owed: Obligation, change: Change, failed: list[tuple[datetime, datetime]]) -> Verification:
    ended = change.finished_at or change.started_at
    until = owed.met_at or owed.waived_at
    tries = [end for begin, end in failed if begin >= ended and (until is None or end <= until)]
    after = owed.met_at - ended if owed.met_at else None
    return Verification(owed.due_at, owed.met_at, owed.reason if owed.waived_at else "", after, len(tries))


def _failures(changes: list[Change]) -> list[tuple[datetime, datetime]]:
    if not changes:
        return []
    first = min(one.finished_at or one.started_at for one in changes)
    runs = OperationFact.objects.strict().filter(kind=_RUN, started_at__gte=first).exclude(level=OperationFact.Level.OK)
    return list(runs.order_by("started_at", "id").values_list("started_at", "ended_at"))


def _good() -> FactQuerySet:
    return OperationFact.objects.strict().filter(kind=_RUN, level=OperationFact.Level.OK, line__contains=_WELL)


def _is_good(fact: OperationFact) -> bool:
    """Without production's names it ends well too, and has verified nothing."""
    is_run = fact.kind == _RUN and fact.is_strict
    return is_run and fact.level == OperationFact.Level.OK and _WELL in fact.line


def _owner(change: Change) -> str:
    if change.recorded_by is not None:
        return f"@{change.recorded_by.username}"[:64]
    return change.domain.primary if change.domain else ""
