"""Planned work that was recorded after it began: what ran inside it meanwhile is made to count as planned."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from checks.catalogue import planned
from checks.rollups.models import Watermark
from checks.rollups.recount import as_planned
from incidents.statuspage.maintenance import Maintenance

_GRAIN = "work"
# As far back as minutes tell things apart, when it looks for the first time.
_FIRST = timedelta(days=13)
# Work is looked at again this long after it changed or ended: for commits and batches that came late.
_AGAIN = timedelta(minutes=10)
# A batch may still write into a minute this long after its end.
_LAG = timedelta(minutes=2)


def recount(*, at: datetime) -> int:
    """Count anew what work that was changed of late is about; how many buckets moved. Safe to run twice.

    Alerts and flips that happened meanwhile stay as they were: they happened.
    """
    done = Watermark.objects.filter(grain=_GRAIN).values_list("until", flat=True).first() or at - _FIRST
    is_news = Q(updated_at__gte=done - _AGAIN) | Q(ends_at__gte=done - _AGAIN)
    found = list(Maintenance.objects.in_force().filter(is_news, starts_at__lt=at).order_by("pk"))
    moved = 0
    for work in planned.of(found):
        window = work.maintenance.window
        with transaction.atomic():
            moved += as_planned(
                list(work.checks().values_list("pk", flat=True)), window.starts_at, min(window.closes_at, at - _LAG)
            )
    Watermark.objects.update_or_create(grain=_GRAIN, defaults={"until": at})
    return moved
