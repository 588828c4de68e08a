"""A check in words: what it found, how often it runs, what is stored of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from checks.catalogue import window
from checks.catalogue.states import Rule, State
from checks.probes.outcome import words_for
from checks.rollups import histogram
from checks.rollups.queries import Window


class Stored(Protocol):
    """A bucket, before or after it was written."""

    @property
    def ok(self) -> int: ...
    @property
    def err(self) -> int: ...
    @property
    def unknown(self) -> int: ...
    @property
    def expected(self) -> int: ...
    @property
    def c429(self) -> int: ...
    @property
    def c5xx(self) -> int: ...
    @property
    def errors(self) -> Mapping[str, int]: ...
    @property
    def lat_sum(self) -> float: ...
    @property
    def lat_min(self) -> float | None: ...
    @property
    def lat_max(self) -> float | None: ...
    @property
    def hist(self) -> bytes | memoryview[int]: ...


def every(seconds: int) -> str:
    """every 1 min, every 30 s, daily."""
    if seconds == 86400:
        return "daily"
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"every {seconds // size} {unit}"
    return f"every {seconds} s"


def duration(ms: float | None) -> str:
    """212 ms, 1.93 s."""
    if not ms:
        return "–" if ms is None else "0"
    if ms >= 1000:
        return f"{ms / 1000:.2f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def percent(value: float | None) -> str:
    """99.95 %, never rounded up to 100."""
    if value is None:
        return "–"
    return f"{int(value * 100) / 100:g} %"


def figure(name: str, value: float) -> str:
    """A number with its unit, which its name ends with."""
    if name.endswith("_percent"):
        return f"{value:.1f} %"
    if name.endswith("_seconds"):
        return f"{value:.0f} s"
    if name.endswith("_ms"):
        return duration(value)
    if name.endswith("_hours"):
        return f"{value:.1f} h"
    return f"{value:g}"


def failure(error: str) -> str:
    """The class of a failure as the beginning of a sentence."""
    words = words_for(error)
    return words[:1].upper() + words[1:]


def flip(new: str, reason: str, failures: int) -> str:
    """Why a state changed, in a sentence without its full stop."""
    if reason == "parent" and new != State.BLOCKED:
        return "Its parent is back"
    if new == State.UNHEALTHY:
        return f"{failure(reason)}, {failures} in a row" if reason else f"{failures} in a row failed"
    if new == State.INSUFFICIENT_DATA and reason == "no_data":
        return "It says of itself that it has too little data"
    return {
        State.FLAPPING: f"{failures} state changes",
        State.HEALTHY: "Runs end well",
        State.INSUFFICIENT_DATA: "No result for too long" if reason else "Waits for its first result",
        State.PAUSED: "Paused by hand",
        State.BLOCKED: "Its parent is down",
    }[State(new)]


class Ruled(window.Windowed, Protocol):
    """What of a check says how it goes down."""

    @property
    def rule(self) -> str: ...
    @property
    def of_runs(self) -> int: ...
    @property
    def fail_share(self) -> int: ...


class Returning(Protocol):
    """What of a check says how it comes back."""

    rule: str
    ok_after: int
    ok_share: int


class Covered(Protocol):
    """A stretch of time in which runs ended, and some that were to be did not."""

    @property
    def samples(self) -> int: ...
    @property
    def asked(self) -> int: ...
    @property
    def availability(self) -> float | None: ...
    @property
    def coverage(self) -> float | None: ...


def goes_down(check: Ruled) -> str:
    """3 in a row, 3 of the last 5, 50 % of 10 min and 3 at least."""
    return {
        Rule.CONSECUTIVE: f"{check.fail_after} in a row",
        Rule.K_OF_N: f"{check.fail_after} of the last {check.of_runs}",
        Rule.RATE: f"{check.fail_share} % of {window.minutes_of(check)} min, {window.failures_of(check)} at least",
    }[Rule(check.rule)]


def comes_back(check: Returning) -> str:
    """2 in a row, or 2 in a row and 10 % at most."""
    share = f" and {check.ok_share} % at most" if check.rule == Rule.RATE else ""
    return f"{check.ok_after} in a row{share}"


def covered(window: Covered) -> str:
    """Availability never stands without coverage: 99.95 % of 97.2 % covered."""
    if not window.samples:
        return "nothing covered" if window.asked > 0 else "nothing was due"
    return f"{percent(window.availability)} of {percent(window.coverage)} covered"


def trend(windows: list[Window], when: str = "in 24 hours") -> str:
    """A stretch in a sentence, for those who do not see the line."""
    known = [window for window in windows if window.samples]
    failed = sum(window.err for window in known)
    return trend_of(failed, sum(window.samples for window in known), [window.mean_ms for window in known], when)


def trend_of(failed: int, runs: int, hourly: Iterable[float | None], when: str = "in 24 hours") -> str:
    """The same from a day's sums and the mean latency of its hours."""
    if not runs:
        return f"No data {when}"
    means = [mean for mean in hourly if mean is not None]
    speed = f", mean latency between {duration(min(means))} and {duration(max(means))}" if means else ""
    return f"{failed or 'No'} failed of {runs:,} runs {when}{speed}"


def stored(bucket: Stored) -> str:
    """Exactly what a bucket holds, line by line."""
    errors = "  ".join(f"{error} {number}" for error, number in sorted(bucket.errors.items()))
    bins = " ".join(f"b{index}:{count}" for index, count in sorted(histogram.counts(bytes(bucket.hist)).items()))
    lines = [
        f"ok {bucket.ok}  error {bucket.err}  unknown {bucket.unknown}",
        f"expected {bucket.expected}",
        f"errors   {errors or 'none'}",
        f"http_5xx {bucket.c5xx}  http_429 {bucket.c429}",
        f"latency  sum {bucket.lat_sum:.1f} ms",
        f"         min {_number(bucket.lat_min)}  max {_number(bucket.lat_max)}",
        f"buckets  {bins or 'none'}",
    ]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"
