"""Which lines of a command are kept: tokens and figures, aggregate-only. Prose is not."""

import re

from opsportal.privacy import guard

CHARACTERS = 400
# `name key=value key=value`, or `missing=NAME`.
_TOKENS = re.compile(r"[a-z][a-z0-9_]*(?: [a-z][a-z0-9_]*=\S+)+|missing=[A-Z0-9_]+")


def kept(line: str) -> str:
    """The line as it may be stored and pasted anywhere, or nothing.

    >>> kept("db_verify status=ok")
    'db_verify status=ok'
    >>> kept("The database does not answer.")
    ''
    """
    line = line.strip()
    if len(line) > CHARACTERS or not _TOKENS.fullmatch(line):
        return ""
    return "" if guard.scan(line) else line


def level(line: str) -> str:
    """How the screen colours what the token says."""
    if re.search(r"status=(?:fail|unhealthy|error|found)\b|^missing=|\bfinding=", line):
        return "bad"
    if re.search(r"status=(?:insufficient_data|not_configured|warn|degraded|skipped|slow|blocked)\b", line):
        return "warn"
    return "ok" if re.search(r"status=(?:ok|healthy|normalized|clean)\b", line) else ""
