"""Background work for readers: bring news to its end, take what was kept on disk in, forget who never confirmed."""

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.utils import timezone

from incidents.subscribers import actions, fan_out, spool
from opsportal import turns
from opsportal.ticker import actions as ticker

SWEEP, TIDY = "incidents.carry_news", "incidents.tidy_subscribers"


@shared_task(name=fan_out.TASK)
def run(*, key: str, **_: object) -> None:
    """Write the messages of one announcement. Safe to run twice."""
    fan_out.run(key, at=timezone.now())


@shared_task(name=SWEEP)
def carry_news(**_: object) -> None:
    """Go on with news that is under way, and with what readers asked while the database was away. Safe to run twice."""
    if ticker.claim(SWEEP, every=timedelta(seconds=10)):
        at = timezone.now()
        turns.all_of(partial(spool.drain, at=at), partial(fan_out.sweep, at=at))
        ticker.done(SWEEP)


@shared_task(name=TIDY)
def tidy_subscribers(**_: object) -> None:
    """Forget addresses that nobody confirmed. Safe to run twice."""
    if ticker.claim(TIDY, every=timedelta(hours=1)):
        actions.tidy(at=timezone.now())
        ticker.done(TIDY)
