"""Read a JSON body: its type, its depth, the length of its lists, and nothing that the database cannot store."""

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from opsportal.api.errors import ApiError
from opsportal.degrade.posted import posted

MAX_DEPTH = 20
# A text, closed or running to the end, or a bracket. Each character is looked at once, whatever was sent.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z)|[\[\]{}]', re.DOTALL)


class JsonParser(Parser):
    """The parser of every operation that takes a body."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request)


def read_json(request: HttpRequest) -> Any:
    """The body as Python values, or ApiError 400, 413, 415."""
    if request.content_type != "application/json":
        raise ApiError(415)
    if depth(request.body) > MAX_DEPTH:
        raise ApiError(400, "TOO_DEEP", f"The body may be {MAX_DEPTH} levels deep at most.")
    try:
        value = json.loads(request.body, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise ApiError(400, "INVALID_JSON", "The body is not valid JSON in UTF-8.") from None
    _check(value, most_items())
    return value


def most_items() -> int:
    """Items of one list: as configured, or fewer while an admin has lowered it."""
    lowered = posted(Path(settings.DATA_DIR)).batch_items()
    return min(settings.INGEST_MAX_BATCH_ITEMS, lowered or settings.INGEST_MAX_BATCH_ITEMS)


def depth(body: bytes) -> int:
    """How deep objects and lists lie in each other, without parsing; brackets inside texts do not count."""
    deepest = now = 0
    for found in _TOKEN.finditer(body):
        mark = found[0]
        if mark in (b"[", b"{"):
            now += 1
            deepest = max(deepest, now)
        elif mark in (b"]", b"}"):
            now -= 1
    return deepest


def _check(value: Any, most: int) -> None:
    """Refuse too long lists, and texts with a zero byte or half a character."""
    if isinstance(value, list):
        if len(value) > most:
            raise ApiError(413, message=f"A list may have {most} items at most; nothing was stored.")
        for one in value:
            _check(one, most)
    elif isinstance(value, dict):
        for key, one in value.items():
            _check(key, most)
            _check(one, most)
    elif isinstance(value, str) and not is_storable(value):
        raise ApiError(400, "INVALID_TEXT", "A text holds a zero byte or half a character, which cannot be stored.")


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes the text: no U+0000, no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("too large a number")
    return number
