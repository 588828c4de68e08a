"""What was typed at the shell and what it said, for rooms that keep a history; they register themselves."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO, cast

import structlog
from django.core.management.base import BaseCommand, OutputWrapper
from django.utils import timezone

log = structlog.get_logger("opsportal.shell")
_MOST_LINES = 2_000


@dataclass(frozen=True)
class ShellRun:
    """One command as it was typed, its lines with their times, and how it ended; no code when a person stopped it."""

    words: tuple[str, ...]
    began_at: datetime
    ended_at: datetime
    code: int | None
    lines: tuple[tuple[datetime, str], ...]


Listener = Callable[[ShellRun], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """Called once, when the app is ready. The listener is told after the command has ended."""
    _listeners.append(listener)


class _Heard(io.TextIOBase):
    """Standard output that also remembers its newest whole lines."""

    def __init__(self, out: TextIO) -> None:
        self.out, self.rest = out, ""
        self.lines: list[tuple[datetime, str]] = []

    def write(self, text: str) -> int:
        *whole, self.rest = (self.rest + text).split("\n")
        self.lines += [(timezone.now(), line) for line in whole]
        del self.lines[:-_MOST_LINES]
        return self.out.write(text)

    def flush(self) -> None:
        self.out.flush()

    def isatty(self) -> bool:
        return self.out.isatty()


@contextmanager
def heard(command: BaseCommand, words: list[str]) -> Iterator[None]:
    """Listen to one command. What listeners do never changes how it ends."""
    out = _Heard(sys.stdout)
    command.stdout = OutputWrapper(cast(TextIO, out))
    began_at = timezone.now()
    code: int | None = 1  # a fault of the program
    try:
        yield
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
        raise
    except KeyboardInterrupt:
        code = None
        raise
    finally:
        _tell(ShellRun(tuple(words), began_at, timezone.now(), code, tuple(out.lines)))


def _tell(run: ShellRun) -> None:
    for listener in _listeners:
        try:
            listener(run)
        except Exception:
            log.exception("the history of the shell could not be kept")
