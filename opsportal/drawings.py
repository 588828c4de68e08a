"""Pieces of pages that are drawn once in a process: what a row says follows from its values, and a page has a hundred.

A drawing knows neither request nor clock. Where its template asks for one of them (a time that runs, the token of a
form, `{{ page.request.user }}`) it leaves a hole, and each page fills that for itself: nothing that belongs to a person
or grows old is kept.
The values are the whole key, so a change of the row is another drawing, and there is nothing to invalidate.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from django.template import Context, Variable, VariableDoesNotExist
from django.template.loader import get_template
from django.utils.safestring import SafeString

# Two hundred rooms' pages of rows or forty boards, about 8 MB; what nobody looks at falls out.
_KEPT = 8_192
# Stands where a page's own words belong. No text that is stored or posted holds it (PostgreSQL and NulMiddleware).
_HOLE = SafeString("\0")
# What fills a hole: the page's own words, by their name in a template, or HTML that is written for its one instant.
Filling = str | Callable[[datetime], str]


class PageWords(dict[str, str]):
    """What one page writes for `{{ name }}`: looked up once, however many rows ask. Nothing when it has none."""

    def __init__(self, page: Context) -> None:
        super().__init__()
        self.page = page

    def __missing__(self, name: str) -> str:
        try:
            words = str(Variable(name).resolve(self.page))
        except VariableDoesNotExist:
            words = ""
        self[name] = words if isinstance(words, SafeString) else escape(words)
        return self[name]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Finished text with holes between its pieces: always one piece more than fillings."""

    pieces: tuple[str, ...]
    fillings: tuple[Filling, ...]

    def on(self, page: PageWords, now: datetime) -> SafeString:
        """The text as it reads on this page."""
        filled = [self.pieces[0]]
        for fill, piece in zip(self.fillings, self.pieces[1:], strict=True):
            filled += page[fill] if isinstance(fill, str) else fill(now), piece
        return SafeString("".join(filled))

    def holding(self, name: str, other: "Drawing") -> "Drawing":
        """The same with another drawing where the page's own words of this name belong."""
        place = self.fillings.index(name)
        before, after = self.pieces[place : place + 2]
        first, *rest = other.pieces
        inside = (before + first, *rest[:-1], rest[-1] + after) if rest else (before + first + after,)
        return Drawing(
            (*self.pieces[:place], *inside, *self.pieces[place + 2 :]),
            (*self.fillings[:place], *other.fillings, *self.fillings[place + 1 :]),
        )


class Sheet(Context):
    """What a drawing is drawn on: its values, and the holes that tags leave."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__({**values, "csrf_token": _OfPage(self, "csrf_token"), "page": _OfPage(self, "")})
        self.fillings: list[Filling] = []

    def hole(self, fill: Filling) -> SafeString:
        self.fillings.append(fill)
        return _HOLE


class _OfPage:
    """Stands for words that are each page's own: a form's token, `page.request.get_full_path`."""

    def __init__(self, sheet: Sheet, path: str) -> None:
        self.sheet, self.path = sheet, path

    def __getitem__(self, name: str) -> "_OfPage":
        return _OfPage(self.sheet, f"{self.path}.{name}".removeprefix("."))

    def __str__(self) -> str:
        return self.sheet.hole(self.path)

    __html__ = __str__


@lru_cache(maxsize=_KEPT)
def drawing(template: str, values: tuple[tuple[str, Any], ...]) -> Drawing:
    """The template with nothing but these values, drawn or remembered."""
    for name, value in values:
        _refuse_what_can_change(name, value)
    sheet = Sheet(dict(values))
    pieces = get_template(template).template.render(sheet).split(_HOLE)  # type: ignore[attr-defined]
    return Drawing(tuple(pieces), tuple(sheet.fillings))


def _refuse_what_can_change(name: str, value: object) -> None:
    """A model is equal to its older self, so its first drawing would stay for ever."""
    if isinstance(value, (str, int, float, date, timedelta, type(None))):
        return
    if isinstance(value, tuple):
        for one in value:
            _refuse_what_can_change(name, one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            _refuse_what_can_change(f"{name}.{field.name}", getattr(value, field.name))
    else:
        raise TypeError(f"{name} is a {type(value).__name__}; a drawing takes values only")
