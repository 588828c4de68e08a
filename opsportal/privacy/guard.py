"""What may never be stored: one function for every door through which free text comes in.

Patterns are bounded in every quantifier, so hostile text costs linear time; text over the cap is refused.
A finding names the kind, the line and the column, never the value.
"""

import re
from bisect import bisect
from dataclasses import dataclass
from functools import cache

from opsportal.errors import Refused

MAX_CHARACTERS = 65_536


@dataclass(frozen=True)
class Finding:
    """One thing that must not be stored: its kind in words, where it starts (from 1) and its span."""

    kind: str
    line: int
    column: int
    start: int
    end: int


# Kind -> pattern. Context patterns for on-call text; vendor prefixes where a vendor publishes them.
_PATTERNS: dict[str, str] = {
    "database connection string": (
        r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|mssql|clickhouse)(?:\+\w{1,20})?"
        r"://[^\s/@:]{0,128}:[^\s/@]{1,256}@[^\s]{1,256}"
    ),
    "address with a password": r"\bhttps?://[^\s/@:]{1,128}:[^\s/@]{1,256}@[^\s]{1,256}",
    "private key": r"-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----",
    "bearer token": r"\b[Bb]earer\s{1,4}[A-Za-z0-9._~+/-]{16,512}=*",
    "signed token": r"\beyJ[A-Za-z0-9_-]{8,1024}\.[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,1024}",
    "cloud access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "vendor token": (
        r"\b(?:ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|sk_live|rk_live|whsec|sk-ant|hvs|dop_v1|npm|SG)"
        r"[_.-][A-Za-z0-9_.-]{16,256}"
    ),
    "address with a token in its query": (
        r"(?i)\bhttps?://[^\s?#]{1,512}\?(?:[^\s&#=]{0,64}(?:=[^\s&#]{0,256})?&){0,16}"
        r"(?:[\w.-]{0,32}(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|signature|credential)|key|sig|auth|pwd)"
        r"=[^\s&#]{6,512}"
    ),
    "chat webhook address": r"\bhttps://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{10,200}",
    "password": (
        r"(?i)\b[\w.-]{0,32}(?:password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token)"
        r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?(?!\*{3}|<|\[|\$|\{|%|null\b|none\b|true\b|false\b|missing\b|present\b|unset\b|set\b)"
        r"[^\s\"',;]{6,256}"
    ),
    "e-mail address": r"(?i)\b[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}\b",
}


_NEW_LINE = re.compile("\n")


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS.items())


def scan(text: str) -> list[Finding]:
    """All findings in order of place; overlapping ones count once, the first kind in the table wins."""
    text = text[:MAX_CHARACTERS]
    found: list[Finding] = []
    taken, lines = bytearray(len(text)), [0, *(match.end() for match in _NEW_LINE.finditer(text))]
    for kind, pattern in _compiled():
        for match in pattern.finditer(text):
            start, end = match.span()
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                line = bisect(lines, start)
                found.append(Finding(kind, line, start - lines[line - 1] + 1, start, end))
    return sorted(found, key=lambda one: one.start)


def redact(text: str) -> str:
    """The same text with each finding replaced by its kind, such as `[removed: private key]`."""
    pieces, last = [], 0
    for one in scan(text):
        pieces += [text[last : one.start], f"[removed: {one.kind}]"]
        last = one.end
    return "".join([*pieces, text[last:MAX_CHARACTERS]])


def sentence(found: list[Finding]) -> str:
    """Words for the person: what was seen and where, never the value."""
    places = "; ".join(f"{one.kind} in line {one.line}, column {one.column}" for one in found[:5])
    return f"Not saved: this text holds something that may not be stored ({places}). Remove it and send again."


def require_clean(text: str) -> None:
    """Refuse text that holds a secret or an identifier, or that is longer than the cap."""
    if len(text) > MAX_CHARACTERS:
        raise Refused("TEXT_TOO_LONG", f"This text is longer than {MAX_CHARACTERS} characters. Shorten it.")
    found = scan(text)
    if found:
        raise Refused("PRIVACY_BLOCKED", sentence(found))
