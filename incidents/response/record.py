"""An incident's timeline as a file: Markdown to read, JSON Lines to check, CSV to count.

What leaves passes the privacy guard once more. The words are those that count: corrected ones if there are, none where
they were removed. JSON Lines carries each row's seal with what was hashed, so that a reader can compute it again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from incidents.response import wording
from incidents.response.chain import CHAIN
from incidents.response.lines import line_of
from incidents.response.models import Incident, TimelineEvent, TimelineText
from incidents.response.wording import Change, Wording
from opsportal.privacy import guard
from opsportal.seals import heads
from opsportal.seals.chains import GENESIS, canonical
from opsportal.seals.heads import Head
from opsportal.seals.models import Seal
from opsportal.spreadsheet import line as csv_line

SCHEMA = "opsportal.timeline/1"
COLUMNS = (
    *("row", "occurred_at", "recorded_at", "kind", "source", "actor", "old", "new", "text", "text_as_written"),
    *("corrects", "words_removed_at", "check_back_at", "about", "seal", "seal_digest"),
)


@dataclass(frozen=True)
class Proof:
    """A row's link of the chain: `digest` is SHA-256 of "previous:seq:row"."""

    seal: Seal
    previous: str
    row: str


@dataclass(frozen=True)
class Fact:
    """One row with its words, the salt of their hash, and its link of the chain; None until it is sealed."""

    event: TimelineEvent
    wording: Wording
    salt: str
    proof: Proof | None


@dataclass(frozen=True)
class Record:
    """A whole timeline, oldest row first, and the head of the chain at that moment."""

    incident: Incident
    facts: list[Fact]
    head: Head | None
    at: datetime
    base: str


def read(incident: Incident, *, at: datetime, base: str) -> Record:
    """Seven queries; `base` is the portal's address, before which links stand."""
    events = list(incident.timeline.select_related("actor").order_by("recorded_at", "id"))
    keys = [one.pk for one in events]
    said, proofs = wording.of(keys), _proofs(events)
    salts = dict(TimelineText.objects.filter(event__in=keys).values_list("event", "salt"))
    facts = [Fact(one, said[one.pk], salts.get(one.pk, ""), proofs.get(one.pk)) for one in events]
    return Record(incident, facts, heads.current(CHAIN), at, base)


def _proofs(events: list[TimelineEvent]) -> dict[int, Proof]:
    rows = {one.pk: one for one in events}
    seals = list(Seal.objects.filter(chain=CHAIN.name, row_id__in=rows))
    before = Seal.objects.filter(chain=CHAIN.name, seq__in=[one.seq - 1 for one in seals])
    digests = dict(before.values_list("seq", "digest"))
    return {
        one.row_id: Proof(one, digests.get(one.seq - 1, GENESIS), _hashed(rows[one.row_id], one.form)) for one in seals
    }


def _hashed(event: TimelineEvent, form: int) -> str:
    return canonical(CHAIN.name, [getattr(event, column) for column in CHAIN.forms[form]]).decode()


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(record: Record) -> str:
    """To read, print and keep."""
    one = record.incident
    head = [
        f"# {one.label}: {one.title}",
        "",
        f"- {one.severity}, {one.get_status_display().lower()}, domain {one.domain.name}",
        f"- From {_moment(one.impact_started_at)} to {_moment(one.resolved_at)}",
        f"- Exported {_moment(record.at)}, {len(record.facts)} rows, team only",
        f"- {_head(record.head)}",
        "",
        "## Timeline",
        "",
    ]
    rows = [text for fact in record.facts for text in _row(fact, record)]
    return guard.for_export("\n".join([*head, *rows, ""]).replace("<", "&lt;"))


def _head(head: Head | None) -> str:
    if head is None:
        return "Seals: none yet"
    return f"Head of the seals: {head.seq}, row {head.row_id}, digest {head.digest}"


def _row(fact: Fact, record: Record) -> Iterator[str]:
    event, said = fact.event, fact.wording
    line = line_of(event, said.written)
    told = " ".join(filter(None, (line.who, line.before, line.strong, line.after)))
    late = f", written {_moment(line.recorded_at)}" if line.recorded_at else ""
    via = f", by {line.via}" if line.via else ""
    room = f"{record.base}{record.incident.get_absolute_url()}"
    yield f"- {_moment(event.occurred_at)}: {told}{via}{late} ([row {event.pk}]({room}timeline/{event.pk}/))"
    words = said.correction.words if said.correction else line.body
    yield from (f"  > {text}" for text in words.splitlines())
    yield from (f"  - {text}" for text in map(_change, said.changes))


def _change(change: Change) -> str:
    """Corrected 2026-11-21 03:20 UTC by ann: wrong letter."""
    verb = {"correction": "Corrected", "redaction": "Words removed"}.get(change.kind, "Looked back")
    why = change.reason or "no words"
    return f"{verb} {_moment(change.at)} by {change.who or 'the portal'}: {why}"


# --- JSON Lines -------------------------------------------------------------------------------------------------------


def json_lines(record: Record) -> Iterator[str]:
    """The incident and the head first, then one row a line."""
    one, head = record.incident, record.head
    yield _json(
        schema=SCHEMA,
        incident=one.label,
        title=guard.redact(one.title),
        severity=one.severity,
        status=one.status,
        domain=one.domain.slug,
        impact_started_at=_iso(one.impact_started_at),
        resolved_at=_iso(one.resolved_at),
        exported_at=_iso(record.at),
        address=f"{record.base}{one.get_absolute_url()}",
        head=head and {"seq": head.seq, "row": head.row_id, "digest": head.digest},
        verify="seal.digest = sha256(seal.previous + ':' + seal.seq + ':' + seal.row); "
        "text_digest = sha256(salt + text_as_written)",
    )
    for fact in record.facts:
        yield _json(**_fields(fact))


def _fields(fact: Fact) -> dict[str, object]:
    event, said, proof = fact.event, fact.wording, fact.proof
    seal = proof and {
        "seq": proof.seal.seq,
        "previous": proof.previous,
        "row": proof.row,
        "digest": proof.seal.digest,
    }
    return {
        "row": event.pk,
        "kind": event.kind,
        "source": event.source,
        "actor": event.actor.username if event.actor else None,
        "occurred_at": _iso(event.occurred_at),
        "recorded_at": _iso(event.recorded_at),
        "old": event.old,
        "new": event.new,
        "text": guard.redact(said.text),
        "text_as_written": guard.redact(said.written),
        "text_digest": event.text_digest,
        "salt": fact.salt,
        "words_removed_at": _iso(said.removal.at) if said.removal else None,
        "corrects": event.corrects_id,
        "check_back_at": _iso(event.check_back_at),
        "about": event.about,
        "seal": seal,
    }


def _json(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


# --- CSV --------------------------------------------------------------------------------------------------------------


def csv_lines(record: Record) -> Iterator[str]:
    """One line a row; no cell of it is run by a spreadsheet."""
    yield csv_line(COLUMNS)
    for fact in record.facts:
        fields, proof = _fields(fact), fact.proof
        cells = {**fields, "seal": proof and proof.seal.seq, "seal_digest": proof and proof.seal.digest}
        yield csv_line("" if cells[name] is None else str(cells[name]) for name in COLUMNS)


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def _moment(moment: datetime | None) -> str:
    """2026-11-21 03:12 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "now"
