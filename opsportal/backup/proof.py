"""What must be true of a restored database before anybody relies on it."""

from dataclasses import dataclass

from opsportal.backup import tables
from opsportal.backup.contents import Contents
from opsportal.errors import Refused
from opsportal.schema.fault import Fault
from opsportal.seals import heads
from opsportal.seals.chains import Chain, all_chains
from opsportal.seals.heads import Head
from opsportal.seals.verify import verify
from opsportal.secrets import actions as secrets

CHAIN = "chain_broken"


def same_rows(contents: Contents) -> None:
    """Fault `rows_differ` unless each table gives back the very bytes that were written."""
    for table in contents.head.tables:
        if tables.counted(table) != contents.manifest.counts[table.name]:
            raise Fault("rows_differ", f"{table.name} does not hold the rows that were backed up.")


@dataclass(frozen=True)
class Proof:
    """How many chains hold and encrypted values open, and what was found wrong with the others.

    A portal whose chain was broken long ago can still be restored; a rehearsal of its backup fails.
    """

    chains: int
    secrets: int
    faults: tuple[Fault, ...] = ()


def prove() -> Proof:
    """Chains also against the heads that this host exported; faults are `chain_broken` and `secrets_unread`."""
    broken = [fault for chain in all_chains() if (fault := _broken(chain))]
    try:
        opened = secrets.open_all()
    except Refused as refusal:
        broken.append(Fault("secrets_unread", refusal.sentence))
        opened = 0
    return Proof(len(all_chains()) - sum(fault.reason == CHAIN for fault in broken), opened, tuple(broken))


def _broken(chain: Chain) -> Fault | None:
    report = verify(chain, heads_until_now(chain))
    if report.is_whole:
        return None
    return Fault(CHAIN, f"{chain.name}: row {report.first_bad}: {report.fault}.")


def heads_until_now(chain: Chain) -> list[Head]:
    """Exported heads that a database of this age can know; later ones lie ahead of it."""
    newest = heads.current(chain)
    return [head for head in heads.read(heads.file()) if newest and head.seq <= newest.seq]
