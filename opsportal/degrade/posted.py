"""The lowered limits as every process reads them: a small file in the data folder, no database.

In an overload the database is what cannot be asked. The row in PostgreSQL is the record, this file what the door looks
at (docs/decisions/0011-degrade-mode.md). Its end stands in it, so the old limits come back even when nobody is left to
bring them.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from opsportal.processes import write_privately

NAME = "lowered_limits.json"
_LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Lowered:
    """What a request may have until a moment (seconds of the epoch)."""

    body_bytes: int
    batch_items: int
    until: float


class Posted:
    """Reads the file once a second at most. One that cannot be read leaves what was known; a missing one lowers
    nothing."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.file = folder / NAME
        self.clock = clock
        self._found: Lowered | None = None
        self._look_at = 0.0

    def now(self) -> Lowered | None:
        """The lowered limits, or None when the configured ones hold."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
            self._found = _read(self.file, self._found)
        found = self._found
        return found if found is not None and self.clock() < found.until else None

    def body_bytes(self) -> int | None:
        """The lowered size of a body."""
        lowered = self.now()
        return lowered.body_bytes if lowered else None

    def batch_items(self) -> int | None:
        """The lowered length of a list."""
        lowered = self.now()
        return lowered.batch_items if lowered else None


@cache
def posted(folder: Path) -> Posted:
    """The one reader of this process."""
    return Posted(folder)


def write(folder: Path, lowered: Lowered | None) -> None:
    """Put the file there, or take it away. Safe to run twice."""
    if lowered is None:
        (folder / NAME).unlink(missing_ok=True)
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f"{NAME}.{uuid.uuid4().hex}"  # a worker may write at the same moment
    write_privately(fresh, json.dumps(asdict(lowered)))
    fresh.replace(folder / NAME)


def _read(file: Path, before: Lowered | None) -> Lowered | None:
    try:
        facts = json.loads(file.read_bytes())
        return Lowered(int(facts["body_bytes"]), int(facts["batch_items"]), float(facts["until"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return before
