"""Look through one text: as it came, without disguises, with its lines put together, and what its base64 says."""

import re
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from opsportal.privacy import normalise, patterns
from opsportal.privacy.kinds import Kind, Must, Span
from opsportal.privacy.normalise import View
from opsportal.privacy.patterns import Rule

MAX_CHARACTERS = 65_536
BUDGET_SECONDS = 0.8

# What we put in place of a finding. A digit never follows the colon, so that no count looks like it.
_OURS = re.compile(
    r"\[removed: [A-Za-z -]{3,60}\]|(?<![A-Za-z0-9])(?:user|phone|ip|card|iban|ssn|id):[a-f][0-9a-f]{11}(?![0-9a-zA-Z])"
)


@dataclass(frozen=True)
class Seen:
    """What was found, in order of place and without overlaps. Not `complete`: nobody knows what the rest holds."""

    spans: list[Span]
    complete: bool = True

    @property
    def has_secret(self) -> bool:
        return any(span.kind.must is Must.BLOCK for span in self.spans)

    def without(self, text: str, stand_in: Callable[[Kind, str], str]) -> str:
        """The text that was read, with something else in place of each finding."""
        pieces, last = [], 0
        for kind, start, end in self.spans:
            pieces += [text[last:start], stand_in(kind, text[start:end])]
            last = end
        return "".join([*pieces, text[last:MAX_CHARACTERS]])


def look(
    text: str,
    *,
    own: Iterable[Rule] = (),
    budget: float = BUDGET_SECONDS,
    clock: Callable[[], float] = time.thread_time,
) -> Seen:
    """Everything in the first 65,536 characters, within `budget` seconds of this thread's time.

    >>> [span.kind.name for span in look("key AKIAIOSFODNN7EXAMPLE was used").spans]
    ['cloud access key']
    """
    complete, text, end = len(text) <= MAX_CHARACTERS, text[:MAX_CHARACTERS], clock() + budget
    ours = bytearray(len(text))
    for match in _OURS.finditer(text):
        ours[match.start() : match.end()] = b"\1" * len(match.group())
    found: list[Span] = []
    rules = [*patterns.RULES, *((rule, False) for rule in own)]
    for view in _views(text):
        seen = patterns.prepared(view.text)
        for rule, runs_on in rules:
            if clock() > end:
                return Seen(_settled(found, ours), complete=False)
            if view.joins and not runs_on:
                continue
            for span in rule(seen):
                if not view.joins or _runs_on(view, span):
                    found.append(Span(span.kind, *view.back(span.start, span.end)))
    return Seen(_settled(found, ours), complete)


def _views(text: str) -> Iterator[View]:
    view = View(text)
    yield view
    if bare := normalise.plain(text):
        yield bare
        view = bare
    if "\n" in text and (joined := normalise.unwrapped(view)):
        yield joined
        if hidden := normalise.decoded(joined):
            yield hidden
    if hidden := normalise.decoded(view):
        yield hidden


def _runs_on(view: View, span: Span) -> bool:
    """Only what really crosses the end of a line is new in a view with lines put together."""
    place = bisect_left(view.joins, span.start + 1)
    return place < len(view.joins) and view.joins[place] < span.end


def _settled(found: list[Span], ours: bytearray) -> list[Span]:
    """In order of place. Of two that overlap the secret stays, then the one found first; it grows over both."""
    kept: list[Span] = []
    rank = {id(span): number for number, span in enumerate(found)}
    for span in sorted(found, key=lambda one: (one.start, one.end)):
        if any(ours[span.start : span.end]):
            continue
        if kept and span.start < kept[-1].end:
            first, second = sorted((kept[-1], span), key=lambda one: (one.kind.must is Must.WARN, rank[id(one)]))
            merged = Span(first.kind, min(first.start, second.start), max(first.end, second.end))
            rank[id(merged)] = rank[id(first)]
            found.append(merged)  # keeps the object alive, so that its id stays its own
            kept[-1] = merged
        else:
            kept.append(span)
    return kept
