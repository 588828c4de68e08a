"""Charts of weeks as geometry: a line with gaps where nothing is known, over counts of deploys and incidents. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 14.0, 12.0, 132.0
_ROW = 16.0


@dataclass(frozen=True)
class Mark:
    """A word and its place."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw it without arithmetic; all numbers are written out."""

    width: str
    height: str
    left: str
    right: str
    levels: Sequence[Mark]
    path: str
    points: Sequence[Mark]
    weeks: Sequence[Mark]
    # Below the axis, a row for deploys and one for incidents: a number where there were any.
    signs: Sequence[Mark]


def line(
    values: Sequence[float | None],
    names: Sequence[str],
    *,
    width: float,
    say: Callable[[float], str],
    signs: Sequence[tuple[str, Sequence[int]]] = (),
    most: float | None = None,
) -> Chart:
    """One figure over the weeks, oldest first. `most` is where the figure ends by its nature, such as 100 per cent."""
    known = [one for one in values if one is not None]
    low, high = _bounds(known, most)
    right, step = width - _RIGHT, (width - _RIGHT - _LEFT) / max(len(values) - 1, 1)

    def x(place: int) -> float:
        return _LEFT + step * place

    def y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (high - low)

    every = max(1, round(len(values) / (4 if width < 400 else 6)))
    last = len(values) - 1
    shown = list(range(last, -1, -every))
    return Chart(
        width=_n(width),
        height=_n(_BOTTOM + 24 + _ROW * len(signs)),
        left=_n(_LEFT),
        right=_n(right),
        levels=[Mark("", _n(y(one)), say(one)) for one in (low, (low + high) / 2, high)] if known else [],
        path=_path(values, x, y),
        points=[
            Mark(_n(x(place)), _n(y(one)), "") for place, one in enumerate(values) if one is not None and place == last
        ],
        weeks=[Mark(_n(x(place)), _n(_BOTTOM + 18), names[place][5:]) for place in shown],
        signs=[
            Mark(_n(x(place)), _n(_BOTTOM + 18 + _ROW * (row + 1)), f"{letter}{number}")
            for row, (letter, numbers) in enumerate(signs)
            for place, number in enumerate(numbers)
            if number and len(values) <= 12
        ],
    )


def _bounds(known: Sequence[float], most: float | None) -> tuple[float, float]:
    """A little room above and below, and never none between them."""
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known) if most is None else most
    room = max((high - low) * 0.1, abs(high) * 0.0005, 0.001)
    return max(0.0, low - room), high if most is not None else high + room


def _path(values: Sequence[float | None], x: Callable[[int], float], y: Callable[[float], float]) -> str:
    """A week that nobody knows of breaks the line; one alone is a short stroke."""
    parts, is_open = [], False
    for place, value in enumerate(values):
        if value is None:
            is_open = False
            continue
        parts.append(f"{'L' if is_open else 'M'}{_n(x(place))} {_n(y(value))}")
        if not is_open:
            parts.append(f"L{_n(x(place))} {_n(y(value))}")
        is_open = True
    return " ".join(parts)


def _n(number: float) -> str:
    return f"{number:.1f}"
