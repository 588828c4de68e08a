"""The daily report: one aggregate line for each daily check, the totals, and the watchdog's verdict."""

from dataclasses import dataclass
from datetime import datetime

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups import queries as rollups
from checks.rollups.queries import Window
from opsportal.errors import Refused

# The volume guard: without a single result there is nothing to judge (contract section 2).
VOLUME_GUARD = "delivered_total"
_NOT_SAID = (State.PAUSED, State.FLAPPING)


@dataclass(frozen=True)
class Line:
    """One check over the last 24 hours."""

    key: str
    state: State
    window: Window

    def __str__(self) -> str:
        return (
            f"ops_daily check={self.key} status={self.state.value} samples={self.window.samples} "
            f"availability={_percent(self.window.availability)} coverage={_percent(self.window.coverage)} "
            f"p95_ms={_whole(self.window.p95_ms)}"
        )


@dataclass(frozen=True)
class Guard:
    """What must have happened at all before anything is judged: a name and a number."""

    name: str
    volume: float


@dataclass(frozen=True)
class Report:
    """All daily checks; paused ones are not among them. `guard` is an operator's check in place of our own count."""

    lines: tuple[Line, ...]
    guard: Guard | None = None

    @property
    def delivered_total(self) -> int:
        """Good and bad results of the window."""
        return sum(line.window.samples for line in self.lines)

    def totals(self) -> str:
        """The sums over all lines; coverage stands beside availability."""
        whole = rollups.total([line.window for line in self.lines])
        states = " ".join(f"{state.value}={self._in(state)}" for state in State if state not in _NOT_SAID)
        return (
            f"ops_daily_totals checks={len(self.lines)} {states} {VOLUME_GUARD}={self.delivered_total} "
            f"ok={whole.ok} err={whole.err} unknown={whole.unknown} availability={_percent(whole.availability)} "
            f"coverage={_percent(whole.coverage)} p95_ms={_whole(whole.p95_ms)}"
        )

    def _in(self, state: State) -> int:
        return sum(line.state is state for line in self.lines)

    def verdict(self, *, strict: bool) -> tuple[str, str]:
        """(status, reason) of the watchdog. Strict: what is unknown or blocked counts as unhealthy."""
        guard = self.guard or Guard(VOLUME_GUARD, self.delivered_total)
        if guard.volume <= 0:
            return "insufficient_data", f"{guard.name}_0"
        bad = {State.UNHEALTHY: "checks_unhealthy"}
        if strict:
            bad |= {State.INSUFFICIENT_DATA: "checks_unknown", State.BLOCKED: "checks_blocked"}
        reason = next((token for state, token in bad.items() if self._in(state)), "")
        return ("unhealthy", reason) if reason else ("healthy", "")


def report(at: datetime, *, guard: str = "") -> Report:
    """The last 24 hours of every daily check, worst first; `guard` is the key of the check that guards the volume."""
    checks = list(Check.objects.enabled().daily().as_shown(at).worst_first())
    windows = rollups.last_day([check.pk for check in checks], at, with_latency=True)
    lines = tuple(Line(check.key, _said(check, at), rollups.total(windows[check.pk])) for check in checks)
    return Report(lines, _guard(guard, at) if guard else None)


def _guard(key: str, at: datetime) -> Guard:
    """What the check measured last, or how often it ran when it measures nothing."""
    check = Check.objects.filter(key=key).first()
    if check is None:
        raise Refused("VOLUME_GUARD_UNKNOWN", "No check has the key that OPS_DAILY_VOLUME_GUARD names.")
    ran = rollups.total(rollups.last_day([check.pk], at, with_latency=False)[check.pk]).samples
    measured = check.last_value if check.last_value is not None and check.is_heard(at) else None
    return Guard(key.replace("-", "_"), ran if measured is None else measured)


def _said(check: Check, at: datetime) -> State:
    """The report's words are fixed: what flaps is not in order."""
    state = check.shown_state(at)
    return State.UNHEALTHY if state is State.FLAPPING else state


def _percent(value: float | None) -> str:
    """Never rounded up to 100: 99.999 stays below it."""
    return "na" if value is None else f"{int(value * 100) / 100:.2f}"


def _whole(value: float | None) -> str:
    return "na" if value is None else f"{value:.0f}"
