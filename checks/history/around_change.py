"""How the checks of a change's domain did before it and since: shares with their numbers; is it more than chance?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.catalogue.models import Check
from checks.rollups.queries import Window
from checks.slo import tallies
from checks.trends.evidence import wilson
from incidents.changes.models import Change

# What lies further away has other causes.
_MOST, _LEAST = timedelta(hours=24), timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
# p95 says something from this many answers on.
_ENOUGH = 60


@dataclass(frozen=True)
class Side:
    """One stretch: how many runs, how many of them failed, and how long the slowest twentieth took."""

    runs: int
    failed: int
    p95_ms: float | None

    @property
    def share(self) -> float | None:
        """Per cent that failed; None when nothing ran."""
        return 100 * self.failed / self.runs if self.runs else None


@dataclass(frozen=True)
class Around:
    """As long before the change as since it, a day at most; of both the same checks."""

    before: Side
    after: Side
    length: timedelta
    checks: int

    @property
    def is_worse(self) -> bool:
        """More failures than chance explains: the intervals of both shares do not touch."""
        low, high = wilson(self.after.failed, self.after.runs), wilson(self.before.failed, self.before.runs)
        return bool(self.after.runs and self.before.runs) and low[0] > high[1]

    @property
    def is_known(self) -> bool:
        return bool(self.before.runs and self.after.runs)


def around(change: Change, *, at: datetime) -> Around:
    """Three queries. Whole minutes; the one in which it began belongs to neither side."""
    began = change.started_at.replace(second=0, microsecond=0)
    until = min(at, change.started_at + _MOST).replace(second=0, microsecond=0)
    length = min(max(until - began, _LEAST), _MOST)
    checks = Check.objects.in_use()
    checks = checks if change.domain_id is None else checks.filter(domain=change.domain_id)
    ids = list(checks.order_by("pk").values_list("pk", flat=True))
    known = tallies.grains(at)
    before = tallies.runs(ids, began - length, began, known, with_latency=True)
    after = tallies.runs(ids, began + _MINUTE, max(until, began + _MINUTE), known, with_latency=True)
    return Around(_side(before.values()), _side(after.values()), length, len(ids))


def _side(windows: Iterable[Window]) -> Side:
    found = list(windows)
    if not found:
        return Side(0, 0, None)
    whole = Window(
        found[0].start,
        ok=sum(one.ok for one in found),
        err=sum(one.err for one in found),
        hist=b"".join(one.hist for one in found),
    )
    return Side(whole.samples, whole.err, whole.p95_ms if whole.answered >= _ENOUGH else None)
