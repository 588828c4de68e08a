"""What may never be stored: one function for every door through which free text comes or goes.

A finding names the kind, the line and the column, never the value. Secrets are refused everywhere. Personal
identifiers become stable tokens inside (`for_inside`) and stop on public text (`require_public`). docs/privacy.md has
the whole policy.
"""

from bisect import bisect
from dataclasses import dataclass

from opsportal.errors import Refused
from opsportal.privacy import leaks, own, tokens
from opsportal.privacy.kinds import Kind, Must
from opsportal.privacy.normalise import is_blank
from opsportal.privacy.scanning import MAX_CHARACTERS, Seen, look

UNREAD = "This text could not be looked through in time. Make it shorter or plainer."

__all__ = [
    "MAX_CHARACTERS",
    "UNREAD",
    "Finding",
    "Must",
    "Verdict",
    "cleaned",
    "for_export",
    "for_inside",
    "judge",
    "redact",
    "require_clean",
    "require_no_secret",
    "require_public",
    "require_words",
    "scan",
    "sentence",
]


@dataclass(frozen=True)
class Finding:
    """One thing that must not be stored as it is: its kind in words, where it starts (from 1) and its span."""

    kind: str
    line: int
    column: int
    start: int
    end: int
    must: Must = Must.BLOCK


@dataclass(frozen=True)
class Verdict:
    """pass, warn or block, and the findings behind it."""

    word: str
    findings: list[Finding]

    @property
    def kinds(self) -> list[str]:
        return sorted({one.kind for one in self.findings})


def _look(text: str) -> Seen:
    return look(text, own=own.rules())


def _findings(text: str, seen: Seen) -> list[Finding]:
    lines = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")] if seen.spans else [0]
    found = []
    for kind, start, end in seen.spans:
        line = bisect(lines, start)
        found.append(Finding(kind.name, line, start - lines[line - 1] + 1, start, end, kind.must))
    return found


def scan(text: str) -> list[Finding]:
    """All findings in the first 65,536 characters, in order of place, without overlaps."""
    return _findings(text, _look(text))


def judge(text: str, *, is_public: bool = False) -> Verdict:
    """What must happen with this text. Not read through in time is not clean.

    Such a text is warned of inside and stopped in public.
    """
    seen = _look(text)
    found = _findings(text, seen)
    if seen.has_secret or (is_public and (found or not seen.complete)) or len(text) > MAX_CHARACTERS:
        return Verdict("block", found)
    return Verdict("warn" if found or not seen.complete else "pass", found)


def redact(text: str, *, is_public: bool = False) -> str:
    """The same text with `[removed: private key]` for a secret and a stable token for a person.

    In public text a person is removed too: a token tells readers nothing.
    """
    return _look(text).without(text, removed if is_public else stand_in)


def removed(kind: Kind, _: str) -> str:
    """What readers outside see in place of a finding."""
    return f"[removed: {kind.name}]"


def stand_in(kind: Kind, value: str) -> str:
    """What staff see: a secret is removed, a person keeps a stable token."""
    return removed(kind, value) if kind.must is Must.BLOCK else tokens.stable(kind, value)


def cleaned(text: str) -> str:
    """What machines say, made fit to be stored: nobody is there to be asked, so it is redacted and counted."""
    seen = _look(text)
    leaks.prevented(span.kind.name for span in seen.spans)
    return seen.without(text, stand_in)


def for_export(text: str) -> str:
    """A document of any length as it may leave the house; its parts may have been stored before a rule was there."""
    pieces, start = [], 0
    while start < len(text):
        end = start + MAX_CHARACTERS
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        pieces.append(redact(text[start:end]))
        start = end
    return "".join(pieces)


def for_inside(text: str) -> str:
    """Text for staff: stable tokens in place of people; refused when it holds a secret or is too long."""
    _require_short(text)
    found = scan(text)
    leaks.prevented(one.kind for one in found)
    if any(one.must is Must.BLOCK for one in found):
        raise Refused("PRIVACY_BLOCKED", sentence(found))
    return redact(text) if found else text


def sentence(found: list[Finding]) -> str:
    """Words for the person: what was seen and where, never the value."""
    places = "; ".join(f"{one.kind} in line {one.line}, column {one.column}" for one in found[:5])
    return f"Not saved: this text holds something that may not be stored ({places}). Remove it and send again."


def require_no_secret(text: str) -> None:
    """For typed words that may name somebody, such as an address that is watched."""
    _require_short(text)
    _refuse([one for one in scan(text) if one.must is Must.BLOCK])


def require_clean(text: str) -> None:
    """Refuse text that holds a secret or an identifier, or that is longer than the cap."""
    _require_short(text)
    _refuse(scan(text))


def require_words(text: str, sentence: str = "Say why.", code: str = "REASON_MISSING") -> str:
    """The words without the blanks around them. Refuses what nobody could read, and what must not be kept."""
    if is_blank(text):
        raise Refused(code, sentence)
    require_clean(text)
    return text.strip()


def require_public(text: str) -> None:
    """The same for text that readers outside will see, which also has to be read through to its end."""
    _require_short(text)
    seen = _look(text)
    _refuse(_findings(text, seen))
    if not seen.complete:
        raise Refused("PRIVACY_UNREAD", UNREAD)


def _require_short(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Refused("TEXT_TOO_LONG", f"This text is longer than {MAX_CHARACTERS} characters. Shorten it.")


def _refuse(found: list[Finding]) -> None:
    if found:
        leaks.prevented(one.kind for one in found)
        raise Refused("PRIVACY_BLOCKED", sentence(found))
