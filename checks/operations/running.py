"""Run one operation in a process of its own: its lines become rows as they come, its lease lives while it does.

The command works in the main thread; a second thread with a database connection of its own writes the lines, so that a
transaction of the command neither hides nor takes back what it said. Asked to end, the process and what it started go.
"""

import contextlib
import io
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from types import FrameType

import structlog
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from checks.operations import actions, said
from checks.operations.models import OperationRun
from opsportal.audit import actions as audit

log = structlog.get_logger("checks.operations")
_BEAT_SECONDS = 0.5
# So long a command may tidy up after it was asked to end.
_TIDY_SECONDS = 5.0
_CRASHED = "crashed"


class Lines(io.TextIOBase):
    """Standard output of the command: whole lines, washed, with their times."""

    def __init__(self) -> None:
        self.waiting: queue.SimpleQueue[tuple[datetime, str]] = queue.SimpleQueue()
        self._rest = ""

    def write(self, text: str) -> int:
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            if kept := said.kept(line):
                self.waiting.put((timezone.now(), kept))
        return len(text)

    def taken(self) -> list[tuple[datetime, str]]:
        """What was said since the last time."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self.waiting.get_nowait())
        return found


class Keeper(threading.Thread):
    """Writes lines and holds the lease until told that the command is over; ends the process when nobody wants it."""

    def __init__(self, run: OperationRun, lines: Lines) -> None:
        super().__init__(name="keeper", daemon=True)
        self.operation, self.lines = run, lines
        self.over = threading.Event()
        self.is_unwanted = False

    def run(self) -> None:
        try:
            while not self.over.wait(_BEAT_SECONDS):
                if not actions.keep(self.operation, self.lines.taken(), at=timezone.now()):
                    self.is_unwanted = True
                    return self._end()
        except DatabaseError:
            # Nobody can be told any more; the sweep will say that it was lost.
            self.is_unwanted = True
            self._end()
        finally:
            connection.close()
        return None

    def _end(self) -> None:
        """The command is asked to end, and does when it does not hear."""
        os.kill(os.getpid(), signal.SIGTERM)
        if not self.over.wait(_TIDY_SECONDS):
            os.killpg(0, signal.SIGKILL)


class _Ended(SystemExit):
    """Raised in the command by the signal, so that it tidies up."""


@contextlib.contextmanager
def _may_be_ended() -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Ended(1)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(run_id: int) -> int | None:
    """The exit code of the operation; None when somebody else has it, or it was ended."""
    found = actions.claim(run_id, at=timezone.now())
    if found is None:
        return None
    lines = Lines()
    keeper = Keeper(found, lines)
    keeper.start()
    began, code, reason = time.monotonic(), None, ""
    try:
        with _may_be_ended():
            code = _call(found, lines)
    except _Ended:
        log.info("operation was asked to end", kind=found.kind)
    except Exception:
        log.exception("operation failed", kind=found.kind)
        code, reason = 1, _CRASHED
    keeper.over.set()
    keeper.join()
    log.info("operation is over", kind=found.kind, code=code, seconds=round(time.monotonic() - began, 1))
    return _finish(found, lines, code, reason)


def _call(found: OperationRun, lines: Lines) -> int:
    who = found.by.username if found.by is not None else actions.SYSTEM
    try:
        with audit.recorded_as(who):  # what it does stands in the audit log under the name of who asked
            call_command(*found.command.split(), stdout=lines, stderr=io.StringIO())
    except _Ended:
        raise
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _finish(found: OperationRun, lines: Lines, code: int | None, reason: str) -> int | None:
    actions.keep(found, lines.taken(), at=timezone.now())
    if code is None:
        actions.finish(found, state=OperationRun.State.CANCELLED, code=None, reason="cancelled", at=timezone.now())
    else:
        actions.finish(found, state=OperationRun.State.ENDED, code=code, reason=reason, at=timezone.now())
    return code
