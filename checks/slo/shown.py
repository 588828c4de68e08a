"""A standing as people read it: words, and the geometry of its bar."""

from dataclasses import dataclass

from checks.catalogue import words
from checks.slo import budget
from checks.slo.burning import Reading, Verdict
from checks.slo.models import Objective
from checks.slo.queries import Standing, State

WIDTH = 200
# For each state: the class of its word, the shape, the fill of its bar.
_LOOKS = {
    State.SPENT: ("fail", "s-fail", "fill-fail"),
    State.BURNING: ("major", "s-sev2", "fill-warn"),
    State.BEHIND: ("warn", "s-sev3", "fill-warn"),
    State.INSUFFICIENT_DATA: ("stale", "s-stale", "fill-mute"),
    State.ON_TRACK: ("ok", "s-ok", "fill-ok"),
}
_VERDICTS = {
    Verdict.FIRES: ("fail", "s-fail", "Fires"),
    Verdict.QUIET: ("ok", "s-ok", "Quiet"),
    Verdict.INSUFFICIENT_DATA: ("stale", "s-stale", "Not enough data"),
    Verdict.INSUFFICIENT_RESOLUTION: ("paused", "s-paused", "Too few runs to count"),
}


@dataclass(frozen=True)
class BudgetRow:
    """One budget: its bar to scale, with a mark for what should be left today, and its state in words."""

    objective: Objective
    kind: str
    shape: str
    fill: str
    words: str
    label: str
    width: int
    mark: int
    good: str
    coverage: str


@dataclass(frozen=True)
class WindowRow:
    """One row of the alert table as it reads now."""

    weight: str
    long: str
    short: str
    factor: str
    long_burn: str
    short_burn: str
    bad: str
    kind: str
    shape: str
    words: str


def budget_row(one: Standing) -> BudgetRow:
    """The bar and its words."""
    kind, shape, fill = _LOOKS[one.state]
    should, left = round(one.should_be_left * 100), one.left
    said = said_left(one)
    return BudgetRow(
        objective=one.objective,
        kind=kind,
        shape=shape,
        fill=fill,
        words=said,
        label=f"{one.objective.name}: {said.lower()}, {should} % should be left today",
        width=0 if left is None else round(min(max(left, 0.0), 1.0) * WIDTH),
        mark=min(round(one.should_be_left * WIDTH), WIDTH - 2),
        good=words.percent(one.tally.good_percent),
        coverage=words.percent(one.tally.coverage),
    )


def said_left(one: Standing) -> str:
    """19 % left; Spent, 8 % over; No data. Rounded so that what is left never looks like more."""
    left = one.left
    if left is None:
        return "No data"
    if left <= 0:
        over = round(-left * 100)
        return f"Spent, {over} % over" if over else "Spent"
    said = f"{int(left * 100)} % left" if left >= 0.01 else "under 1 % left"
    return f"{said}, burning" if one.state is State.BURNING else said


def rows_of(one: Standing) -> list[WindowRow]:
    """The alert table, each row with what it was judged by."""
    return [_window(reading) for reading in one.readings]


def _window(one: Reading) -> WindowRow:
    kind, shape, said = _VERDICTS[one.verdict]
    return WindowRow(
        weight=one.row.weight.value,
        long=_length(one.row.long.total_seconds()),
        short=_length(one.row.short.total_seconds()),
        factor=f"{one.factor:.4g}",
        long_burn=_burn(one.long_burn),
        short_burn=_burn(one.short_burn),
        bad=f"{one.long.bad} of {one.long.valid}",
        kind=kind,
        shape=shape,
        words=said,
    )


def _length(seconds: float) -> str:
    if seconds >= 86_400:
        return f"{seconds / 86_400:.0f} d"
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _burn(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1f}"


def outage_minutes(one: Objective) -> str:
    """The whole budget as minutes of full outage: 43.2."""
    return f"{budget.minutes(one.percent, one.days):.4g}"
