"""What a check says in a list or on its page, in words: its kind, what its last run found, and against what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from checks.catalogue import kinds, words
from checks.catalogue.words import Covered, Ruled


class Heard(Ruled, Protocol):
    """What of a check is said; a row of the list has it as well as the check itself."""

    @property
    def kind(self) -> str: ...
    @property
    def spec(self) -> Mapping[str, Any]: ...
    @property
    def every_seconds(self) -> int: ...
    @property
    def last_run_at(self) -> datetime | None: ...
    @property
    def last_value(self) -> float | None: ...
    @property
    def last_error(self) -> str: ...
    @property
    def last_latency_ms(self) -> float | None: ...
    @property
    def consecutive_fail(self) -> int: ...


def kind(check: Heard) -> str:
    """HTTP, every 1 min."""
    known = kinds.KINDS.get(check.kind)
    return f"{known.title if known else check.kind}, {words.every(check.every_seconds)}"


def result(check: Heard) -> str:
    """What the last run found."""
    if check.last_run_at is None:
        return "No result yet"
    if check.last_value is not None:
        known = kinds.KINDS.get(check.kind)
        return words.figure(known.measures(dict(check.spec)) if known else "", check.last_value)
    if check.last_error:
        return words.failure(check.last_error)
    return words.duration(check.last_latency_ms)


def bound(check: Heard, day: Covered) -> str:
    """What the result stands against: the ceiling, the failures in a row, the share of good runs and what it covers."""
    ceiling = f"ceiling {check.spec['ceiling']:g}, " if "ceiling" in check.spec else ""
    if check.last_error and check.consecutive_fail:
        return f"{ceiling}{check.consecutive_fail} in a row, unhealthy after {words.goes_down(check)}"
    return ceiling + words.covered(day)
