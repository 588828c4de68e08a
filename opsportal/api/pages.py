"""Pages by key: a cursor says after which row to go on.

Rows that are added meanwhile neither repeat nor hide others.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from opsportal.api.errors import ApiError

MOST = 100
USUAL = 50
_SALT = "opsportal.api.cursor"

T = TypeVar("T")
Row = TypeVar("Row", bound=Model)


class PageOf(Schema, Generic[T]):
    """One page: `next` goes into `cursor` of the following request and is null on the last page."""

    items: list[T]
    next: str | None


class PageQuery(Schema):
    """What every list takes."""

    limit: int = Field(USUAL, ge=1, le=MOST, description="Rows of a page")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before")


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """The rows of one page and the cursor behind them."""

    rows: list[Row]
    next: str | None


def cut(rows: QuerySet[Row], *, by: Sequence[str], query: PageQuery, purpose: Mapping[str, Any]) -> Cut[Row]:
    """The wanted page of `rows`.

    `by` names fields that together are unique, all ascending or all with a minus. `purpose` is the list and its
    filters: a cursor of another list, or of other filters, is refused.
    """
    if query.cursor is not None:
        rows = rows.filter(_after(by, _open(query.cursor, purpose, len(by))))
    found = list(rows.order_by(*by)[: query.limit + 1])
    shown = found[: query.limit]
    has_more = len(found) > query.limit
    return Cut(shown, _close(shown[-1], by, purpose) if has_more else None)


def _after(by: Sequence[str], values: Sequence[Any]) -> Q:
    """a < x, or a = x and b < y, and so on."""
    condition, equal = Q(), Q()
    for field, value in zip(by, values, strict=True):
        name = field.removeprefix("-")
        compare = "lt" if field.startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{compare}": value})
        equal &= Q(**{name: value})
    return condition


def _close(row: Model, by: Sequence[str], purpose: Mapping[str, Any]) -> str:
    values = [getattr(row, field.removeprefix("-")) for field in by]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return signing.dumps([plain, _said(purpose)], salt=_SALT)


def _open(cursor: str, purpose: Mapping[str, Any], length: int) -> list[Any]:
    try:
        values, made_for = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError):
        values, made_for = [], ""
    if made_for != _said(purpose) or len(values) != length:
        raise ApiError(400, "INVALID_CURSOR", "This cursor is not of this list with these filters. Begin without one.")
    return list(values)


def _said(purpose: Mapping[str, Any]) -> str:
    """A short mark of the list and its filters."""
    return hashlib.sha256(repr(sorted(purpose.items())).encode()).hexdigest()[:16]
