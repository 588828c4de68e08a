"""Numbers that the rooms can say about themselves: age of waiting work, share of disk used.

A room registers a reader in its AppConfig.ready; the portal's own checks, /metrics and doctor read them by name.
"""

import shutil
from collections.abc import Callable

from django.conf import settings

Reader = Callable[[], float | None]
_readers: dict[str, Reader] = {}


def add(name: str, reader: Reader) -> None:
    """Offer a number under a name; None means that there is nothing to measure yet."""
    _readers[name] = reader


def read(name: str) -> float | None:
    """The number now; an unknown name is a mistake in the caller and rises as KeyError."""
    return _readers[name]()


def names() -> list[str]:
    return sorted(_readers)


def disk_used_percent() -> float:
    """Share of the data directory's disk that is used, in per cent."""
    usage = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else settings.BASE_DIR)
    return 100.0 * usage.used / usage.total


def register() -> None:
    """The frame's own numbers."""
    from opsportal.outbox.queries import oldest_due_seconds

    add("disk_used_percent", disk_used_percent)
    add("outbox_age_seconds", oldest_due_seconds)
