"""Where a room's addresses stand in the table of all: it is passed by unless an address begins with one of its words.

Django reads a table from the top, and the house has some hundred addresses; finding the last took as long as drawing a
hundred rows.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import RoutePattern


class _Beginnings(RoutePattern):
    """No prefix of its own, and the first words of what stands behind it."""

    def __init__(self, words: frozenset[str]) -> None:
        super().__init__("", is_endpoint=False)
        self.words = words

    def match(self, path: str) -> Any:
        return super().match(path) if path.partition("/")[0] in self.words else None


def room(module: str) -> URLResolver:
    """Like path("", include(module)), for rooms whose addresses begin with words: no `<slug:name>/` at the front."""
    resolver: URLResolver = path("", include(module))
    resolver.pattern = _Beginnings(frozenset(_first_words(resolver.url_patterns, module)))
    return resolver


def _first_words(patterns: Iterable[URLPattern | URLResolver], module: str) -> Iterator[str]:
    for one in patterns:
        if isinstance(one.pattern, _Beginnings):
            yield from one.pattern.words
            continue
        first, slash, _ = str(one.pattern).partition("/")
        if "<" in first or (isinstance(one, URLResolver) and not slash):
            raise ValueError(f"{module}: {one.pattern} does not begin with a word")
        yield first
