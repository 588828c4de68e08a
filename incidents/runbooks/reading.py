"""From Markdown to what a page shows: parts with numbered steps, commands to copy, and the line that is expected.

A heading of the first two levels begins a part. Its top-level numbered list is its steps: the first line of a step is
its title, a fenced block its commands (one a line), and a paragraph that begins with "Expect:" names the token lines.
Everything else is prose. Pure: no database, no address is asked.
"""

import html
import re
from dataclasses import dataclass, field

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "a", "blockquote", "hr"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_EXPECT = re.compile(r"\s*expect(?:ed)?:\s*", re.IGNORECASE)
_CODE = re.compile(r"`+([^`]+)`+")


@dataclass(frozen=True)
class Block:
    """A piece of a step: prose as safe HTML, a command to copy, or a line that is expected."""

    kind: str
    text: str


@dataclass(frozen=True)
class Step:
    """One numbered step; the number counts through the whole runbook."""

    number: int
    title: str
    title_html: SafeString
    blocks: list[Block]

    @property
    def command(self) -> str:
        """The first command, or none."""
        return next((one.text for one in self.blocks if one.kind == "command"), "")


@dataclass
class Part:
    """What stands under one heading: prose before the steps, the steps, prose after them."""

    title: str
    before: SafeString = field(default_factory=SafeString)
    steps: list[Step] = field(default_factory=list)
    after: SafeString = field(default_factory=SafeString)


@dataclass(frozen=True)
class Reading:
    """A whole runbook, and every address its text links to."""

    parts: list[Part]
    links: list[str]

    @property
    def steps(self) -> list[Step]:
        return [one for part in self.parts for one in part.steps]

    @property
    def commands(self) -> list[str]:
        return [one.text for step in self.steps for one in step.blocks if one.kind == "command"]

    @property
    def expected(self) -> list[str]:
        return [one.text for step in self.steps for one in step.blocks if one.kind == "expect"]


def read(body: str) -> Reading:
    """Read a text; whatever is written, something safe comes out."""
    tokens = _MARKDOWN.parse(body)
    parts, number = [Part("")], 0
    for group in _groups(tokens):
        opening, part = group[0], parts[-1]
        if opening.type == "heading_open" and opening.tag in ("h1", "h2"):
            parts.append(Part(_words(group)))
        elif opening.type == "ordered_list_open" and not part.after:
            for item in _groups(group[1:-1]):
                number += 1
                part.steps.append(_step(number, item[1:-1]))
        elif part.steps:
            part.after += _prose(group)
        else:
            part.before += _prose(group)
    return Reading([one for one in parts if one.title or one.before or one.steps], _links(tokens))


def _groups(tokens: list[Token]) -> list[list[Token]]:
    """Tokens by their outermost block."""
    found: list[list[Token]] = []
    depth = 0
    for one in tokens:
        if depth == 0:
            found.append([])
        found[-1].append(one)
        depth += one.nesting
    return found


def _step(number: int, inside: list[Token]) -> Step:
    groups = _groups(inside)
    title, blocks = f"Step {number}", []
    title_html = SafeString(title)
    if groups and groups[0][0].type == "paragraph_open":
        first = groups.pop(0)
        title = _words(first)
        title_html = _safe(_MARKDOWN.renderer.render(first[1:-1], _MARKDOWN.options, {}))
    for group in groups:
        blocks += _blocks(group)
    return Step(number, title, title_html, blocks)


def _blocks(group: list[Token]) -> list[Block]:
    opening = group[0]
    if opening.type in ("fence", "code_block"):
        return [Block("command", line.strip()) for line in opening.content.splitlines() if line.strip()]
    if opening.type == "paragraph_open":
        written = group[1].content
        expect = _EXPECT.match(written)
        if expect:
            lines = _CODE.findall(written[expect.end() :]) or [written[expect.end() :].strip()]
            return [Block("expect", line.strip()) for line in lines if line.strip()]
    return [Block("prose", _prose(group))]


def _prose(group: list[Token]) -> SafeString:
    for one in group:
        if one.type in ("heading_open", "heading_close"):
            # The page has its own title and titles of parts above.
            one.tag = f"h{max(3, int(one.tag[1]))}"
    return _safe(_MARKDOWN.renderer.render(group, _MARKDOWN.options, {}))


def _safe(markup: str) -> SafeString:
    """Only tags that text needs, only links to pages: whatever the reader of Markdown lets through."""
    cleaned = nh3.clean(
        markup,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(cleaned)  # noqa: S308 - cleaned in the line above


def _words(group: list[Token]) -> str:
    """The text of a block without its marks."""
    inline = next((one for one in group if one.type == "inline"), None)
    children = inline.children or [] if inline else []
    said = "".join(" " if one.type in ("softbreak", "hardbreak") else one.content for one in children)
    return html.unescape(" ".join(said.split()))


def _links(tokens: list[Token]) -> list[str]:
    """Every address that is linked to, in order, once."""
    hrefs = [
        str(child.attrGet("href"))
        for one in tokens
        for child in one.children or []
        if child.type == "link_open" and child.attrGet("href")
    ]
    return list(dict.fromkeys(hrefs))
