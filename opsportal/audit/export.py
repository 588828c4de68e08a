"""The audit log as a table for a spreadsheet, which must not take a cell for a formula."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import lru_cache

from opsportal.audit.models import AuditEvent
from opsportal.privacy import guard
from opsportal.spreadsheet import line

COLUMNS = ("row", "at", "actor", "act", "object", "reason", "result", "request_id", "source")


def lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """Head and one line a row, each as soon as it is known."""
    yield line(COLUMNS)
    for event in events:
        at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
        words = _fit(event.object), _fit(event.reason)
        texts = (event.actor, event.act, *words, event.result, event.request_id, event.source)
        yield line((str(event.pk), at, *texts))


@lru_cache(maxsize=2_048)
def _fit(text: str) -> str:
    """A row from before a rule leaves the house without what the rule finds; most rows say the same few words."""
    return guard.redact(text)
