"""What the page was built from, beside the page itself: so that a word can be added while no database answers.

Everything in it is public already.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from incidents.statuspage.content import Content
from incidents.statuspage.pages import Frame


def written(content: Content) -> bytes:
    """As JSON; `read` gives the same values back."""
    return json.dumps(_plain(content), separators=(",", ":"), ensure_ascii=False).encode()


def read(body: bytes) -> Content:
    """Raises ValueError for what is not such a file. What an earlier version did not know is as it comes."""
    try:
        facts = json.loads(body)
        known = get_type_hints(Content)
        return Content(**{name: _made(known[name], value) for name, value in facts.items() if name in known})
    except (TypeError, KeyError, AttributeError) as problem:
        raise ValueError("not the content of a status page") from problem


def written_frame(frame: Frame) -> bytes:
    """What stands around a page; `read_frame` gives it back."""
    return json.dumps(_plain(frame), ensure_ascii=False).encode()


def read_frame(body: bytes) -> Frame:
    """Raises ValueError for what is not such a file."""
    try:
        found: Frame = _made(Frame, json.loads(body))
    except (TypeError, KeyError, AttributeError) as problem:
        raise ValueError("not the frame of a status page") from problem
    return found


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    return value


def _made(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if value is None:
        return None
    if origin in (Union, UnionType):
        return _made(next(one for one in inner if one is not NoneType), value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_made(one, part) for one, part in zip(kinds, value, strict=True))
    if is_dataclass(kind):
        known = get_type_hints(kind)
        return kind(**{name: _made(known[name], part) for name, part in value.items() if name in known})  # type: ignore[operator]
    return kind.fromisoformat(value) if kind in (date, datetime) else value
