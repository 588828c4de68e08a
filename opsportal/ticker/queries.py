"""Does a job still run? Asked by whatever would otherwise repeat as true what was true before it stopped."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from opsportal.questions import given, worded
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
    done_at = next((one for (one,) in _heartbeat().ask(name=job)), None)
    return done_at if done_at is not None and at - done_at > PATIENCE else None


@worded
def _heartbeat() -> "QuerySet[JobClaim, tuple[datetime | None]]":
    return JobClaim.objects.filter(name=given("name")).values_list("done_at")
