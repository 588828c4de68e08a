"""Charts of weeks as geometry: a line with gaps or piled bars, over a strip of what happened. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 14.0, 12.0, 132.0
# Below the names of the weeks: two rows of letters, then the strokes.
_ROW, _ROWS, _LETTER, _STROKE = 13.0, 2, 11.0, 8.0
Say = Callable[[float], str]


@dataclass(frozen=True)
class Mark:
    """A word and its place."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Bar:
    """One part of a pile: its fill and its box."""

    fill: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Happened:
    """What is drawn under the weeks: letters at their moments, strokes at theirs, both in weeks since the first."""

    letters: Sequence[tuple[float, str]] = ()
    strokes: Sequence[float] = ()


NOTHING = Happened()


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw it without arithmetic; all numbers are written out."""

    width: str
    height: str
    left: str
    right: str
    foot: str
    levels: Sequence[Mark]
    weeks: Sequence[Mark]
    # One path, or two; the second is thinner.
    paths: Sequence[str] = ()
    points: Sequence[Mark] = ()
    bars: Sequence[Bar] = ()
    letters: Sequence[Mark] = ()
    strokes: str = ""


@dataclass(frozen=True)
class _Frame:
    """Where weeks and values lie in a drawing of this width."""

    names: Sequence[str]
    width: float
    low: float = 0.0
    high: float = 1.0
    happened: Happened = field(default=NOTHING)

    @property
    def right(self) -> float:
        return self.width - _RIGHT

    @property
    def step(self) -> float:
        return (self.right - _LEFT) / max(len(self.names) - 1, 1)

    def x(self, place: float) -> float:
        return min(max(_LEFT + self.step * place, _LEFT), self.right)

    def y(self, value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (value - self.low) / (self.high - self.low)

    def chart(self, levels: Sequence[Mark], **drawn: object) -> Chart:
        has_strip = bool(self.happened.letters or self.happened.strokes)
        every = max(1, round(len(self.names) / (4 if self.width < 400 else 6)))
        return Chart(
            width=_n(self.width),
            height=_n(_BOTTOM + 24 + (_ROW * _ROWS + 12 if has_strip else 0)),
            left=_n(_LEFT),
            right=_n(self.right),
            foot=_n(_BOTTOM),
            levels=levels,
            weeks=[
                Mark(_n(self.x(place)), _n(_BOTTOM + 18), self.names[place][5:])
                for place in range(len(self.names) - 1, -1, -every)
            ],
            letters=self._letters(),
            strokes=self._strokes(),
            **drawn,  # type: ignore[arg-type]
        )

    def _letters(self) -> list[Mark]:
        """Beside each other in two rows; one that has no room is left to the list."""
        taken, found = [-_LETTER] * _ROWS, []
        for at, letter in self.happened.letters:
            x = self.x(at - 0.5)
            row = next((row for row, end in enumerate(taken) if x - end >= _LETTER), None)
            if row is not None:
                taken[row] = x
                found.append(Mark(_n(x), _n(_BOTTOM + 21 + _ROW * (row + 1)), letter))
        return found

    def _strokes(self) -> str:
        top = _BOTTOM + 24 + _ROW * _ROWS
        places = dict.fromkeys(_n(self.x(at - 0.5)) for at in self.happened.strokes)
        return " ".join(f"M{x} {_n(top)}v{_n(_STROKE)}" for x in places)


def line(
    *values: Sequence[float | None],
    names: Sequence[str],
    width: float,
    say: Say,
    happened: Happened = NOTHING,
    most: float | None = None,
) -> Chart:
    """One figure over the weeks, or two, oldest first. `most` is where it ends by its nature, such as 100 per cent."""
    known = [one for figure in values for one in figure if one is not None]
    low, high = _bounds(known, most)
    frame = _Frame(names, width, low, high, happened)
    last = len(names) - 1
    return frame.chart(
        _levels([(frame.y(one), say(one)) for one in (low, (low + high) / 2, high)]) if known else [],
        paths=[_path(one, frame) for one in values],
        points=[Mark(_n(frame.x(last)), _n(frame.y(one[last])), "") for one in values if one[last] is not None],  # type: ignore[arg-type]
    )


def piles(
    parts: Sequence[tuple[str, Sequence[int]]], *, names: Sequence[str], width: float, happened: Happened = NOTHING
) -> Chart:
    """Counts over the weeks, one on the other from the foot up: each part its fill and its numbers."""
    tops = [sum(numbers) for numbers in zip(*(numbers for _, numbers in parts), strict=True)]
    high = _whole(max(tops, default=0))
    frame = _Frame(names, width, 0.0, high, happened)
    wide = max(min(frame.step * 0.6, 18.0), 2.0)
    bars, below = [], [0] * len(names)
    for fill, numbers in parts:
        for place, number in enumerate(numbers):
            if number:
                top, x = frame.y(below[place] + number), min(max(frame.x(place) - wide / 2, _LEFT), frame.right - wide)
                bars.append(Bar(fill, _n(x), _n(top), _n(wide), _n(frame.y(below[place]) - top)))
            below[place] += number
    return frame.chart([Mark("", _n(frame.y(one)), f"{one:g}") for one in (0.0, high / 2, high)], bars=bars)


def _levels(wanted: Sequence[tuple[float, str]]) -> list[Mark]:
    """The same words once: a figure that hardly moves has one level."""
    first = {text: y for y, text in reversed(wanted)}
    return [Mark("", _n(y), text) for y, text in wanted if first[text] == y]


def _whole(most: int) -> float:
    """The next even number, so that the middle is whole too.

    >>> _whole(0), _whole(5), _whole(8)
    (2.0, 6.0, 8.0)
    """
    return float(max(most + most % 2, 2))


def _bounds(known: Sequence[float], most: float | None) -> tuple[float, float]:
    """A little room above and below, and never none between them."""
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known) if most is None else most
    room = max((high - low) * 0.1, abs(high) * 0.0005, 0.001)
    return max(0.0, low - room), high if most is not None else high + room


def _path(values: Sequence[float | None], frame: _Frame) -> str:
    """A week that nobody knows of breaks the line; one alone is a short stroke."""
    parts, is_open = [], False
    for place, value in enumerate(values):
        if value is None:
            is_open = False
            continue
        parts.append(f"{'L' if is_open else 'M'}{_n(frame.x(place))} {_n(frame.y(value))}")
        if not is_open:
            parts.append(f"L{_n(frame.x(place))} {_n(frame.y(value))}")
        is_open = True
    return " ".join(parts)


def _n(number: float) -> str:
    return f"{number:.1f}"
