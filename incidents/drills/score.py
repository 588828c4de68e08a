"""The score sheet of a drill: the same clocks as in a real incident, each against its target. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

FULL, HALF = 10, 5
_TIMES = {
    "detect": "Time to detect",
    "acknowledge": "Time to acknowledge",
    "first_word": "Time to the first public update",
    "mitigate": "Time to mitigate",
    "resolve": "Time to resolve",
}


@dataclass(frozen=True)
class Facts:
    """What happened. Moments are None for what did not come; `promised` updates were due, `kept` came in time."""

    started_at: datetime
    detect: datetime | None = None
    acknowledge: datetime | None = None
    first_word: datetime | None = None
    mitigate: datetime | None = None
    resolve: datetime | None = None
    promised: int = 0
    kept: int = 0
    steps: int = 0
    of_steps: int = 6


@dataclass(frozen=True)
class Row:
    """One line of the sheet: what was measured, its target, and points of how many."""

    key: str
    label: str
    measured: str
    target: str
    points: int
    of: int = FULL


def sheet(facts: Facts, targets: Mapping[str, int]) -> list[Row]:
    """Every line. Targets in minutes from the beginning.

    Full points within the target, half within twice the target, none after that or when it did not come. Updates and
    steps earn their share.
    """
    rows = [_timed(key, getattr(facts, key), facts.started_at, targets[key]) for key in _TIMES]
    said = f"{facts.kept} of {facts.promised}" if facts.promised else "none was due"
    earned = _share(facts.kept, facts.promised) if facts.promised else FULL if facts.first_word else 0
    rows.insert(3, Row("updates", "Updates on time", said, "all", earned))
    steps = f"{facts.steps} of {facts.of_steps}"
    rows.append(Row("steps", "Steps done", steps, "all", _share(facts.steps, facts.of_steps)))
    return rows


def _timed(key: str, moment: datetime | None, start: datetime, minutes: int) -> Row:
    target = timedelta(minutes=minutes)
    if moment is None:
        return Row(key, _TIMES[key], "did not come", spoken(target), 0)
    took = max(timedelta(0), moment - start)
    points = FULL if took <= target else HALF if took <= 2 * target else 0
    return Row(key, _TIMES[key], spoken(took), spoken(target), points)


def _share(part: int, whole: int) -> int:
    return FULL * part // whole


def spoken(length: timedelta) -> str:
    """
    >>> spoken(timedelta(seconds=108)), spoken(timedelta(hours=1, minutes=5)), spoken(timedelta(minutes=5))
    ('1 min 48 s', '1 h 5 min', '5 min')
    """
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else seconds, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


@dataclass(frozen=True)
class Month:
    """One month: the best score of the drills that were held in it; None when it was missed or is not over yet."""

    first: date
    percent: int | None
    held: int
    is_over: bool

    @property
    def is_missed(self) -> bool:
        return self.is_over and not self.held


def readiness(held: list[tuple[date, int]], *, since: date, today: date, most: int = 12) -> list[Month]:
    """Month by month, oldest first, since drills are owed or held: a drill each month is what is promised."""
    months = []
    first = since.replace(day=1)
    while first <= today:
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        scores = [percent for day, percent in held if first <= day < after]
        months.append(Month(first, max(scores, default=None), len(scores), after <= today))
        first = after
    return months[-most:]
