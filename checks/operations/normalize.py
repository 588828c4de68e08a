"""A scheduled run without traffic is no failure: say so, and only then."""

import re
from collections.abc import Iterable

# Whatever guards the volume, its name and a nought say that nothing happened at all.
_NO_TRAFFIC = re.compile(r"ops_daily_watchdog status=insufficient_data reason=[a-z][a-z0-9_]*_0")


def normalize(lines: Iterable[str], exit_code: int) -> tuple[str, int]:
    """The line to print and the exit code to end with; 0 only when the watchdog's own line holds the token.

    >>> normalize(["ops_daily_watchdog status=healthy"], 0)
    ('ops_ci_normalize status=unchanged reason=unexpected_exit_0', 0)
    """
    if any(_NO_TRAFFIC.fullmatch(line.strip()) for line in lines):
        return "ops_ci_normalize status=normalized reason=insufficient_data", 0
    return f"ops_ci_normalize status=unchanged reason=unexpected_exit_{exit_code}", exit_code
