"""Objectives for programs: how budgets stand, and whether a pipeline may let its change out."""

from datetime import datetime
from typing import Literal

from django.utils.timezone import now
from ninja import Field as Parameter
from ninja import Query, Router, Schema

from checks.slo import queries
from checks.slo.models import Objective
from checks.slo.queries import Standing
from incidents.ownership.models import Domain
from opsportal.api.access import ApiRequest, Scoped
from opsportal.errors import Refused

router = Router(tags=["Objectives"])


class ObjectiveOut(Schema):
    """One objective in its running period.

    `left` is a share of the budget, below 0 once it is overdrawn, null without data.
    """

    key: str
    name: str
    domain: str
    check: str | None
    component: str | None
    indicator: Literal["availability", "latency"]
    threshold_ms: int | None
    target: float
    days: int
    state: Literal["spent", "burning", "behind", "insufficient_data", "on_track"]
    left: float | None
    should_be_left: float
    valid: int
    bad: int
    coverage: float | None
    period_start: datetime
    period_end: datetime
    owner: str
    freezes_changes: bool


class FreezeOut(Schema):
    """One thing that holds changes up."""

    domain: str | None
    cause: Literal["window", "budget"]
    reason: str
    starts_at: datetime
    ends_at: datetime | None


class GateOut(Schema):
    """May a change go out now? `open` alone decides; the rest says why."""

    domain: str | None
    open: bool
    sentence: str
    freezes: list[FreezeOut]
    objectives: list[ObjectiveOut]


class GateQuery(Schema):
    """Whose change it is."""

    domain: str = Parameter("", max_length=40, description="Slug of a domain; empty is all domains")


@router.get("/gate", response=GateOut, auth=Scoped("changes:read"), summary="May a change go out?")
def read_gate(request: ApiRequest, query: Query[GateQuery]) -> dict[str, object]:
    """False for `open` while a freeze holds: a spent error budget or a window of people.

    A rollback passes always. Anything else is recorded with `override`, which says why and is audited.
    """
    found = queries.gate(_domain(query.domain), now())
    return {
        "domain": query.domain or None,
        "open": found.is_open,
        "sentence": found.sentence,
        "freezes": [
            {
                "domain": one.domain.slug if one.domain else None,
                **{name: getattr(one, name) for name in ("cause", "reason", "starts_at", "ends_at")},
            }
            for one in found.freezes
        ],
        "objectives": [objective_out(one) for one in found.standings],
    }


@router.get("/objectives", response=list[ObjectiveOut], auth=Scoped("checks:read"), summary="List objectives")
def list_objectives(request: ApiRequest) -> list[dict[str, object]]:
    """All in use with their budgets, the worst first."""
    return [objective_out(one) for one in queries.worst_first(now())]


def objective_out(one: Standing) -> dict[str, object]:
    """A standing as programs read it."""
    objective: Objective = one.objective
    names = ("key", "name", "indicator", "threshold_ms", "days", "owner", "freezes_changes")
    return {
        **{name: getattr(objective, name) for name in names},
        "domain": objective.domain.slug,
        "check": objective.check_ref.key if objective.check_ref else None,
        "component": objective.component.name if objective.component else None,
        "target": objective.percent,
        "state": one.state.value,
        "left": one.left,
        "should_be_left": round(one.should_be_left, 6),
        "valid": one.tally.valid,
        "bad": one.tally.bad,
        "coverage": one.tally.coverage,
        "period_start": one.period.start,
        "period_end": one.period.end,
    }


def _domain(slug: str) -> Domain | None:
    if not slug:
        return None
    found = Domain.objects.filter(slug=slug).first()
    if found is None:
        raise Refused("DOMAIN_UNKNOWN", "There is no such domain. The ownership matrix lists them.")
    return found
