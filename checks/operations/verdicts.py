"""What a strict `ops_daily` found goes to one GitHub issue and to the operators; the next good one closes it.

Of other operations that run by themselves, the operators hear when one begins to fail and when it is well again.
"""

import re
from datetime import datetime

from checks.operations.models import OperationRun
from opsportal.outbox import actions as outbox
from opsportal.outbox.models import Delivery

EVENT = "ops_daily:strict"
# Known by this title to everybody who follows the operating documents.
SUBJECT = "ops_daily strict unhealthy"
_STRICT = r"^ops_daily .*(--strict|--mode[= ]prod)"
_NO_TRAFFIC = "status=insufficient_data"
_LINES = 60


def note(run: OperationRun, *, at: datetime) -> None:
    """Open or bring up to date, or close. Too little data is neither: the issue stays as it is. Safe to run twice."""
    if run.kind != "ops_daily":
        return _note_scheduled(run, at)
    is_strict = re.match(_STRICT, run.command) is not None
    if not is_strict or run.state != OperationRun.State.ENDED or _NO_TRAFFIC in run.token:
        return None
    if run.exit_code:
        _tell(run, at)
    elif (before := _before(run)) is not None and before.exit_code:
        _close(run, at)
    return None


def _note_scheduled(run: OperationRun, at: datetime) -> None:
    """Nobody watched it, so the operators are told: when it begins, when the reason is another, when it is over."""
    if run.source != OperationRun.Source.SCHEDULE or run.exit_code is None:
        return
    before = OperationRun.objects.filter(kind=run.kind, source=run.source, pk__lt=run.pk).exclude(exit_code=None)
    last = before.newest_first().first()
    was_bad = last is not None and bool(last.exit_code)
    if run.exit_code and not (was_bad and last is not None and last.token == run.token):
        subject = f"{run.kind} ended with {run.exit_code}"
    elif not run.exit_code and was_bad:
        subject = f"{run.kind} is well again"
    else:
        return
    because = f"{run.command} ran by itself and ended with {run.exit_code}"
    key = f"operation:{run.kind}:{run.pk}"
    outbox.tell_operators(key=key, subject=subject, body=_words(run), at=at, because=because)


def _before(run: OperationRun) -> OperationRun | None:
    """The last one that knew something."""
    known = OperationRun.objects.filter(command__regex=_STRICT, state=OperationRun.State.ENDED, pk__lt=run.pk)
    return known.exclude(token__contains=_NO_TRAFFIC).newest_first().first()


def _tell(run: OperationRun, at: datetime) -> None:
    key, words = f"{EVENT}:{run.pk}", _words(run)
    because = f"{run.command} ended with {run.exit_code}"
    outbox.track_issue(
        key=f"{key}:issue", event=EVENT, subject=SUBJECT, body=words, at=at, act=Delivery.Act.TELL, because=because
    )
    before = _before(run)
    # The issue is brought up to date each day; people are told when it begins, or when it is something else.
    if before is None or not before.exit_code or before.token != run.token:
        outbox.tell_operators(key=key, subject=SUBJECT, body=words, at=at, because=because)


def _close(run: OperationRun, at: datetime) -> None:
    key, words = f"{EVENT}:{run.pk}", f"ops_daily is healthy again.\n\n{_words(run)}"
    because = f"{run.command} ended with 0"
    outbox.track_issue(
        key=f"{key}:issue", event=EVENT, subject=SUBJECT, body=words, at=at, act=Delivery.Act.CLOSE, because=because
    )
    outbox.tell_operators(key=key, subject="ops_daily strict healthy again", body=words, at=at, because=because)


def _words(run: OperationRun) -> str:
    """Its lines: aggregates and names only, the verdict last."""
    lines = list(run.lines.order_by("-pk").values_list("text", flat=True)[:_LINES])
    return "\n".join(reversed(lines))
