"""The times of what was over before it was written down."""

from dataclasses import dataclass
from datetime import datetime

from opsportal.errors import Refused


@dataclass(frozen=True)
class Past:
    """When it began to hurt, when somebody noticed, and when it was over."""

    impact_started_at: datetime
    detected_at: datetime
    resolved_at: datetime


def require_order(past: Past, *, at: datetime) -> None:
    """Refuse times that cannot be: each follows the one before, and all are over."""
    if not past.impact_started_at <= past.detected_at <= past.resolved_at:
        raise Refused("TIMES_OUT_OF_ORDER", "It begins, somebody notices, then it ends: put the three times in order.")
    if past.resolved_at > at:
        raise Refused("TIME_IN_FUTURE", "That time has not come yet. Say when it was over, in UTC.")
