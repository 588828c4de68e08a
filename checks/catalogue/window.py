"""The window of a rate: long enough to hold the failures that it asks for. Pure."""

from datetime import timedelta
from typing import Protocol

# What a form takes, and how far back minutes are kept for certain: those before are dropped with their day.
MOST_MINUTES, KEPT_MINUTES = 1440, 13 * 1440


class Windowed(Protocol):
    """What of a check says how far back its rate looks."""

    @property
    def every_seconds(self) -> int: ...
    @property
    def fail_after(self) -> int: ...
    @property
    def share_minutes(self) -> int: ...


def least_minutes(*, every_seconds: int, fail_after: int) -> int:
    """So many minutes surely hold `fail_after` runs: they begin anywhere in a minute, and one run may be missing.

    >>> least_minutes(every_seconds=60, fail_after=3), least_minutes(every_seconds=300, fail_after=3)
    (4, 20)
    """
    seconds = (fail_after - 1) * every_seconds + max(60, 2 * every_seconds)
    return -(-seconds // 60)


def refusal(*, every_seconds: int, fail_after: int, minutes: int) -> str:
    """Why this rule could never go red; nothing when it can."""
    least = least_minutes(every_seconds=every_seconds, fail_after=fail_after)
    if minutes >= least:
        return ""
    if least > MOST_MINUTES:
        runs = "1 failed run" if fail_after == 1 else f"{fail_after} failed runs"
        rule = "Choose failed runs in a row, or among the last ones."
        return f"{MOST_MINUTES} minutes, the longest window, cannot hold {runs} at one every {every_seconds} s. {rule}"
    runs = "1 failed run needs" if fail_after == 1 else f"{fail_after} failed runs need"
    return f"With one run every {every_seconds} s, {runs} {least} minutes at least."


def minutes_of(check: Windowed) -> int:
    """How far back its rate looks: as was chosen, or further where that could never hold enough runs."""
    least = least_minutes(every_seconds=check.every_seconds, fail_after=check.fail_after)
    return min(max(check.share_minutes, least), KEPT_MINUTES)


def failures_of(check: Windowed) -> int:
    """How many failures its rate asks for: as was chosen, or as many as there can be in all minutes that are kept."""
    fitting = (KEPT_MINUTES - 1) * 60 // check.every_seconds
    return max(1, min(check.fail_after, fitting))


def length_of(check: Windowed) -> timedelta:
    return timedelta(minutes=minutes_of(check))
