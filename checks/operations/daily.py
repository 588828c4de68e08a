"""The daily report: one aggregate line for each daily check, the totals, and the watchdog's verdict."""

from dataclasses import dataclass
from datetime import datetime

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups import queries as rollups
from checks.rollups.queries import Window

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
            f"availability={_percent(self.window.availability)} p95_ms={_whole(self.window.p95_ms)}"
        )


@dataclass(frozen=True)
class Report:
    """All daily checks; paused ones are not among them."""

    lines: tuple[Line, ...]

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
        if not self.delivered_total:
            return "insufficient_data", f"{VOLUME_GUARD}_0"
        bad = {State.UNHEALTHY: "checks_unhealthy"}
        if strict:
            bad |= {State.INSUFFICIENT_DATA: "checks_unknown", State.BLOCKED: "checks_blocked"}
        reason = next((token for state, token in bad.items() if self._in(state)), "")
        return ("unhealthy", reason) if reason else ("healthy", "")


def report(at: datetime) -> Report:
    """The last 24 hours of every daily check, worst first."""
    checks = list(Check.objects.enabled().daily().as_shown(at).worst_first())
    windows = rollups.last_day([check.pk for check in checks], at, with_latency=True)
    return Report(tuple(Line(check.key, _said(check, at), rollups.total(windows[check.pk])) for check in checks))


def _said(check: Check, at: datetime) -> State:
    """The report's words are fixed: what flaps is not in order."""
    state = check.shown_state(at)
    return State.UNHEALTHY if state is State.FLAPPING else state


def _percent(value: float | None) -> str:
    """Never rounded up to 100: 99.999 stays below it."""
    return "na" if value is None else f"{int(value * 100) / 100:.2f}"


def _whole(value: float | None) -> str:
    return "na" if value is None else f"{value:.0f}"
