"""What stands in a backup beside the rows: by which version, of which tables, how many rows and with which hashes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

HEAD, TABLE, ROWS, MANIFEST = b"H", b"T", b"R", b"M"


@dataclass(frozen=True)
class Table:
    """A table, the columns that are kept (not those that the database works out) and those that order its rows.

    `order` says for each column of the primary key whether it is text: text is ordered by its bytes, so that two
    databases with different languages hash the same rows alike.
    """

    name: str
    columns: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Partition:
    """A part of a table that is kept in stretches of time."""

    name: str
    parent: str
    bound: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Sequence:
    """Where the numbers of a column have got to."""

    table: str
    column: str
    last: int
    is_called: bool


@dataclass(frozen=True)
class Head:
    """The first frame: what a database has to look like before the rows fit."""

    version: str
    made_at: str
    migrations: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    partitions: tuple[Partition, ...]

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Count:
    """Rows of a table, and the SHA-256 of all of them in their order."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The last frame: what was written before it."""

    counts: Mapping[str, Count]
    sequences: tuple[Sequence, ...] = field(default=())

    @property
    def rows(self) -> int:
        return sum(count.rows for count in self.counts.values())


@dataclass(frozen=True)
class Contents:
    """A backup that was read from its first to its last byte."""

    head: Head
    manifest: Manifest


def packed(part: Head | Manifest) -> bytes:
    return json.dumps(asdict(part), separators=(",", ":")).encode()


def head_of(payload: bytes) -> Head:
    """ValueError, KeyError or TypeError when it is no head."""
    facts: dict[str, Any] = json.loads(payload)
    return Head(
        version=str(facts["version"]),
        made_at=str(facts["made_at"]),
        migrations=tuple((app, name) for app, name in facts["migrations"]),
        tables=tuple(
            Table(one["name"], tuple(one["columns"]), tuple((column, text) for column, text in one["order"]))
            for one in facts["tables"]
        ),
        partitions=tuple(
            Partition(one["name"], one["parent"], one["bound"], tuple(one["options"])) for one in facts["partitions"]
        ),
    )


def manifest_of(payload: bytes) -> Manifest:
    """ValueError, KeyError or TypeError when it is no manifest."""
    facts: dict[str, Any] = json.loads(payload)
    return Manifest(
        counts={name: Count(**count) for name, count in facts["counts"].items()},
        sequences=tuple(Sequence(**one) for one in facts["sequences"]),
    )
