"""Should a change be taken back? Facts alone say so: strict runs that fail in a row since it. A person decides."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.changes import queries
from incidents.changes.models import Change
from incidents.changes.preflight import schema_advice
from incidents.changes.release import ChangePolicy, OperationFact
from incidents.changes.states import Kind, Result
from incidents.runbooks.models import Runbook

# A change that is older than this when things begin to fail is not what they fail for.
_REACH = timedelta(hours=24)
_MOST = 20
_RUNBOOKS = {Kind.MIGRATION: "database-migrations"}
_USUAL_RUNBOOK = "deploy-and-rollback"
_FIRST = {
    Kind.CONFIGURATION: "It is configuration, so put the variable back first.",
    Kind.FLAG: "It is a flag, so switch it off first.",
    Kind.MIGRATION: "It is a migration, so stop the rollout first.",
}


@dataclass(frozen=True)
class Advice:
    """What speaks for taking a change back, and how. `since` is the beginning of the first run that failed."""

    change: Change
    failures: int
    since: datetime
    newest: OperationFact
    good: Change | None
    schema: str
    runbook: Runbook | None

    @property
    def rollback(self) -> str:
        """Where it is told of."""
        return queries.rollback_address(self.change, self.good)

    @property
    def first(self) -> str:
        """What is done first for a change of its kind."""
        return _FIRST.get(Kind(self.change.kind), "")


def standing(*, at: datetime) -> Advice | None:
    """The newest change before strict runs began to fail, when enough of them did; None when the newest one is good."""
    streak = _streak(at)
    if not streak:
        return None
    first = streak[-1].started_at
    change = _candidate(first)
    if change is None or len(streak) < ChangePolicy.objects.get(pk=change.kind).advice_failures:
        return None
    return Advice(
        change=change,
        failures=len(streak),
        since=first,
        newest=streak[0],
        good=queries.last_good_before(change),
        schema=_schema(change, at),
        runbook=Runbook.objects.current().filter(slug=_RUNBOOKS.get(Kind(change.kind), _USUAL_RUNBOOK)).first(),
    )


def _streak(at: datetime) -> list[OperationFact]:
    """Strict runs that failed one after the other until now, newest first; too little data is neither good nor bad."""
    runs = OperationFact.objects.strict().ended_by(at).exclude(level=OperationFact.Level.WARN).newest_first()
    found = []
    for one in runs[:_MOST]:
        if one.level != OperationFact.Level.FAIL:
            break
        found.append(one)
    return found


def _candidate(first: datetime) -> Change | None:
    """The newest before it began to fail. Once that one was taken back no older one is accused in its place."""
    begun = Change.objects.with_domain().filter(started_at__gt=first - _REACH, started_at__lte=first)
    newest = begun.exclude(result=Result.PLANNED).newest_first().first()
    if newest is None or newest.kind == Kind.ROLLBACK or newest.result == Result.ROLLED_BACK:
        return None
    return newest


def _schema(change: Change, at: datetime) -> str:
    """What taking it back means for the schema, as db_rollback_plan found it."""
    moved = Change.objects.touching(change.domain).filter(kind=Kind.MIGRATION, started_at__lte=at)
    newest = moved.exclude(result=Result.PLANNED).newest_first().first()
    if newest is None or newest.started_at < change.started_at:
        return "No schema change since." if newest is None else f"No schema change since {newest.label}."
    plan = OperationFact.objects.ended_by(at).filter(kind="db_rollback_plan").newest_first().first()
    said = schema_advice(plan) if plan else "run db_rollback_plan before the schema goes back"
    return f"The schema changed with {newest.label}: {said[0].lower()}{said[1:]}."
