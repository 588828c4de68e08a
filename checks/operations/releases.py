"""What a run found is told to the changes: pre-flights, verification after a change and rollback advice read it."""

import re

from checks.operations.models import OperationRun
from incidents.changes import facts
from incidents.changes.facts import Found

# Where missing names and too little data do not pass.
_STRICT = r"ops_daily .*(--strict|--mode[= ]prod)|prod_verify .*--verify"
# The watchdog without traffic; its reason names what was not there, such as delivered_total_0.
_NO_TRAFFIC = re.compile(r"ops_daily_watchdog status=insufficient_data reason=(\S+)")
_UNHEALTHY = 2
_LINES = 40


def tell(run: OperationRun) -> None:
    """One that ended by itself is a fact; one that was cancelled or lost tells nothing. Safe to run twice."""
    if run.state != OperationRun.State.ENDED or run.kind not in facts.KINDS:
        return
    assert run.exit_code is not None
    assert run.ended_at is not None
    lines = list(reversed(run.lines.order_by("-pk").values_list("text", flat=True)[:_LINES]))
    facts.learn(
        Found(
            run=run.pk,
            kind=run.kind,
            command=run.command,
            level=_level(run, lines),
            line=run.token,
            lines="\n".join(lines),
            started_at=run.started_at or run.asked_at,
            ended_at=run.ended_at,
            is_strict=re.match(_STRICT, run.command) is not None,
        )
    )


def _level(run: OperationRun, lines: list[str]) -> str:
    """Unhealthy and error are one here; only too little data is neither good nor bad.

    prod_verify says no more than the reason of its worst part: it is too little data when that is the watchdog's.
    """
    if run.exit_code == 0:
        return "ok"
    missing = next((found[1] for line in reversed(lines) if (found := _NO_TRAFFIC.fullmatch(line))), None)
    is_all = run.exit_code == _UNHEALTHY and missing is not None and run.token.endswith(f" reason={missing}")
    return "warn" if is_all else "fail"
