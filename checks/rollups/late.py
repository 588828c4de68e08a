"""Hours that got counts long after they were over, such as slots that nobody came for: noted, then rolled up anew.

In the transaction that counts, so that neither is there without the other.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from checks.rollups.models import LateHour

HOUR = timedelta(hours=1)


def note(moments: Iterable[datetime], *, at: datetime) -> None:
    """Remember the hours of these moments; those that have just ended are looked at again anyway."""
    newest = at - 2 * HOUR
    hours = {one.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for one in moments if one < newest}
    if hours:
        LateHour.objects.bulk_create(LateHour(hour=hour) for hour in sorted(hours))
