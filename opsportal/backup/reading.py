"""Read a backup to its end before anything is done with it."""

import re
from collections.abc import Iterator
from pathlib import Path

from opsportal.backup import tables
from opsportal.backup.contents import (
    HEAD,
    MANIFEST,
    ROWS,
    TABLE,
    Contents,
    Count,
    Head,
    Table,
    head_of,
    manifest_of,
)
from opsportal.backup.sealed_file import damaged, frames

# Made into statements, though only somebody with our key could have written others.
_BOUND = re.compile(r"FOR VALUES FROM \('[0-9: +-]+'\) TO \('[0-9: +-]+'\)")
_OPTION = re.compile(r"[a-z_]+=\w+")


def read(path: Path) -> Contents:
    """What is in it, after every byte, every count and every hash was looked at.

    Faults: `file_unreadable`, `wrong_key`, `newer_version`, `damaged`.
    """
    stream = frames(path)
    head = _head(stream)
    counts: dict[str, Count] = {}
    counting, name = tables.Counting(), ""
    for kind, payload in stream:
        if kind == ROWS and name:
            counting.add(payload)
            continue
        if name:
            counts[name] = counting.count()
        if kind == TABLE:
            counting, name = tables.Counting(), payload.decode()
        elif kind == MANIFEST:
            return _compared(head, counts, payload)
        else:
            break
    raise damaged("Its parts are not in their order")


def _head(stream: Iterator[tuple[bytes, bytes]]) -> Head:
    kind, payload = next(stream)
    try:
        head = head_of(payload) if kind == HEAD else None
    except (ValueError, KeyError, TypeError):
        head = None
    if head is None or not all(_BOUND.fullmatch(one.bound) for one in head.partitions):
        raise damaged("Its head cannot be read")
    if not all(_OPTION.fullmatch(option) for one in head.partitions for option in one.options):
        raise damaged("Its head cannot be read")
    return head


def _compared(head: Head, counts: dict[str, Count], payload: bytes) -> Contents:
    try:
        manifest = manifest_of(payload)
    except (ValueError, KeyError, TypeError):
        raise damaged("Its list of contents cannot be read") from None
    if manifest.counts != counts or set(counts) != {table.name for table in head.tables}:
        raise damaged("Its rows are not those of its list")
    return Contents(head, manifest)


def table_rows(path: Path, head: Head) -> Iterator[tuple[Table, Iterator[bytes]]]:
    """The tables of a backup that was read before, each with its pieces, which must be taken in their order."""
    stream = frames(path)
    next(stream)
    kind, payload = next(stream)
    while kind == TABLE:
        ahead: list[tuple[bytes, bytes]] = []
        yield head.table(payload.decode()), _pieces(stream, ahead)
        kind, payload = ahead[0]


def _pieces(stream: Iterator[tuple[bytes, bytes]], ahead: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Until a frame of another kind comes, which is left in `ahead`."""
    for kind, payload in stream:
        if kind != ROWS:
            ahead.append((kind, payload))
            return
        yield payload
