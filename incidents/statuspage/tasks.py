"""Keep the public page fresh: every half minute, and at once where there is none."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from incidents.statuspage import actions, writer
from opsportal.ticker import actions as ticker

NAME = "incidents.rebuild_snapshot"
EVERY = timedelta(seconds=30)


@shared_task(name=NAME)
def rebuild_snapshot(**_: object) -> None:
    """Build the snapshot anew, so that it never looks stale while workers run. Safe to run twice."""
    is_mine = ticker.claim(NAME, every=EVERY)
    if is_mine or writer.built_at(settings.SNAPSHOT_DIR) is None:
        actions.rebuild(timezone.now())
        ticker.done(NAME)
