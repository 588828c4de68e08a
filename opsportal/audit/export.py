"""The audit log as a table for a spreadsheet, which must not take a cell for a formula."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import lru_cache
from io import StringIO

from opsportal.audit.models import AuditEvent
from opsportal.privacy import guard

COLUMNS = ("row", "at", "actor", "act", "object", "reason", "result", "request_id", "source")
# Beginnings that spreadsheets run: OWASP's list for CSV injection.
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """Head and one line a row, each as soon as it is known."""
    yield _line(COLUMNS)
    for event in events:
        at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
        words = _fit(event.object), _fit(event.reason)
        texts = (event.actor, event.act, *words, event.result, event.request_id, event.source)
        yield _line((str(event.pk), at, *map(harmless, texts)))


@lru_cache(maxsize=2_048)
def _fit(text: str) -> str:
    """A row from before a rule leaves the house without what the rule finds; most rows say the same few words."""
    return guard.redact(text)


def harmless(text: str) -> str:
    """A quote in front makes it text.

    >>> harmless("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(_RUN_BY_SPREADSHEETS) else text


def _line(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
