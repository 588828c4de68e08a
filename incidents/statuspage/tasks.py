"""Keep the public page fresh, planned work ahead, and days written down."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from incidents.statuspage import actions, day_records, from_host, planning, writer
from opsportal.ticker import actions as ticker

NAME = "incidents.rebuild_snapshot"
EVERY = timedelta(seconds=30)


@shared_task(name=NAME)
def rebuild_snapshot(**_: object) -> None:
    """Build the snapshot anew, so that it never looks stale while workers run. Safe to run twice.

    What was said on the host meanwhile stands on it, and becomes rows afterwards.
    """
    is_mine = ticker.claim(NAME, every=EVERY)
    if is_mine or writer.built_at(settings.SNAPSHOT_DIR) is None:
        actions.rebuild(timezone.now())
        ticker.done(NAME)
        from_host.reconcile(timezone.now())


@shared_task(name="incidents.keep_maintenance")
def keep_maintenance(**_: object) -> None:
    """Make what rules have ahead, remind of what begins soon, tell of what began or ended. Safe to run twice."""
    if ticker.claim("incidents.keep_maintenance", every=timedelta(seconds=30)):
        planning.sweep(timezone.now())
        ticker.done("incidents.keep_maintenance")


@shared_task(name="incidents.write_days")
def write_days(**_: object) -> None:
    """Write down the days that are over, also those of a time without workers. Safe to run twice."""
    if ticker.claim("incidents.write_days", every=timedelta(minutes=10)):
        day_records.write(timezone.now())
        ticker.done("incidents.write_days")
