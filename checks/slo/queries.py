"""How objectives stand: the budget of the running period, the alert windows, and whether changes may pass."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from django.shortcuts import get_object_or_404

from checks.catalogue.models import Check
from checks.rollups.queries import Window
from checks.slo import budget, burning, tallies
from checks.slo.budget import Period, Tally
from checks.slo.burning import Reading, Verdict, Weight
from checks.slo.models import Indicator, Objective
from incidents.changes import freezes
from incidents.changes.models import Freeze
from incidents.ownership.models import Domain


class State(StrEnum):
    """How an objective stands, worst first."""

    SPENT = "spent"
    BURNING = "burning"
    BEHIND = "behind"
    INSUFFICIENT_DATA = "insufficient_data"
    ON_TRACK = "on_track"


_ORDER = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class Standing:
    """One objective at one moment."""

    objective: Objective
    checks: Sequence[Check]
    period: Period
    elapsed: float
    tally: Tally
    readings: Sequence[Reading]

    @property
    def has_data(self) -> bool:
        return self.tally.valid >= budget.LEAST_VALID and self.tally.is_covered

    @property
    def left(self) -> float | None:
        """The share of the budget that is left, below 0 once it is overdrawn; None without enough data to say."""
        return budget.left(self.tally, self.objective.percent, self.elapsed) if self.has_data else None

    @property
    def should_be_left(self) -> float:
        return budget.should_be_left(self.elapsed)

    @property
    def verdicts(self) -> dict[Weight, Verdict]:
        return dict(burning.verdicts(self.readings))

    @property
    def state(self) -> State:
        left = self.left
        if left is None:
            return State.INSUFFICIENT_DATA
        if left <= 0:
            return State.SPENT
        if Verdict.FIRES in self.verdicts.values():
            return State.BURNING
        return State.BEHIND if left < self.should_be_left else State.ON_TRACK

    @property
    def silent_since(self) -> datetime | None:
        """When the last run of its checks ended that are meant to run; None when none is, or none ever ran."""
        heard = [one.last_run_at for one in self.checks if one.state != "paused" and one.last_run_at is not None]
        return max(heard, default=None)

    @property
    def patience(self) -> timedelta:
        """How long nothing may be heard of it."""
        slowest = max((one.every_seconds for one in self.checks), default=60)
        return burning.silence(self.objective.percent, self.objective.days, timedelta(seconds=slowest))

    def is_silent(self, at: datetime) -> bool:
        """Nothing was heard for so long that this is news of its own."""
        return self.silent_since is not None and at - self.silent_since > self.patience


def standings(objectives: Iterable[Objective], at: datetime) -> list[Standing]:
    """Each of them, in the order given. As many queries as there are windows, however many objectives there are."""
    wanted = list(objectives)
    members = _members(wanted)
    ids = sorted({check.pk for checks in members.values() for check in checks})
    end = at.replace(second=0, microsecond=0)
    known = tallies.grains(end)
    with_latency = any(one.indicator == Indicator.LATENCY for one in wanted)

    @cache
    def since(start: datetime) -> dict[int, Window]:
        return tallies.runs(ids, start, end, known, with_latency=with_latency)

    def stand(objective: Objective) -> Standing:
        own = [check.pk for check in members[objective.pk]]

        def window(width: timedelta) -> Tally:
            return tallies.tally(tallies.each(since(end - width), own), objective.threshold_ms)

        period = budget.period(at, objective.days)
        whole = tallies.tally(tallies.each(since(period.start), own), objective.threshold_ms)
        rows = burning.readings(window, target=objective.percent, days=objective.days)
        return Standing(objective, members[objective.pk], period, period.elapsed(at), whole, rows)

    return [stand(one) for one in wanted]


def _members(objectives: Sequence[Objective]) -> dict[int, list[Check]]:
    """The checks whose runs count for each objective, by its id."""
    parts = [one.component_id for one in objectives if one.component_id]
    houses = [one.domain_id for one in objectives if one.check_ref_id is None and one.component_id is None]
    alone = [one.check_ref_id for one in objectives if one.check_ref_id]
    in_use = Check.objects.in_use()
    rows = list(
        (in_use.filter(pk__in=alone) | in_use.filter(component__in=parts) | in_use.filter(domain__in=houses)).order_by(
            "pk"
        )
    )

    def belongs(check: Check, objective: Objective) -> bool:
        if objective.check_ref_id is not None:
            return check.pk == objective.check_ref_id
        if objective.component_id is not None:
            return check.component_id == objective.component_id
        return check.domain_id == objective.domain_id

    return {one.pk: [check for check in rows if belongs(check, one)] for one in objectives}


def worst_first(at: datetime) -> list[Standing]:
    """Every objective in use: spent ones first, then by what is left."""
    found = standings(Objective.objects.in_use().with_subject().order_by("name", "pk"), at)
    return sorted(found, key=lambda one: (_ORDER[one.state], 1.0 if one.left is None else one.left))


def standing(objective: Objective, at: datetime) -> Standing:
    """One of them."""
    return standings([objective], at)[0]


def archived() -> list[Objective]:
    """What was retired, the newest first."""
    return list(Objective.objects.exclude(archived_at=None).with_subject().order_by("-archived_at", "pk")[:50])


def objective_or_404(key: str) -> Objective:
    return get_object_or_404(Objective.objects.with_subject(), key=key)


@dataclass(frozen=True)
class Gate:
    """May a change of a domain go out now? `domain` None is the whole house."""

    domain: Domain | None
    freezes: Sequence[Freeze]
    standings: Sequence[Standing]

    @property
    def is_open(self) -> bool:
        return not self.freezes

    @property
    def sentence(self) -> str:
        """Why not, or that it may."""
        return freezes.sentence(self.freezes[0]) if self.freezes else "Changes go through."


def gate(domain: Domain | None, at: datetime) -> Gate:
    """What holds changes up there, and the budgets behind it."""
    held = Freeze.objects.select_related("domain").holding(at).touching(domain).soonest_first()
    own = Objective.objects.gating().with_subject().order_by("name", "pk")
    return Gate(domain, list(held), standings(own if domain is None else own.filter(domain=domain), at))
