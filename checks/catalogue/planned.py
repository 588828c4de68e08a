"""Which checks planned work is about: the status page's one model of it, read for checks.

A check that names a component is touched when the work names that component too, or names none and is its domain's; one
without a component when the work is its domain's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Q, QuerySet, prefetch_related_objects

from checks.catalogue.models import Check, CheckQuerySet
from incidents.statuspage import maintenance_queries
from incidents.statuspage.maintenance import Maintenance
from opsportal.questions import given, worded


class Placed(Protocol):
    """What of a check says which work touches it."""

    @property
    def domain_id(self) -> int: ...
    @property
    def component_id(self) -> int | None: ...


@dataclass(frozen=True)
class Work:
    """One window with what it is about."""

    maintenance: Maintenance
    domain_id: int
    component_ids: frozenset[int]

    def covers(self, check: Placed) -> bool:
        if check.component_id is not None and self.component_ids:
            return check.component_id in self.component_ids
        return check.domain_id == self.domain_id

    def checks(self) -> CheckQuerySet:
        """The same as `covers`, of all checks."""
        own = Q(domain=self.domain_id)
        if not self.component_ids:
            return Check.objects.filter(own)
        return Check.objects.filter(Q(component__in=self.component_ids) | (own & Q(component=None)))


def under_way(at: datetime) -> list[Work]:
    """The work of this moment, in three queries at most; in one while there is none, which is nearly always."""
    moment = at + timedelta(microseconds=1)  # work that begins now is under way, and what ends now is not
    if not _any_under_way().ask(most=1, since=at, until=moment):
        return []
    return of(maintenance_queries.windows_between(at, moment))


@worded
def _any_under_way() -> QuerySet[Maintenance, Any]:
    return Maintenance.objects.in_force().overlapping(given("since"), given("until")).order_by().values_list("pk")


def of(windows: Sequence[Maintenance]) -> list[Work]:
    """Windows with what they touch, in one query."""
    prefetch_related_objects(windows, "components")
    return [Work(one, one.domain_id, frozenset(part.pk for part in one.components.all())) for one in windows]


def covering(works: Sequence[Work], check: Placed) -> Work | None:
    """The work that a check stands in, the one that ends last."""
    found = [one for one in works if one.covers(check)]
    return max(found, key=lambda one: one.maintenance.window.closes_at, default=None)
