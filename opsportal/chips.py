"""A row of filters above a list."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """One filter that a click switches."""

    label: str
    url: str
    is_current: bool
