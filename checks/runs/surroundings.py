"""What a batch has to know beside its own results: parents, canaries, planned work, shares. One query for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from checks.catalogue import network, planned, window
from checks.catalogue.kinds import KINDS
from checks.catalogue.models import Check
from checks.catalogue.planned import Work
from checks.catalogue.states import Rule
from checks.catalogue.surroundings import variable
from checks.probes.outcome import Outcome
from checks.runs.circumstances import Around, Witness, is_silence
from checks.runs.evaluate import Share

_SHARES = """
SELECT n.id, coalesce(sum(b.err), 0)::int, coalesce(sum(b.ok + b.err), 0)::int
FROM unnest(%s::bigint[], %s::timestamptz[]) AS n (id, since)
LEFT JOIN checks_bucket_m AS b ON b.check_id = n.id AND b.bucket >= n.since AND b.bucket <= %s
GROUP BY n.id
"""


@dataclass
class Surroundings:
    """Read once for a batch. Checks of the batch itself speak as they stand after their own result."""

    at: datetime
    others: dict[int, Check]
    canaries: tuple[int, ...]
    works: list[Work]
    stored: dict[int, Share]

    @classmethod
    def read(cls, batch: Sequence[Check], at: datetime) -> "Surroundings":
        """Everything in four queries at most; what nobody of the batch needs is not asked."""
        here = {check.pk: check for check in batch}
        wanted = {check.parent_id for check in batch if check.parent_id is not None} - here.keys()
        others = {one.pk: one for one in Check.objects.filter(pk__in=wanted)} if wanted else {}
        canaries = list(Check.objects.canaries().order_by("pk")) if any(map(_goes_out, batch)) else []
        # A canary of this batch is the row that the batch moves on, not the one that was read beside it.
        known = {**{one.pk: one for one in canaries}, **others, **here}
        return cls(at, known, tuple(one.pk for one in canaries), planned.under_way(at), _shares(batch, at))

    def around(self, check: Check, outcome: Outcome | None) -> Around:
        """What else is known at the moment of this check's result."""
        return Around(
            is_planned=any(work.covers(check) for work in self.works),
            is_blocked=check.state == "blocked",
            parent=self._parent(check),
            canaries=self._canaries() if outcome and is_silence(outcome) and _goes_out(check) else (),
        )

    def share(self, check: Check, *, ok: bool) -> Share | None:
        """The window of a rate with this result in it; None for the other rules."""
        before = self.stored.get(check.pk)
        return None if before is None else Share(before.bad + (not ok), before.runs + 1)

    def _parent(self, check: Check) -> Witness | None:
        found = self.others.get(check.parent_id) if check.parent_id is not None else None
        return None if found is None or found.state == "paused" else witness(found)

    def _canaries(self) -> tuple[Witness, ...]:
        return tuple(witness(one) for one in map(self.others.__getitem__, self.canaries) if one.is_heard(self.at))


def witness(check: Check) -> Witness:
    """What a check says of the way to others."""
    return Witness(
        check.pk,
        check.is_down,
        check.last_ok,
        check.last_run_at,
        check.failing_since,
        every=check.every,
        is_canary=check.is_canary,
        can_be_asked=_can_be_asked(check),
    )


def _can_be_asked(check: Check) -> bool:
    kind = KINDS.get(check.kind)
    return kind is not None and not (kind.is_told or kind.is_slow or kind.is_heavy)


def _goes_out(check: Check) -> bool:
    return not check.is_canary and network.goes_out(check.kind, check.spec, is_own=check.is_own, variable=variable)


def _shares(batch: Sequence[Check], at: datetime) -> dict[int, Share]:
    rated = [check for check in batch if check.rule == Rule.RATE]
    if not rated:
        return {}
    since = [at - window.length_of(check) for check in rated]
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, [[check.pk for check in rated], since, at])
        return {check_id: Share(bad, runs) for check_id, bad, runs in cursor.fetchall()}
