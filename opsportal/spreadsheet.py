"""Lines of CSV of which a spreadsheet runs none."""

import csv
from collections.abc import Iterable
from io import StringIO

# Beginnings that spreadsheets run: OWASP's list for CSV injection.
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """A quote in front makes it text.

    >>> harmless("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(_RUN_BY_SPREADSHEETS) else text


def line(cells: Iterable[str]) -> str:
    """One line, every cell harmless."""
    out = StringIO()
    csv.writer(out).writerow(map(harmless, cells))
    return out.getvalue()
