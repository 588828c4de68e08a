"""The readiness trend as geometry: a column for each month, a word for one that was missed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.drills.score import Month

_TOP, _BOTTOM = 10.0, 120.0


@dataclass(frozen=True)
class Column:
    """One month; `height` is empty when nothing was held."""

    x: str
    middle: str
    y: str
    height: str
    label: str
    is_missed: bool


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw it without arithmetic."""

    width: str
    left: str
    right: str
    levels: Sequence[tuple[str, str]]
    columns: Sequence[Column]
    column_width: str


def both(months: Sequence[Month]) -> list[tuple[str, Chart]]:
    """The wide one and the one for phones, with their classes."""
    return [("not-phone", chart(months, width=560)), ("only-phone", chart(months, width=320))]


def chart(months: Sequence[Month], *, width: float) -> Chart:
    left, right = 36.0, width - 4
    step = (right - left) / max(1, len(months))

    def y(percent: int) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * percent / 100

    return Chart(
        width=_n(width),
        left=_n(left),
        right=_n(right),
        levels=[(_n(y(percent)), f"{percent} %") for percent in (0, 50, 100)],
        columns=[
            Column(
                x=_n(left + step * (place + 0.15)),
                middle=_n(left + step * (place + 0.5)),
                y=_n(y(month.percent or 0)),
                height="" if month.percent is None else _n(_BOTTOM - y(month.percent)),
                label=f"{month.first:%b}",
                is_missed=month.is_missed,
            )
            for place, month in enumerate(months)
        ],
        column_width=_n(step * 0.7),
    )


def _n(number: float) -> str:
    return f"{number:.1f}"
