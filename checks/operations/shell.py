"""What people run from the shell stands in the history, too, when the database can be written to."""

import re
from contextlib import suppress

from django.conf import settings
from django.db import Error, transaction

from checks.operations import kinds, releases, said, verdicts
from checks.operations.models import OperationLine, OperationRun
from opsportal.privacy import guard
from opsportal.shell_runs import ShellRun

REASON = "Typed at the shell"
_PLAIN = re.compile(r"(?:--[a-z-]+=)?[a-z0-9_]{1,24}|--[a-z-]{1,24}")
_UNSEEN = "\u2026"


def note(run: ShellRun) -> None:
    """One row with its lines. Never in the way: a database that is away, or not ours yet, keeps no history."""
    if not settings.DATABASE_CONFIGURED or not run.words or kinds.named(run.words[0]) is None:
        return
    if any("reason=db_connect_failed" in line for _, line in run.lines):
        return
    with suppress(Error):
        _write(run)


@transaction.atomic
def _write(run: ShellRun) -> None:
    lines = [(at, kept) for at, line in run.lines if (kept := said.kept(line))]
    State = OperationRun.State  # noqa: N806 - a class
    row = OperationRun.objects.create(
        kind=run.words[0],
        command=typed(run.words),
        state=State.CANCELLED if run.code is None else State.ENDED,
        source=OperationRun.Source.SHELL,
        reason=REASON,
        asked_at=run.began_at,
        started_at=run.began_at,
        ended_at=run.ended_at,
        exit_code=run.code,
        token=lines[-1][1] if lines else "",
    )
    OperationLine.objects.bulk_create(OperationLine(run=row, at=at, text=text) for at, text in lines)
    verdicts.note(row, at=run.ended_at)
    releases.tell(row)


def typed(words: tuple[str, ...]) -> str:
    """The command as it may be shown: modes and numbers stay, paths, addresses and ids do not.

    >>> typed(("backup", "--output", "/srv/x", "--keep", "14"))
    'backup --output \u2026 --keep 14'
    """
    shown = " ".join(word if _PLAIN.fullmatch(word) else _hidden(word) for word in words)[:200]
    return shown if not guard.scan(shown) else words[0]


def _hidden(word: str) -> str:
    option, is_set, _ = word.partition("=")
    return f"{option}={_UNSEEN}" if is_set and re.fullmatch("--[a-z-]+", option) else _UNSEEN
