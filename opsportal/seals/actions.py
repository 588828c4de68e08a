"""Write seals. The acts themselves never wait for it: their rows are plain, the sealer follows within seconds."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from opsportal.seals.chains import GENESIS, Chain, all_chains
from opsportal.seals.models import Seal

BATCH = 5_000
# A transaction that holds an unsealed row is shorter than this; whatever is not is found by the hourly sweep.
WINDOW = timedelta(hours=1)
# Three arrays instead of five parameters a row: a backlog is sealed several times faster.
_INSERT = """
INSERT INTO opsportal_seal (chain, form, seq, row_id, digest)
SELECT %s, %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::text[])
"""


def seal_recent() -> int:
    """Seal what was committed since the last time, on every chain. Safe to run twice, and at the same time."""
    return sum(_seal(chain, after=_window_start(chain)) for chain in all_chains())


def seal_everything() -> int:
    """The same over all rows that ever were: what a restore, an old clock or a very long transaction left behind."""
    return sum(_seal(chain, after=None) for chain in all_chains())


def has_just_begun() -> bool:
    """True within seconds of a chain's first seal, whose head then leaves at once and not with the next hour."""
    names = [chain.name for chain in all_chains()]
    return Seal.objects.filter(chain__in=names, seq=1, at__gte=Now() - timedelta(seconds=10)).exists()


def unsealed(chain: Chain, *, after: int | None = None) -> QuerySet[Any]:
    """Rows without a seal. Never "all ids above the last": a late commit has a lower one."""
    sealed = Seal.objects.filter(chain=chain.name, row_id=OuterRef("pk"))
    rows = chain.rows.filter(~Exists(sealed))
    return rows if after is None else rows.filter(pk__gt=after)


def _seal(chain: Chain, *, after: int | None) -> int:
    """Batches of one transaction each, so that neither lock nor memory grows with a backlog."""
    total = 0
    while True:
        done = _seal_batch(chain, after=after)
        total += len(done)
        if len(done) < BATCH:
            return total
        # Only until the next time, which looks at the whole window again.
        after = done[-1]


@transaction.atomic
def _seal_batch(chain: Chain, *, after: int | None) -> list[int]:
    """The ids that are sealed now. One sealer at a time: who finds the lock taken leaves the work to the other."""
    if not _lock(chain):
        return []
    form = chain.newest_form
    rows = unsealed(chain, after=after).order_by("pk").values_list(*chain.forms[form])[:BATCH]
    seq, digest = _head(chain)
    places, ids, digests = [], [], []
    for row in rows:
        seq, digest = seq + 1, chain.link(digest, seq + 1, row)
        places.append(seq)
        ids.append(row[0])
        digests.append(digest)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [chain.name, form, places, ids, digests])
    return ids


def _lock(chain: Chain) -> bool:
    """Held until the transaction ends, and with it anything a killed sealer left behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('opsportal.seal'), hashtext(%s))", [chain.name])
        row = cursor.fetchone()
        return bool(row and row[0])


def _head(chain: Chain) -> tuple[int, str]:
    """Place and digest of the newest seal."""
    found = Seal.objects.filter(chain=chain.name).order_by("-seq").values_list("seq", "digest").first()
    return found or (0, GENESIS)


def _window_start(chain: Chain) -> int | None:
    """A row that was sealed before the window: ids drawn within the window are higher."""
    before = Seal.objects.filter(chain=chain.name, at__lt=Now() - WINDOW).order_by("-at", "-seq")
    return before.values_list("row_id", flat=True).first()
