"""Walk a chain from its first seal and name the first row that is not what it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from opsportal.seals.actions import unsealed
from opsportal.seals.chains import GENESIS, Chain
from opsportal.seals.heads import Head
from opsportal.seals.models import Seal

STEP = 2_000


class Fault(StrEnum):
    """What is wrong, in words for the person who has to look."""

    GONE = "the row is gone"
    CHANGED = "the row, or the order of seals before it, was changed"
    WORDS = "the words beside the row were changed or removed"
    GAP = "seals before it are missing"
    REWRITTEN = "the chain up to it differs from the exported head"
    CUT = "the chain ends before this exported head"


class Link(NamedTuple):
    """A seal without the weight of a model: there may be millions."""

    seq: int
    row_id: int
    form: int
    digest: str


@dataclass(frozen=True)
class Report:
    """The outcome: all rows, how many of them wait for their seal, and the first bad row if there is one."""

    chain: str
    rows: int
    unsealed: int
    heads: int
    unsigned_heads: int
    first_bad: int | None = None
    fault: Fault | None = None

    @property
    def is_whole(self) -> bool:
        return self.first_bad is None

    @property
    def token(self) -> str:
        """The stable line of the contract."""
        if self.is_whole:
            return f"{self.chain}_verify status=ok rows={self.rows} unsealed={self.unsealed}"
        return f"{self.chain}_verify status=fail first_bad={self.first_bad}"


def verify(chain: Chain, exported: Sequence[Head]) -> Report:
    """Every seal, every row, every exported head. Reads only; memory does not grow with the chain."""
    heads = [head for head in exported if head.chain == chain.name]
    found = _first_fault(chain, heads)
    return Report(
        chain=chain.name,
        rows=chain.rows.count(),
        unsealed=unsealed(chain).count(),
        heads=len(heads),
        unsigned_heads=sum(not head.is_signed for head in heads),
        first_bad=found[0] if found else None,
        fault=found[1] if found else None,
    )


def _first_fault(chain: Chain, heads: list[Head]) -> tuple[int, Fault] | None:
    pinned: dict[int, set[str]] = {}
    for head in heads:
        pinned.setdefault(head.seq, set()).add(head.digest)
    place, previous = 0, GENESIS
    for seals in _batches(chain):
        rows, spoiled = _rows(chain, seals), chain.spoiled([seal.row_id for seal in seals])
        for seal in seals:
            place += 1
            fault = _fault(chain, seal, rows.get(seal.row_id), place, previous)
            if fault is None and seal.row_id in spoiled:
                fault = Fault.WORDS
            if fault is None and pinned.get(place, {seal.digest}) != {seal.digest}:
                fault = Fault.REWRITTEN
            if fault:
                return seal.row_id, fault
            previous = seal.digest
    cut = min((head for head in heads if head.seq > place), key=lambda head: head.seq, default=None)
    return (cut.row_id, Fault.CUT) if cut else None


def _fault(chain: Chain, seal: Link, row: tuple[Any, ...] | None, place: int, previous: str) -> Fault | None:
    if row is None:
        return Fault.GONE
    if seal.seq != place:
        return Fault.GAP
    return None if chain.link(previous, place, row) == seal.digest else Fault.CHANGED


def _batches(chain: Chain) -> Iterator[list[Link]]:
    last = 0
    links = Seal.objects.filter(chain=chain.name).order_by("seq").values_list("seq", "row_id", "form", "digest")
    while batch := [Link(*row) for row in links.filter(seq__gt=last)[:STEP]]:
        yield batch
        last = batch[-1].seq


def _rows(chain: Chain, seals: list[Link]) -> dict[int, tuple[Any, ...]]:
    """The sealed columns of each row, by id; each row in the form it was sealed under."""
    found: dict[int, tuple[Any, ...]] = {}
    for form in {seal.form for seal in seals}:
        ids = [seal.row_id for seal in seals if seal.form == form]
        columns = chain.forms[form] if form < len(chain.forms) else ("pk",)
        found.update({row[0]: row for row in chain.rows.filter(pk__in=ids).values_list(*columns)})
    return found
