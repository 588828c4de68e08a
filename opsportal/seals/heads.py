"""Heads that leave the database: the proof against whoever can rewrite a whole chain, or cut its end.

One JSON line each in `<data dir>/seals/heads.jsonl`, signed, and one line in the log. Nothing of the rows is in it.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.signing import BadSignature, Signer

from opsportal.processes import write_privately
from opsportal.seals.chains import Chain, all_chains
from opsportal.seals.models import Seal

log = structlog.get_logger("opsportal.seals")


@dataclass(frozen=True)
class Head:
    """The newest seal of a chain at some moment. `is_signed`: by a key that this portal knows."""

    chain: str
    seq: int
    row_id: int
    digest: str
    is_signed: bool = True


def file() -> Path:
    """Where this host keeps the heads it exported."""
    return Path(settings.DATA_DIR) / "seals" / "heads.jsonl"


def export() -> int:
    """Append the head of every chain that has moved since its last line. Safe to run twice."""
    known = {head.chain: head.seq for head in read(file())}
    moved = [head for head in map(current, all_chains()) if head and head.seq > known.get(head.chain, 0)]
    _append(moved)
    for head in moved:
        log.info("chain head", chain=head.chain, seals=head.seq, head=head.digest)
    return len(moved)


def current(chain: Chain) -> Head | None:
    """The newest seal, or None while nothing is sealed."""
    seal = Seal.objects.filter(chain=chain.name).order_by("-seq").first()
    return Head(chain.name, seal.seq, seal.row_id, seal.digest) if seal else None


def lay_aside(at: datetime) -> int:
    """After an older backup was restored: move heads that lie ahead of the chains to a file beside; how many.

    They stay to be read, for they prove what the rows were that the backup does not hold.
    """
    newest = {chain.name: head.seq if (head := current(chain)) else 0 for chain in all_chains()}
    known = read(file())
    ahead = [head for head in known if head.seq > newest.get(head.chain, 0)]
    if ahead:
        os.link(file(), file().with_name(f"heads-before-restore-{at:%Y%m%dT%H%M%SZ}.jsonl"))
        kept = [line for line in file().read_text().splitlines() if (one := _parse(line)) and one not in ahead]
        write_privately(file(), "".join(f"{line}\n" for line in kept))
    return len(ahead)


def read(path: Path) -> list[Head]:
    """All heads of a file in its order; a line that a power cut tore is passed over."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    return [head for head in map(_parse, lines) if head]


def _append(heads: Iterable[Head]) -> None:
    lines = "".join(json.dumps(_line(head)) + "\n" for head in heads)
    if not lines:
        return
    file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = os.open(file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(target, "w") as out:
        out.write(lines)
        out.flush()
        os.fsync(out.fileno())


def _line(head: Head) -> dict[str, Any]:
    return {
        "chain": head.chain,
        "seq": head.seq,
        "row": head.row_id,
        "digest": head.digest,
        "signature": _signer().signature(_signed_text(head)),
    }


def _parse(line: str) -> Head | None:
    try:
        facts = json.loads(line)
        head = Head(str(facts["chain"]), int(facts["seq"]), int(facts["row"]), str(facts["digest"]))
        signature = str(facts["signature"])
    except (ValueError, KeyError, TypeError):
        return None
    return Head(head.chain, head.seq, head.row_id, head.digest, is_signed=_is_signed(head, signature))


def _is_signed(head: Head, signature: str) -> bool:
    """By the present key or one that is still accepted (SECRET_KEY_FALLBACKS)."""
    try:
        _signer().unsign(f"{_signed_text(head)}|{signature}")
    except BadSignature:
        return False
    return True


def _signed_text(head: Head) -> str:
    return f"{head.chain}:{head.seq}:{head.row_id}:{head.digest}"


def _signer() -> Signer:
    return Signer(sep="|", salt="opsportal.seals.head")
