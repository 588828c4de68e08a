"""What a run found is told to the changes: pre-flights, verification after a change and rollback advice read it."""

import re

from checks.operations.models import OperationRun
from incidents.changes import facts
from incidents.changes.facts import Found

# Where missing names and too little data do not pass.
_STRICT = r"ops_daily .*(--strict|--mode[= ]prod)|prod_verify .*--verify"
_NO_TRAFFIC = "status=insufficient_data"
_LINES = 40


def tell(run: OperationRun) -> None:
    """One that ended by itself is a fact; one that was cancelled or lost tells nothing. Safe to run twice."""
    if run.state != OperationRun.State.ENDED or run.kind not in facts.KINDS:
        return
    assert run.exit_code is not None
    assert run.ended_at is not None
    lines = list(run.lines.order_by("-pk").values_list("text", flat=True)[:_LINES])
    facts.learn(
        Found(
            run=run.pk,
            kind=run.kind,
            command=run.command,
            level=_level(run),
            line=run.token,
            lines="\n".join(reversed(lines)),
            started_at=run.started_at or run.asked_at,
            ended_at=run.ended_at,
            is_strict=re.match(_STRICT, run.command) is not None,
        )
    )


def _level(run: OperationRun) -> str:
    """Unhealthy and error are one here; only too little data is neither good nor bad."""
    if run.exit_code == 0:
        return "ok"
    return "warn" if _NO_TRAFFIC in run.token else "fail"
