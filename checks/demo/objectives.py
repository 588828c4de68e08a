"""Objectives of the demo: four promises that its checks keep more or less."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from checks.catalogue.models import Check
from checks.slo import actions
from checks.slo.actions import Promise
from opsportal.models import User

_POLICY = (
    "Below a quarter: only changes that make it more reliable. Spent: rollbacks alone until the next period, and the "
    "owner says in the weekly review what is done about it."
)


@dataclass(frozen=True)
class DemoObjective:
    """One promise about a check of the demo; with a threshold it is about time."""

    name: str
    check: str
    target: str
    owner: str
    threshold_ms: int | None = None


OBJECTIVES = (
    DemoObjective("API", "api-health", "99.5", "@be-oncall"),
    DemoObjective("API answers fast", "api-health", "95", "@be-oncall", threshold_ms=60),
    DemoObjective("Payment events", "payment-events", "99.9", "@pay-oncall"),
    DemoObjective("Dashboard", "dashboard", "99", "@fe-oncall"),
)


def promise(by: User, at: datetime) -> None:
    """Through the house's own action; changes of the demo stay free."""
    checks = {one.key: one for one in Check.objects.select_related("domain")}
    for one in OBJECTIVES:
        check = checks[one.check]
        given = Promise(
            name=one.name,
            indicator="latency" if one.threshold_ms else "availability",
            threshold_ms=one.threshold_ms,
            target=Decimal(one.target),
            days=28,
            domain=check.domain,
            check=check,
            component=None,
            owner=one.owner,
            policy=_POLICY,
            freezes_changes=False,
        )
        actions.promise(given, by=by, at=at)
