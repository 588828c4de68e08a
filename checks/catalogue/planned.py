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
from opsportal.questions import Asking, given, worded


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
    return of_any(any_under_way(at).rows(), at)


def any_under_way(at: datetime) -> Asking:
    """What `of_any` needs: is there any?"""
    return _any_under_way().asking(since=at, until=_just_after(at))


def of_any(found: Sequence[object], at: datetime) -> list[Work]:
    """The work of this moment, once it was asked beside others whether there is any; two queries, or none."""
    return of(maintenance_queries.windows_between(at, _just_after(at))) if found else []


def _just_after(at: datetime) -> datetime:
    """Work that begins now is under way, and what ends now is not."""
    return at + timedelta(microseconds=1)


@worded
def _any_under_way() -> QuerySet[Maintenance, Any]:
    under_way = Maintenance.objects.in_force().overlapping(given("since"), given("until"))
    return under_way.order_by().values_list("pk")[:1]


def of(windows: Sequence[Maintenance]) -> list[Work]:
    """Windows with what they touch, in one query."""
    prefetch_related_objects(windows, "components")
    return [Work(one, one.domain_id, frozenset(part.pk for part in one.components.all())) for one in windows]


def covering(works: Sequence[Work], check: Placed) -> Work | None:
    """The work that a check stands in, the one that ends last."""
    found = [one for one in works if one.covers(check)]
    return max(found, key=lambda one: one.maintenance.window.closes_at, default=None)
