"""Operations that run others: their lines as they are, and of their exit codes the worst."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.core.management import call_command
from django.core.management.base import OutputWrapper

from opsportal.commands import Exit

# An error hides how things are, so it is worse than unhealthy.
_WORSE = (Exit.OK, Exit.UNHEALTHY, Exit.ERROR)
_NO_TRAFFIC = "status=insufficient_data"
_REASON = re.compile(r"\breason=([a-z0-9_]+)")


@dataclass(frozen=True)
class Ended:
    """How one part ended."""

    code: Exit
    last: str

    @property
    def reason(self) -> str:
        """The token of its last line; `failed` when it has none."""
        found = _REASON.search(self.last)
        return found[1] if found else "failed"

    @property
    def badness(self) -> tuple[int, bool]:
        """Of two with the same exit code the one that knows what is wrong is worse than the one without traffic."""
        return _WORSE.index(self.code), _NO_TRAFFIC not in self.last


def run(words: Sequence[str], *, say: Callable[[str], object], stderr: OutputWrapper) -> Ended:
    """One command in this process; its lines are said when it has ended."""
    out, code = io.StringIO(), 0
    try:
        call_command(*words, stdout=out, stderr=stderr)
    except SystemExit as end:
        code = int(end.code or 0)
    lines = out.getvalue().splitlines()
    for line in lines:
        say(line)
    return Ended(Exit(code), lines[-1] if lines else "")


def worst(parts: Sequence[Ended]) -> Ended:
    """The first of the worst."""
    return max(parts, key=lambda one: one.badness)
