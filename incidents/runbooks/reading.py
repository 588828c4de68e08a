"""From Markdown to what a page shows: parts with numbered steps, commands to copy, and the line that is expected.

A heading of the first two levels begins a part. Its top-level numbered list is its steps: the first line of a step is
its title, a fenced block its commands (one a line), a paragraph that begins with "Check:" names checks by their keys,
one that begins with "Expect:" the token lines of the commands above it, and one that begins with "On `token`:" what to
do when something else is said. Everything else is prose. Pure: no database, no address is asked.
"""

import html
import re
from dataclasses import dataclass, field, replace

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
_CHECK = re.compile(r"\s*checks?:\s*(?=`)", re.IGNORECASE)
_BRANCH = re.compile(r"\s*on\s+((?:`[^`]+`(?:,\s*|\s+or\s+)?)+):\s", re.IGNORECASE)
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CODE = re.compile(r"`+([^`]+)`+")


@dataclass(frozen=True)
class Trial:
    """Something of a step that says a token line: a command, or a check by its key (`is_check`).

    `place` counts through the step. Any of the lines in `expected` is right; with none, exit code 0 is.
    """

    place: int
    text: str
    expected: tuple[str, ...] = ()
    is_check: bool = False


@dataclass(frozen=True)
class Block:
    """A piece of a step: prose as safe HTML, a branch with the tokens it is for, a trial, or a line to expect."""

    kind: str
    text: str = ""
    tokens: tuple[str, ...] = ()
    trial: Trial | None = None

    def is_for(self, said: str) -> bool:
        """A branch that a token line leads to.

        >>> Block("branch", "", ("reason=missing_tables",)).is_for("db_verify status=fail reason=missing_tables")
        True
        """
        words = said.split()
        return any(all(word in words for word in token.split()) for token in self.tokens)


@dataclass(frozen=True)
class Step:
    """One numbered step; the number counts through the whole runbook."""

    number: int
    title: str
    title_html: SafeString
    blocks: list[Block]

    @property
    def trials(self) -> list[Trial]:
        return [one.trial for one in self.blocks if one.trial is not None]

    @property
    def command(self) -> str:
        """The first command, or none."""
        return next((one.text for one in self.trials if not one.is_check), "")

    def branches(self, said: str) -> list[Block]:
        """What to do when this is said instead of what is expected."""
        return [one for one in self.blocks if one.kind == "branch" and one.is_for(said)]


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
        return [one.text for step in self.steps for one in step.trials if not one.is_check]

    @property
    def expected(self) -> list[str]:
        found = [line for step in self.steps for one in step.trials for line in one.expected if not one.is_check]
        return list(dict.fromkeys(found))

    def step(self, number: int) -> Step | None:
        """The step of that number."""
        return next((one for one in self.steps if one.number == number), None)


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
    title, blocks = f"Step {number}", list[Block]()
    title_html = SafeString(title)
    if groups and groups[0][0].type == "paragraph_open":
        first = groups.pop(0)
        title = _words(first)
        title_html = _safe(_MARKDOWN.renderer.render(first[1:-1], _MARKDOWN.options, {}))
    for group in groups:
        _add(blocks, group)
    return Step(number, title, title_html, blocks)


def _add(blocks: list[Block], group: list[Token]) -> None:
    opening = group[0]
    if opening.type in ("fence", "code_block"):
        for line in opening.content.splitlines():
            _try(blocks, line.strip())
        return
    written = group[1].content if opening.type == "paragraph_open" else ""
    if expect := _EXPECT.match(written):
        _expect(blocks, _lines(written[expect.end() :]))
    elif check := _CHECK.match(written):
        for key in _lines(written[check.end() :]):
            if _KEY.fullmatch(key):
                _try(blocks, key, expected=(f"check={key} status=healthy",), is_check=True)
    elif branch := _BRANCH.match(written):
        blocks.append(Block("branch", _prose(group), tuple(_CODE.findall(branch[1]))))
    else:
        blocks.append(Block("prose", _prose(group)))


def _try(blocks: list[Block], text: str, *, expected: tuple[str, ...] = (), is_check: bool = False) -> None:
    if text:
        place = sum(one.trial is not None for one in blocks)
        blocks.append(Block("trial", trial=Trial(place, text, expected, is_check)))


def _expect(blocks: list[Block], lines: list[str]) -> None:
    """The lines go to the commands above that have none yet: those that begin with its name, or all of them."""
    waiting = [index for index, one in enumerate(blocks) if one.trial is not None and not one.trial.expected]
    for index in waiting:
        trial = blocks[index].trial
        assert trial is not None
        own = tuple(line for line in lines if line.split()[0] in trial.text.split())
        blocks[index] = Block("trial", trial=replace(trial, expected=own or tuple(lines)))
    if not waiting:
        blocks += [Block("expect", line) for line in lines]


def _lines(written: str) -> list[str]:
    """What stands between backticks, or all of it."""
    return [line.strip() for line in _CODE.findall(written) or [written] if line.strip()]


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
