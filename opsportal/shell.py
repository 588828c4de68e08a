"""What the navigation shows beside its entries: counts that rooms register, one cheap query each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsportal.accounts.models import User


@dataclass(frozen=True)
class Count:
    """A number beside a navigation entry, the words a screen reader adds, and whether it is an emergency."""

    number: int
    words: str
    is_critical: bool = False


_counters: dict[str, Callable[["User"], Count]] = {}


def register_count(entry: str, counter: Callable[["User"], Count]) -> None:
    """Offer the number for a navigation entry, named by its URL name such as `incidents:list`."""
    _counters[entry] = counter


def counts(person: "User") -> dict[str, Count]:
    """All numbers that are not zero, of what this person may see."""
    found = {entry: counter(person) for entry, counter in _counters.items()}
    return {entry: count for entry, count in found.items() if count.number}
