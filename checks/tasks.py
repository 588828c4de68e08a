"""Table of contents: every background task of what workers do."""

from checks.runs.tasks import deliver_flip, deliver_flips, observe
from checks.scheduler.tasks import roll_up, tick, tick_slow

__all__ = ["deliver_flip", "deliver_flips", "observe", "roll_up", "tick", "tick_slow"]
