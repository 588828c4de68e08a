"""Does a token line say what a step expects? `<n>` stands for a number, another `<word>` for any value. Pure."""

import re
from collections.abc import Iterable

_LINE = re.compile(r"[a-z][a-z0-9_]*(?: [a-z][a-z0-9_]*=\S+)+|[a-z][a-z0-9_]*=\S+(?: [a-z][a-z0-9_]*=\S+)*")
_OPEN = re.compile(r"<([A-Za-z_]+)>")
LONGEST = 400


def is_line(text: str) -> bool:
    """A token line: `name key=value key=value`, or the pairs alone.

    >>> is_line("db_verify status=ok"), is_line("The database is there.")
    (True, False)
    """
    return len(text) <= LONGEST and _LINE.fullmatch(text) is not None


def is_as_expected(got: str, expected: Iterable[str]) -> bool:
    """Any one of the expected lines is right, word by word.

    >>> is_as_expected("backup status=ok tables=41 rows=9", ["backup status=ok tables=<n> rows=<n>"])
    True
    >>> is_as_expected("db_verify status=fail reason=missing_tables", ["db_verify status=ok"])
    False
    """
    return any(re.fullmatch(_pattern(line), got) for line in expected)


def _pattern(line: str) -> str:
    return " ".join(_word(word) for word in line.split())


def _word(word: str) -> str:
    """One pair of a line; `a|b` behind the sign means either."""
    name, sign, value = word.partition("=")
    if "|" in value:
        return f"{re.escape(name)}=(?:{'|'.join(re.escape(one) for one in value.split('|'))})"
    found = _OPEN.fullmatch(value)
    if found is None:
        return re.escape(word)
    return f"{re.escape(name)}{sign}" + (r"[0-9]+(?:\.[0-9]+)?" if found[1] == "n" else r"\S+")
