"""Planned work that was recorded or changed after it began: what ran in it is made to count as planned, or back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from checks.catalogue import planned
from checks.catalogue.models import Check
from checks.catalogue.planned import Work
from checks.rollups.models import SetAside, Watermark
from checks.rollups.recount import KEPT, as_planned, give_back
from incidents.statuspage import maintenance_queries
from incidents.statuspage.maintenance import Maintenance

_GRAIN = "work"
# As far back as minutes tell things apart, when it looks for the first time.
_FIRST = timedelta(days=13)
# Work is looked at again this long after it changed or ended: for commits and batches that came late.
_AGAIN = timedelta(minutes=10)
# A batch may still write into a minute this long after its end.
_LAG = timedelta(minutes=2)
_MINUTE = timedelta(minutes=1)


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
    changed = list(Maintenance.objects.filter(updated_at__gte=done - _AGAIN, starts_at__lt=at).order_by("pk"))
    if changed:
        moved += _give_back(planned.of(changed), at)
    Watermark.objects.update_or_create(grain=_GRAIN, defaults={"until": at})
    return moved


@transaction.atomic
def _give_back(changed: Sequence[Work], at: datetime) -> int:
    """What was set aside for work that covers it no more; how many minutes."""
    about = Q(domain__in={work.domain_id for work in changed})
    about |= Q(component__in={one for work in changed for one in work.component_ids})
    checks = Check.objects.filter(about).in_bulk()
    kept = SetAside.objects.filter(check_id__in=checks, bucket__gte=at - KEPT, bucket__lt=at - _LAG)
    minutes = list(kept.order_by("check_id", "bucket").values_list("check_id", "bucket"))
    works = planned.of(maintenance_queries.windows_between(at - KEPT, at)) if minutes else []
    covering = {pk: [work.maintenance.window for work in works if work.covers(check)] for pk, check in checks.items()}
    return give_back(
        (pk, minute)
        for pk, minute in minutes
        if not any(one.starts_at < minute + _MINUTE and minute < one.closes_at for one in covering[pk])
    )
