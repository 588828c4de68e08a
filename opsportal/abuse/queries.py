"""Reads of the abuse desk: spikes over time, who knocks most, who is out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet, Sum

from opsportal.abuse.models import Ban, KnockCount

_HOURS = 24


@dataclass(frozen=True)
class DoorDay:
    """One door over the last 24 hours, oldest first; a spike is an hour of three times the usual and ten at least."""

    door: str
    hours: list[int]

    @property
    def total(self) -> int:
        return sum(self.hours)

    @property
    def has_spike(self) -> bool:
        usual = sorted(self.hours)[len(self.hours) // 2]
        return max(self.hours) >= max(10, 3 * usual)


@dataclass(frozen=True)
class Stranger:
    """One who was refused, under the keyed hash."""

    who: str
    refused: int
    last_hour: datetime
    is_banned: bool


def doors(at: datetime) -> list[DoorDay]:
    """Every door, also quiet ones."""
    end = at.replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(hours=_HOURS - 1)
    rows = KnockCount.objects.filter(hour__gte=start).values_list("door", "hour").annotate(total=Sum("count"))
    counts = {(door, hour): total for door, hour, total in rows}
    slots = [start + timedelta(hours=number) for number in range(_HOURS)]
    return [DoorDay(label, [counts.get((door, slot), 0) for slot in slots]) for door, label in KnockCount.Door.choices]


def strangers(at: datetime) -> list[Stranger]:
    """Who was refused most in the last day, the busiest first."""
    rows = (
        KnockCount.objects.filter(hour__gte=at - timedelta(hours=_HOURS))
        .values("who")
        .annotate(refused=Sum("count"), last=Max("hour"))
        .order_by("-refused")[:20]
    )
    banned = set(Ban.objects.running(at).values_list("who", flat=True))
    return [Stranger(row["who"], row["refused"], row["last"], row["who"] in banned) for row in rows]


def bans(at: datetime) -> QuerySet[Ban]:
    return Ban.objects.running(at).order_by("until")
