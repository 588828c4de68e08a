"""What operations found, told by them when a run ends: nobody is asked what a fact tells."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from incidents.changes import verification
from incidents.changes.release import OperationFact

KEPT = timedelta(days=180)
# What a pre-flight and an advice read; of others nothing is kept.
KINDS = ("policy_check", "ops_daily", "prod_verify", "db_verify", "db_bootstrap", "db_rollback_plan")
_CHARACTERS = 4_000


@dataclass(frozen=True)
class Found:
    """How a run ended. `run` is its number on the operations screen, `line` the token line at its end."""

    run: int
    kind: str
    command: str
    level: str
    line: str
    lines: str
    started_at: datetime
    ended_at: datetime
    is_strict: bool = False


@transaction.atomic
def learn(found: Found) -> OperationFact | None:
    """Keep it, and stop the clocks of the changes it verified; None of a kind nobody reads. Safe to run twice."""
    if found.kind not in KINDS:
        return None
    facts = vars(found) | {"lines": found.lines[-_CHARACTERS:]}
    fact, is_new = OperationFact.objects.get_or_create(run=facts.pop("run"), defaults=facts)
    if is_new:
        verification.verify(fact)
        OperationFact.objects.filter(ended_at__lt=found.ended_at - KEPT).delete()
    return fact


def newest(kind: str, *, at: datetime) -> OperationFact | None:
    """What the operation found last."""
    return OperationFact.objects.ended_by(at).filter(kind=kind).newest_first().first()
