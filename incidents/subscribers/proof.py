"""A table of addresses with proof of consent: read whole, judged line by line, taken all or not at all."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO

from incidents.subscribers import addresses
from opsportal.errors import Refused
from opsportal.moments import EARLIEST
from opsportal.outbox.models import Channel
from opsportal.privacy import guard

COLUMNS = ("address", "components", "source", "date", "wording")
MOST_LINES = 5_000
_MOST_SAID = 20


@dataclass(frozen=True)
class Proof:
    """One address, and how its owner agreed: where, when, to which words. No components means everything."""

    address: str
    component_ids: tuple[str, ...]
    source: str
    on: date
    wording: str


@dataclass(frozen=True)
class Read:
    """Either rows or what is wrong with them, a sentence a line; never an address."""

    rows: tuple[Proof, ...]
    errors: tuple[str, ...]


def read(text: str, *, components: Mapping[str, str], blocked: frozenset[str], today: date) -> Read:
    """`components` maps names to public ids; `blocked` holds hashes of addresses that must not be added."""
    try:
        return _read(text.lstrip("\ufeff"), components, blocked, today)
    except csv.Error:
        return Read((), ("This is no CSV table, or one cell has more than 131,072 characters. Save it again as CSV.",))


def _read(text: str, components: Mapping[str, str], blocked: frozenset[str], today: date) -> Read:
    table = csv.DictReader(StringIO(text, newline=None))  # old programs end lines in their own way
    if tuple(name.strip().lower() for name in table.fieldnames or ()) != COLUMNS:
        return Read((), (f"The first line must be: {','.join(COLUMNS)}",))
    table.fieldnames = list(COLUMNS)
    rows: list[Proof] = []
    errors: list[str] = []
    for cells in table:
        if len(rows) + len(errors) >= MOST_LINES:
            errors.append(f"There are more than {MOST_LINES:,} lines: split the table.")
            break
        try:
            rows.append(_row(cells, components, blocked, today))
        except Refused as refusal:
            errors.append(f"Line {table.line_num}: {refusal.sentence}")
    if not rows and not errors:
        errors.append("There is no address in the table.")
    more = len(errors) - _MOST_SAID
    return Read(tuple(rows), (*errors[:_MOST_SAID], *([f"and {more} more"] if more > 0 else [])))


def _row(cells: Mapping[str, str | None], components: Mapping[str, str], blocked: frozenset[str], today: date) -> Proof:
    if None in cells or None in cells.values():
        raise Refused("CELLS", f"It must have {len(COLUMNS)} cells.")
    address, named, source, on, wording = (str(cells[name]).strip() for name in COLUMNS)
    addresses.require(Channel.EMAIL, address)
    if addresses.hashed(Channel.EMAIL, address) in blocked:
        raise Refused("HAS_LEFT", "This address was unsubscribed or removed. Only its owner can subscribe it again.")
    if not source or not wording:
        raise Refused("NO_PROOF", "Say where consent was given and to which words.")
    if len(source) > 200 or len(wording) > 500:
        raise Refused("TOO_LONG", "The source has 200 characters at most, the wording 500.")
    if any(letter < " " for letter in source + wording):
        raise Refused("NOT_TEXT", "The source or the wording holds a line break or a sign that cannot be seen.")
    guard.require_clean(source)
    guard.require_clean(wording)
    return Proof(address, tuple(_ids(named, components)), source, _day(on, today), wording)


def _ids(named: str, components: Mapping[str, str]) -> Iterator[str]:
    for name in filter(None, (one.strip() for one in named.split(";"))):
        if name.lower() not in components:
            raise Refused("NO_COMPONENT", "It names a component that there is not.")
        yield components[name.lower()]


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Refused("BAD_DATE", "Write the date of consent as 2026-11-21.") from None
    if not EARLIEST.date() <= found <= today:
        raise Refused("BAD_DATE", "The date of consent lies in the future, or before 2000.")
    return found
