"""Does a job still run? Asked by whatever would otherwise repeat as true what was true before it stopped."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from opsportal.questions import Asking, given, worded
from opsportal.ticker.models import JobClaim

if TYPE_CHECKING:
    from django.db.models import QuerySet

# The longest a worker that lives is silent is one batch, 25 seconds; a page that is built each half minute then says
# within 90 seconds that nobody looks any more.
PATIENCE = timedelta(seconds=50)
CHECKS = "checks.tick"


def silent_since(job: str, at: datetime) -> datetime | None:
    """When a job that runs each second was last finished, once that is too long ago; None while it is heard.

    Before its first time nothing is said: a portal that was just made has no worker yet.
    """
    return silence(heartbeat(job).rows(), at)


def heartbeat(job: str) -> Asking:
    """What `silence` needs."""
    return _heartbeat().asking(name=job)


def silence(found: Iterable[tuple[datetime | None]], at: datetime) -> datetime | None:
    """The same as `silent_since`, from rows that were asked for beside others."""
    done_at = next((one for (one,) in found), None)
    return done_at if done_at is not None and at - done_at > PATIENCE else None


@worded
def _heartbeat() -> "QuerySet[JobClaim, tuple[datetime | None]]":
    return JobClaim.objects.filter(name=given("name")).values_list("done_at")
