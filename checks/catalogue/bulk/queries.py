"""What an act on many checks is about: the chosen ones, those that cannot, and the acts under way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from checks.catalogue.bulk.acts import Act
from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.models import Check

SHOWN, NEWEST = 10, 30


@dataclass(frozen=True)
class Hindered:
    """A check that cannot, and why: `sentence` follows its name."""

    check: Check
    sentence: str


@dataclass(frozen=True)
class Choice:
    """What a person is asked about before an act."""

    act: Act
    checks: list[Check]

    @cached_property
    def hindered(self) -> list[Hindered]:
        return hindered(self.act, self.checks)

    @property
    def title(self) -> str:
        return self.act.title(len(self.checks))

    @property
    def first(self) -> list[Check]:
        return self.checks[:SHOWN]

    @property
    def first_hindered(self) -> list[Hindered]:
        return self.hindered[:SHOWN]

    @property
    def more(self) -> int:
        """How many are not shown by name."""
        return max(0, len(self.checks) - SHOWN)

    @property
    def more_hindered(self) -> int:
        return max(0, len(self.hindered) - SHOWN)

    @property
    def ids(self) -> str:
        """Exactly what was shown is what is sent back, whatever the list shows by then."""
        return _joined(self.checks)

    @property
    def others(self) -> list[Check]:
        """Those that can."""
        left = {one.check.pk for one in self.hindered}
        return [one for one in self.checks if one.pk not in left]

    @property
    def other_ids(self) -> str:
        return _joined(self.others)


def _joined(checks: Iterable[Check]) -> str:
    return ",".join(str(one.pk) for one in checks)


def chosen(ids: Iterable[int]) -> list[Check]:
    """These checks in the order they were named; one that was removed meanwhile is not among them. One query."""
    numbers = list(ids)
    found = Check.objects.select_related("domain").defer("spec", "turns").in_bulk(numbers)
    return [found[number] for number in numbers if number in found]


def hindered(act: Act, checks: Iterable[Check]) -> list[Hindered]:
    """Those it cannot be done to."""
    said = [Hindered(one, act.cannot(one)) for one in checks]
    return [one for one in said if one.sentence]


def newest() -> list[BulkAct]:
    """What was done to many of late, under way or done."""
    return list(BulkAct.objects.select_related("created_by").order_by("-created_at", "-pk")[:NEWEST])


def standing_still(since: datetime) -> list[int]:
    """Acts under way that nobody has worked on since; the oldest first."""
    return list(
        BulkAct.objects.filter(ended_at=None, worked_at__lte=since)
        .order_by("worked_at", "pk")
        .values_list("pk", flat=True)
    )
