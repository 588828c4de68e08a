"""Lines of CSV of which a spreadsheet runs none."""

import csv
import re
from collections.abc import Iterable
from io import StringIO

# Beginnings that spreadsheets run: OWASP's list for CSV injection, the wide ones of East Asian keyboards among them.
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# Where the decimal sign is a comma, a spreadsheet cuts the file at semicolons: what follows one begins a cell as well.
_AFTER_A_CUT = re.compile(r"(?<=;)(?=\s*[=+\-@＝＋－＠])")


def harmless(text: str) -> str:
    """A quote in front makes it text.

    >>> harmless("=1+1")
    "'=1+1"
    >>> harmless("slow;=1+1")
    "slow;'=1+1"
    """
    inside = _AFTER_A_CUT.sub("'", text)
    return f"'{inside}" if text.startswith(_RUN_BY_SPREADSHEETS) else inside


def line(cells: Iterable[str]) -> str:
    """One line, every cell harmless."""
    out = StringIO()
    csv.writer(out).writerow(map(harmless, cells))
    return out.getvalue()
