"""What the screens of checks ask beside the list (listing.py): one check's row, the health of everything."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import connection
from django.http import Http404

from checks.catalogue import planned, said, words
from checks.catalogue.models import Check
from checks.catalogue.planned import Work
from checks.catalogue.states import SILENT_PERIODS, SILENT_SECONDS, WORST_FIRST, State
from checks.rollups import queries as rollups
from checks.rollups.queries import Window
from incidents.alerts import mutes
from incidents.alerts.mutes import Mute
from incidents.ownership.models import Domain
from opsportal.ticker.queries import CHECKS, silent_since


@dataclass(frozen=True)
class Row:
    """One check with its last 24 hours."""

    check: Check
    state: State
    windows: list[Window]
    # The planned work that it stands in now.
    work: Work | None = None
    # Why and until when its alerts wake nobody.
    mute: Mute | None = None

    @cached_property
    def day(self) -> Window:
        return rollups.total(self.windows)

    @property
    def kind(self) -> str:
        """HTTP, every 1 min."""
        return said.kind(self.check)

    @property
    def result(self) -> str:
        """What the last run found."""
        return said.result(self.check)

    @property
    def bound(self) -> str:
        """What the result stands against."""
        return said.bound(self.check, self.day)

    @property
    def line(self) -> list[float | None]:
        """Mean latency hour by hour, or availability for what has none."""
        means = [window.mean_ms for window in self.windows]
        return means if any(means) else [window.availability for window in self.windows]

    @property
    def trend(self) -> str:
        return words.trend(self.windows)


def rows_of(checks: Sequence[Check], at: datetime) -> list[Row]:
    """Checks with their days and what planned work and mutes mean for them; four queries for all."""
    windows, works = rollups.last_day([check.pk for check in checks], at), planned.under_way(at)
    muted = mutes.of(checks, at)
    return [
        Row(
            check,
            check.shown_state(at),
            windows[check.pk],
            planned.covering(works, check),
            mutes.covering(muted, check.dedup_key, check.domain_id),
        )
        for check in checks
    ]


def row_of(check: Check, windows: list[Window], at: datetime) -> Row:
    """One check with any stretch of it, and what planned work and mutes mean for it now; four queries."""
    return Row(
        check,
        check.shown_state(at),
        windows,
        planned.covering(planned.under_way(at), check),
        mutes.covering(mutes.of([check], at), check.dedup_key, check.domain_id),
    )


_TAG = """
SELECT count(*), max(last_run_at), max(state_since), sum(hashtext(concat_ws('|', name, state, severity, domain_id,
         every_seconds, fail_after, ok_after, spec, rule, parent_id, is_canary, paused_until,
         next_due > %(at)s, coalesce(last_run_at, created_at)
         < %(at)s - make_interval(secs => greatest(%(periods)s * every_seconds, %(seconds)s)))))
FROM checks_check WHERE %(key)s = '' OR key = %(key)s
"""


def tag(at: datetime, *, key: str = "") -> str:
    """Changes when anything a screen of checks shows has changed, of one check or of all.

    Five queries at most, and no buckets.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAG, {"at": at, "periods": SILENT_PERIODS, "seconds": SILENT_SECONDS, "key": key})
        row = cursor.fetchone()
    muted = mutes.muted(at).tag
    works = [(work.maintenance.pk, work.maintenance.title) for work in planned.under_way(at)]
    # The sparkline's hours move on even when nothing runs.
    blind = silent_since(CHECKS, at)
    return hashlib.sha256(f"{row} {works} {muted} {blind} {at:%d %H}".encode()).hexdigest()[:16]


def check_or_404(key: str) -> Check:
    found = Check.objects.select_related("domain", "parent", "paused_by").filter(key=key).first()
    if found is None:
        raise Http404(f"check {key}")
    return found


@dataclass(frozen=True)
class DomainHealth:
    """A domain's checks: how many show which state, and the worst of them as dots."""

    domain: Domain
    counts: dict[str, int]
    dots: list[tuple[Check, State]]

    @property
    def passing(self) -> int:
        return self.counts.get(State.HEALTHY, 0)

    @property
    def running(self) -> int:
        return sum(number for state, number in self.counts.items() if state != State.PAUSED)

    @property
    def is_fine(self) -> bool:
        return self.passing == self.running

    @property
    def not_shown(self) -> int:
        return sum(self.counts.values()) - len(self.dots)


@dataclass(frozen=True)
class Health:
    """The Now board's part: counts, what is worst, and dots by domain."""

    counts: dict[str, int]
    worst: list[Row]
    domains: list[DomainHealth]
    # When a worker last finished a batch, once that is too long ago: nothing below is true of now.
    blind_since: datetime | None = None


WORST_SHOWN, DOTS = 5, 24


def health(at: datetime) -> Health:
    """Everything in eight queries at most, none of which grows with the number of checks in what it returns."""
    checks = Check.objects.in_use().as_shown(at)
    bad = checks.exclude_showing([State.HEALTHY, State.PAUSED]).worst_first().select_related("domain")
    counts: dict[int, dict[str, int]] = {}
    for domain_id, state, number in checks.count_by_domain_and_state():
        counts.setdefault(domain_id, {})[state] = number
    dots: dict[int, list[tuple[Check, State]]] = {}
    for check in checks.worst_of_each_domain(DOTS):
        dots.setdefault(check.domain_id, []).append((check, check.shown_state(at)))
    domains = Domain.objects.filter(pk__in=counts).order_by("position", "name")
    return Health(
        counts={one.value: sum(group.get(one, 0) for group in counts.values()) for one in WORST_FIRST},
        worst=rows_of(list(bad[:WORST_SHOWN]), at),
        domains=[DomainHealth(domain, counts[domain.pk], dots.get(domain.pk, [])) for domain in domains],
        blind_since=silent_since(CHECKS, at),
    )


def of_domain(domain: Domain, at: datetime) -> list[Row]:
    """A domain's checks, worst first."""
    checks = Check.objects.in_use().filter(domain=domain).as_shown(at).worst_first().select_related("domain")
    return rows_of(list(checks), at)
