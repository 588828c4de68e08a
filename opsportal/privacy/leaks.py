"""How many leaks were prevented: per day and kind a number, and nothing else of what was found.

A refusal rolls its transaction back, and with it would go the count. So counts wait in the process and are written
when the request or the task is over; a process that is killed in between loses a few.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.signals import request_finished
from django.db import DatabaseError, connection
from django.db.models import F, Sum
from django.utils import timezone

_waiting: Counter[str] = Counter()
_lock = threading.RLock()  # a signal may log, and so count, while its thread counts


def prevented(kinds: Iterable[str]) -> None:
    """Count them; written soon."""
    with _lock:
        _waiting.update(kinds)


def write(**_: Any) -> None:
    """Write what waits, unless a transaction is open that may still be rolled back. Safe to run at any time."""
    from opsportal.privacy.models import LeakCount

    if not _waiting or connection.in_atomic_block:
        return
    with _lock:
        counts = dict(_waiting)
        _waiting.clear()
    today = timezone.now().date()
    try:
        for kind, number in counts.items():
            LeakCount.objects.get_or_create(on=today, kind=kind[:60])
            LeakCount.objects.filter(on=today, kind=kind[:60]).update(count=F("count") + number)
    except DatabaseError:
        return  # a number about leaks is never worth an error page


def since(day: date) -> dict[str, int]:
    """Kind -> count from that day on."""
    from opsportal.privacy.models import LeakCount

    rows = LeakCount.objects.filter(on__gte=day).values("kind").annotate(total=Sum("count")).order_by("-total", "kind")
    return {row["kind"]: row["total"] for row in rows}


def this_week() -> dict[str, int]:
    """Kind -> leaks prevented in the last seven days, today included."""
    return since(timezone.now().date() - timedelta(days=6))


def connect() -> None:
    """Write at the end of each request and each task."""
    from celery.signals import task_postrun

    request_finished.connect(write, dispatch_uid="privacy.leaks")
    task_postrun.connect(write, dispatch_uid="privacy.leaks")
