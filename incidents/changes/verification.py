"""After a change production is verified: the duty begins when the change has succeeded, and prod_verify meets it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

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
Level = OperationFact.Level
# As the operating documents have it: after a change ops_daily is healthy, or there was no traffic to judge by.
_GOOD = Q(level=Level.OK, line__contains=_WELL) | Q(level=Level.WARN)
# What was told later than this is history: production is another one by now.
_OWED_FOR = timedelta(hours=24)
_PREFIX = "CHG-"


@dataclass(frozen=True)
class Verification:
    """The duty of one change as lists show it: how long it took, and how many runs did not end well before.

    `is_without_traffic`: all parts were in order, and there was too little data to judge by more than that.
    """

    due_at: datetime
    met_at: datetime | None
    waived: str
    after: timedelta | None
    failures: int
    is_without_traffic: bool = False

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
    obligations.waive(DUTY, change.label, by=None, at=at, reason="It was rolled back.")


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
    runs = _not_well([by_label[one.subject] for one in owed])
    return {by_label[one.subject].pk: _read(one, by_label[one.subject], runs) for one in owed}


def due(at: datetime, *, most: int = 8) -> list[tuple[Change, Verification]]:
    """Changes whose production nobody has verified yet, the most urgent first."""
    owed = Obligation.objects.open().filter(kind=DUTY).order_by("due_at", "pk")[:most]
    numbers = [int(one.subject.removeprefix(_PREFIX)) for one in owed]
    found = Change.objects.with_domain().in_bulk(numbers)
    read = of(found.values())
    return [(found[number], read[number]) for number in numbers if number in found]


def _read(owed: Obligation, change: Change, runs: list[tuple[str, datetime, datetime]]) -> Verification:
    ended = change.finished_at or change.started_at
    until = owed.met_at or owed.waived_at
    since = [(level, end) for level, begin, end in runs if begin >= ended and (until is None or end <= until)]
    return Verification(
        due_at=owed.due_at,
        met_at=owed.met_at,
        waived=owed.reason if owed.waived_at else "",
        after=owed.met_at - ended if owed.met_at else None,
        failures=sum(level == Level.FAIL for level, _ in since),
        is_without_traffic=(Level.WARN, owed.met_at) in since,
    )


def _not_well(changes: list[Change]) -> list[tuple[str, datetime, datetime]]:
    """Runs since the first of them that failed, or had no traffic to judge by."""
    if not changes:
        return []
    first = min(one.finished_at or one.started_at for one in changes)
    runs = OperationFact.objects.strict().filter(kind=_RUN, started_at__gte=first).exclude(level=Level.OK)
    return list(runs.order_by("started_at", "id").values_list("level", "started_at", "ended_at"))


def _good() -> FactQuerySet:
    return OperationFact.objects.strict().filter(_GOOD, kind=_RUN)


def _is_good(fact: OperationFact) -> bool:
    """Without production's names it ends well too, and has verified nothing."""
    return _good().filter(pk=fact.pk).exists()


def _owner(change: Change) -> str:
    if change.recorded_by is not None:
        return f"@{change.recorded_by.username}"[:64]
    return change.domain.primary if change.domain else ""
