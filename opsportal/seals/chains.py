"""Which tables are sealed. The frame knows no feature: each room registers its chain in AppConfig.ready."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models

GENESIS = "0" * 64


def _none(ids: Sequence[int]) -> set[int]:
    return set()


@dataclass(frozen=True)
class Chain:
    """One chain over one append-only table.

    `forms` lists the columns that are hashed, the primary key first. A new column means a new form at the end:
    rows that were sealed under an older one still verify. `spoiled` names rows, of those given, whose company in
    another table (such as the words of an event) is no longer what the row vouches for.
    """

    name: str
    model: type[models.Model]
    forms: tuple[tuple[str, ...], ...]
    spoiled: Callable[[Sequence[int]], set[int]] = _none

    @property
    def newest_form(self) -> int:
        return len(self.forms) - 1

    @property
    def rows(self) -> models.QuerySet[Any]:
        return self.model._default_manager.all()

    def link(self, previous: str, seq: int, row: Sequence[Any]) -> str:
        """SHA-256 of the seal before, the place and the row: the one function for writing and verifying."""
        return hashlib.sha256(f"{previous}:{seq}:".encode() + canonical(self.name, row)).hexdigest()


def canonical(name: str, row: Sequence[Any]) -> bytes:
    """The same bytes for the same row on every machine.

    >>> canonical("audit", [1, "é", datetime(2026, 11, 21, 3, tzinfo=UTC)]).decode()
    '["audit",1,"é","2026-11-21T03:00:00.000000+00:00"]'
    """
    return json.dumps([name, *map(_plain, row)], ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


_chains: dict[str, Chain] = {}


def register(chain: Chain) -> None:
    """Have the sealer keep this table; called once, when the app is ready."""
    _chains[chain.name] = chain


def named(name: str) -> Chain:
    """The chain of that name; an unknown name is a mistake in the caller and rises as KeyError."""
    return _chains[name]


def all_chains() -> list[Chain]:
    return list(_chains.values())
