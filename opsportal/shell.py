"""What the navigation shows beside its entries: counts that rooms register, one cheap query each."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """A number beside a navigation entry, the words a screen reader adds, and whether it is an emergency."""

    number: int
    words: str
    is_critical: bool = False


_counters: dict[str, Callable[[], Count]] = {}


def register_count(entry: str, counter: Callable[[], Count]) -> None:
    """Offer the number for a navigation entry, named by its URL name such as `incidents:list`."""
    _counters[entry] = counter


def counts() -> dict[str, Count]:
    """All numbers that are not zero."""
    found = {entry: counter() for entry, counter in _counters.items()}
    return {entry: count for entry, count in found.items() if count.number}
