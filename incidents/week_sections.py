"""A room's own part of the weekly review: what it says of one week, in a few lines of numbers.

A room writes `queries.week_summary(start, end)`; the review names it in `checks/review/sections.py` and keeps it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A card of the review. Lines are counts and names of duties: they are kept for years and every viewer reads them.

    Without lines the card says `quiet`. `url` is where the room itself is looked at.
    """

    title: str
    lines: tuple[str, ...] = ()
    url: str = ""
    quiet: str = "Nothing to say of this week"
