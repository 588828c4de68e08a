"""Patterns of the operators' own, from the file that PRIVACY_PATTERNS_FILE names (TOML), checked before they run.

[[pattern]]
kind = "badge number"
must = "warn"              # or "block", the default
regex = 'BDG-\\d{6}'
"""

import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from opsportal import env
from opsportal.privacy.kinds import Kind, Must, Span
from opsportal.privacy.patterns import Rule, Text

MAX_PATTERNS = 50
MAX_WAYS = 2_048
MAX_REPEAT = 256
_NAME = re.compile(r"[a-z][a-z -]{2,58}[a-z]")


def rules() -> tuple[Rule, ...]:
    """The rules of the configured file; none when no file is named."""
    name = env.text("PRIVACY_PATTERNS_FILE")
    return load(Path(name)) if name else ()


@cache
def load(path: Path) -> tuple[Rule, ...]:
    """Read once a process. A file that cannot be used ends the process in one sentence: half a guard is none."""
    try:
        rows = tomllib.loads(path.read_text()).get("pattern", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise SystemExit("PRIVACY_PATTERNS_FILE names a file that cannot be read as TOML.") from None
    if not isinstance(rows, list) or len(rows) > MAX_PATTERNS:
        raise SystemExit(f"PRIVACY_PATTERNS_FILE holds more than {MAX_PATTERNS} patterns.")
    return tuple(_rule(number, row) for number, row in enumerate(rows, 1))


def _rule(number: int, row: Any) -> Rule:
    if not isinstance(row, dict) or not _NAME.fullmatch(str(row.get("kind", ""))):
        raise SystemExit(
            f"PRIVACY_PATTERNS_FILE: pattern {number} needs a kind of small letters, such as badge number."
        )
    if row.get("must", "block") not in {"block", "warn"}:
        raise SystemExit(f"PRIVACY_PATTERNS_FILE: pattern {number} says neither block nor warn.")
    if reason := objection(str(row.get("regex", ""))):
        raise SystemExit(f"PRIVACY_PATTERNS_FILE: pattern {number} {reason}.")
    kind, pattern = Kind(row["kind"], Must(row.get("must", "block")), "id"), re.compile(row["regex"])

    def found(seen: Text) -> Iterator[Span]:
        for match in pattern.finditer(seen.text):
            if match.group():
                yield Span(kind, *match.span())

    return found


def objection(regex: str) -> str:
    """Why a pattern may not run, or nothing. What counts is in how many ways it can match at one place.

    >>> objection(r"(a|a){1,30}b"), objection(r"BDG-[0-9]{6}")
    ('could take too long on some texts', '')
    """
    try:
        tree = parser.parse(regex)
        re.compile(regex)
        if tree.getwidth()[0] == 0:
            return "matches nothing at all"
        return "could take too long on some texts" if _ways(tree) > MAX_WAYS else ""
    except _Unbounded as reason:
        return str(reason)
    except (re.error, RecursionError, OverflowError):
        return "is no regular expression"


class _Unbounded(Exception):  # noqa: N818 - a reason, not an error
    pass


def _ways(tree: Any) -> int:
    """An upper bound of the paths through the pattern from one place."""
    total = 1
    for code, words in tree:
        total = min(total * _ways_of(code, words), 10**9)
    return total


def _ways_of(code: Any, words: Any) -> int:
    if code in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
        least, most, inner = words
        if most is codes.MAXREPEAT or most > MAX_REPEAT:
            raise _Unbounded(f"repeats without an end or more than {MAX_REPEAT} times; write {{1,64}} for +")
        ways, total = _ways(inner), 0
        for count in range(least, most + 1):
            total += min(ways**count, 10**9)
        return min(total, 10**9)
    if code is codes.BRANCH:
        return sum(_ways(branch) for branch in words[1])
    if code is codes.SUBPATTERN:
        return _ways(words[-1])
    if code in {codes.ASSERT, codes.ASSERT_NOT}:
        return _ways(words[1])
    if code is codes.ATOMIC_GROUP:
        return _ways(words)
    if code in {codes.GROUPREF, codes.GROUPREF_EXISTS, codes.GROUPREF_IGNORE}:
        raise _Unbounded("refers back to a group, which cannot be bounded")
    return 1
