"""The record of a component, split where something is laid over it afterwards."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from incidents.statuspage import content
from incidents.statuspage.models import Component, ComponentInterval
from incidents.statuspage.stretches import overlaid


def lay_over(component: Component, status: str, *, start: datetime, end: datetime, over: Collection[str]) -> None:
    """Say `status` from `start` to `end` wherever the record said one of `over`. Inside the caller's transaction."""
    touched = component.intervals.select_for_update().filter(Q(ended_at=None) | Q(ended_at__gt=start))
    for row in touched.filter(started_at__lt=end).order_by("started_at"):
        before = content.Stretch(row.status, row.started_at, row.ended_at)
        *earlier, last = overlaid([before], status=status, start=start, end=end, over=over)
        # The last piece keeps the row, so that the running interval stays the only one without an end.
        row.status, row.started_at, row.ended_at = last.status, last.started_at, last.ended_at
        row.save(update_fields=["status", "started_at", "ended_at"])
        for piece in earlier:
            ComponentInterval.objects.create(
                component=component, status=piece.status, started_at=piece.started_at, ended_at=piece.ended_at
            )
