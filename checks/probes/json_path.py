"""Find one value in a JSON answer: `status`, `build.version`, `data.result[0].value[1]`, `["odd key"].state`. Pure."""

import json
import math
import re
from typing import Any

Path = tuple[str, ...]
_STEP = re.compile(r'(?:^|\.)([\w-]{1,80})|\[(\d{1,6})\]|\["([^"\]]{1,80})"\]')
_MOST_STEPS = 20


def parse_path(text: str) -> Path:
    """The steps of a path; ValueError when it is none.

    >>> parse_path('data.result[0]["le 5"]')
    ('data', 'result', '0', 'le 5')
    """
    steps: list[str] = []
    place = 0
    while place < len(text):
        match = _STEP.match(text, place)
        if match is None:
            raise ValueError("not a path")
        steps.append(next(one for one in match.groups() if one is not None))
        place = match.end()
    if not 0 < len(steps) <= _MOST_STEPS:
        raise ValueError("not a path")
    return tuple(steps)


def load(body: bytes) -> Any:
    """The document; ValueError for what is none, what nests without end, and numbers without end."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def find(document: Any, path: Path) -> Any:
    """The value at the path; LookupError when there is none."""
    found = document
    for step in path:
        if isinstance(found, dict):
            found = found[step]
        elif isinstance(found, list) and step.isdecimal():
            found = found[int(step)]
        else:
            raise LookupError(step)
    return found


def number(document: Any, path: Path) -> float:
    """The finite number at the path; LookupError when there is none."""
    found = find(document, path)
    value = as_float(found) if isinstance(found, int | float) and not isinstance(found, bool) else math.nan
    if not math.isfinite(value):
        raise LookupError("not a number")
    return value


def as_float(value: Any) -> float:
    """A number as it is kept; one with hundreds of digits is infinite, as it is when it is written with a point.

    >>> as_float(10**400)
    inf
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf


def text(value: Any) -> str | None:
    """A value as people write it: true, 3, ok. None for lists and objects, which equal nothing."""
    if isinstance(value, str):
        return value
    return None if isinstance(value, list | dict) else json.dumps(value)
