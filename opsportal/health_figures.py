"""Numbers that the rooms can say about themselves: age of waiting work, share of disk used.

A room registers a reader in its AppConfig.ready; the portal's own checks and doctor read the single ones by name, and
/metrics reads all.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings

Reader = Callable[[], float | None]
Readers = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class Figure:
    """A number, or one for each value of a label. `words` say what it means, where Prometheus shows it."""

    name: str
    words: str
    label: str
    values: Readers


_readers: dict[str, Reader] = {}
_figures: dict[str, Figure] = {}


def add(name: str, reader: Reader, words: str) -> None:
    """Offer a number under a name; None means that there is nothing to measure yet."""

    def values() -> Mapping[str, float]:
        value = reader()
        return {} if value is None else {"": value}

    _readers[name] = reader
    _figures[name] = Figure(name, words, "", values)


def add_each(name: str, label: str, readers: Readers, words: str) -> None:
    """Offer a number for each value of a label, such as open incidents by severity. Values of a label are few."""
    _figures[name] = Figure(name, words, label, readers)


def read(name: str) -> float | None:
    """The number now; an unknown name is a mistake in the caller and rises as KeyError."""
    return _readers[name]()


def names() -> list[str]:
    """Of the single numbers."""
    return sorted(_readers)


def all_figures() -> list[Figure]:
    return [_figures[name] for name in sorted(_figures)]


def disk_used_percent() -> float:
    """Share of the data directory's disk that is used, in per cent."""
    usage = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else settings.BASE_DIR)
    return 100.0 * usage.used / usage.total


def register() -> None:
    """The frame's own numbers."""
    from opsportal.audit.queries import chains_whole
    from opsportal.outbox.queries import kept_by_state, oldest_due_seconds

    add("disk_used_percent", disk_used_percent, "Share of the data folder's disk that is used.")
    add("outbox_age_seconds", oldest_due_seconds, "Age of the oldest message that should have left by now.")
    add_each("outbox_messages", "state", kept_by_state, "Messages that wait, and those given up, by state.")
    add_each("chain_whole", "chain", chains_whole, "1 when the last walk over a hash chain found it whole.")
