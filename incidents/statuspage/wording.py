"""What all days of a rule share beside their time: changed for all of them, kept where one day was changed alone."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from incidents.ownership.models import Domain
from incidents.statuspage.maintenance import Maintenance, MaintenanceSeries
from incidents.statuspage.models import Component

T = TypeVar("T")


@dataclass(frozen=True)
class Wording:
    """Words, owner, components and reminder; components in the order of their numbers."""

    title: str
    text: str
    domain: Domain
    components: tuple[Component, ...]
    remind_before: timedelta | None

    @property
    def mark(self) -> str:
        """Changes with any of it: what was edited is what is replaced."""
        parts = [self.title, self.text, self.domain.slug, *(one.public_id for one in self.components)]
        return hashlib.sha256("\0".join([*parts, str(self.remind_before)]).encode()).hexdigest()[:16]


def of(row: Maintenance | MaintenanceSeries) -> Wording:
    """As a rule, or one of its days, has it now."""
    return Wording(row.title, row.text, row.domain, tuple(row.components.order_by("pk")), row.remind_before)


def taken_over(day: Maintenance, before: Wording, wanted: Wording) -> Wording | None:
    """The rule's new words where the day has its old ones; None when nothing changes for it."""
    own = of(day)
    after = Wording(
        _kept(own.title, before.title, wanted.title),
        _kept(own.text, before.text, wanted.text),
        _kept(own.domain, before.domain, wanted.domain),
        _kept(own.components, before.components, wanted.components),
        _kept(own.remind_before, before.remind_before, wanted.remind_before),
    )
    return None if after == own else after


def _kept(own: T, old: T, new: T) -> T:
    return new if own == old else own
