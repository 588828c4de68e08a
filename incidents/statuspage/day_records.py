"""Days that are over are written down, once; what is found out later is a row of its own with its reason."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max, Q

from incidents.statuspage import bars, content, load
from incidents.statuspage.models import Component, ComponentInterval, ComponentQuerySet, DayRecord
from opsportal.models import User

# Whoever was about to set a status at midnight has set it by then.
_SETTLED = timedelta(minutes=5)
# A day that was missed for longer than the page shows is not missed by anybody.
_BACK = timedelta(days=bars.DAYS + 10)
_DAY = timedelta(days=1)


def write(at: datetime) -> int:
    """Write every day that is over and not written yet; how many rows. Idempotent; safe to run concurrently."""
    last = (at - _SETTLED).astimezone(UTC).date() - _DAY
    first = last - _BACK
    known = set(DayRecord.objects.filter(on__gte=first).values_list("component", "on"))
    rows = [
        _row(pk, day, at)
        for pk, counted in _counted(Component.objects.all(), first, last, at)
        for day in counted
        if (pk, day.on) not in known
    ]
    DayRecord.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def correct(
    components: Iterable[Component], *, start: datetime, end: datetime, reason: str, by: User, at: datetime
) -> int:
    """Write the days between two moments anew, after the intervals were corrected; what stood before stays below.

    Days that nobody wrote yet are left to the sweep. How many rows were added.
    """
    rows = Component.objects.filter(pk__in=[one.pk for one in components])
    first, last = start.astimezone(UTC).date(), min(end, at).astimezone(UTC).date()
    found = DayRecord.objects.filter(component__in=rows, on__range=(first, last))
    numbers = found.values_list("component", "on").annotate(newest=Max("revision")).order_by("component", "on")
    newest = {(pk, on): revision for pk, on, revision in numbers}
    added = []
    for pk, counted in _counted(rows, first, last, at):
        for day in counted:
            if (pk, day.on) in newest:
                row = _row(pk, day, at)
                row.revision, row.reason, row.written_by = newest[pk, day.on] + 1, reason, by
                added.append(row)
    DayRecord.objects.bulk_create(added)
    return len(added)


def _counted(rows: ComponentQuerySet, first: date, last: date, at: datetime) -> Iterable[tuple[int, list[bars.Day]]]:
    """Each component's days with data between two days, counted from its intervals and announced work."""
    opening, closing = (datetime.combine(day, time.min, UTC) for day in (first, last + _DAY))
    intervals = ComponentInterval.objects.filter(Q(ended_at=None) | Q(ended_at__gt=opening), started_at__lt=closing)
    recent: dict[int, list[ComponentInterval]] = {}
    for one in intervals.order_by("started_at"):
        recent.setdefault(one.component_id, []).append(one)
    works, are_blind = list(load.maintenances(at)), load.nobody_looks(at)
    held = set(Component.objects.held().values_list("public_id", flat=True))
    for row in rows.select_related("observation"):
        row.recent = recent.get(row.pk, [])  # type: ignore[attr-defined]
        since = load.unknown_since(row, held, at, are_blind=are_blind)
        known: content.Component = load.under_maintenance(load.component(row, unknown_since=since), works, at)
        # Counted up to the midnight behind the last day, which begins one more that is still empty.
        counted = bars.days(known.stretches, at=closing, count=(last - first).days + 2)
        yield row.pk, [day for day in counted if day.status]


def _row(pk: int, day: bars.Day, at: datetime) -> DayRecord:
    assert day.status is not None  # only days with data are counted
    return DayRecord(component_id=pk, on=day.on, worst=day.status, seconds=day.seconds, written_at=at)
