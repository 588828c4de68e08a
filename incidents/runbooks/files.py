"""A runbook as a file: a short head between two lines of dashes, then Markdown. Pure, so that migrations may read it.

    ---
    title: Database outage
    domain: backend
    tokens: db_connect_failed
    owner: @sre-lead
    ---
    Markdown with numbered steps.

The slug is the file's name. Everything but the title may be missing; no domain means the whole house.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from opsportal.slugs import is_slug

LIBRARY = Path(__file__).parent / "library"
LONGEST = 30_000
_NAMES = ("title", "domain", "tokens", "owner")
TOKEN = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


class UnreadableError(ValueError):
    """A file is no runbook; the words say what to mend."""


@dataclass(frozen=True)
class Document:
    """What a file says."""

    slug: str
    title: str
    body: str
    domain: str = ""
    tokens: tuple[str, ...] = ()
    owner: str = ""

    @property
    def text(self) -> str:
        """The file itself: reading it gives the same document."""
        given = {"title": self.title, "domain": self.domain, "tokens": ", ".join(self.tokens), "owner": self.owner}
        head = [f"{name}: {value}" for name, value in given.items() if value]
        return "\n".join(["---", *head, "---", "", self.body.strip(), ""])


def read(slug: str, text: str) -> Document:
    """Refuse with words what is no runbook."""
    if not is_slug(slug):
        raise UnreadableError("The file's name becomes the address: small letters, digits and single dashes.")
    if "\0" in text:
        raise UnreadableError("It holds a NUL character, so it is no text.")
    lines = text.replace("\r\n", "\n").lstrip("\ufeff").split("\n")
    if lines[0].strip() != "---" or "---" not in (one.strip() for one in lines[1:]):
        raise UnreadableError("It has to begin with a head: a line ---, then title: and the like, then a line ---.")
    end = next(place for place, one in enumerate(lines) if place and one.strip() == "---")
    head = _head(lines[1:end])
    body = "\n".join(lines[end + 1 :]).strip()
    if not head.get("title"):
        raise UnreadableError("Its head has no title.")
    if not body:
        raise UnreadableError("There is no text below its head.")
    tokens = tuple(head.get("tokens", "").replace(",", " ").split())
    return Document(slug, head["title"], body, head.get("domain", ""), tokens, head.get("owner", ""))


def _head(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 2):
        name, colon, value = line.partition(":")
        name = name.strip()
        if not line.strip():
            continue
        if not colon or name not in _NAMES or name in found:
            # By its number: what stands there may be anything, a secret too.
            raise UnreadableError(f"Its head may have {', '.join(_NAMES)}, each once; line {number} is none of them.")
        found[name] = value.strip()
    return found


@cache
def shipped() -> list[Document]:
    """The runbooks that come with the portal, by their slugs."""
    return [read(path.stem, path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.glob("*.md"))]
