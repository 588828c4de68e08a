"""What else opens a door after a leak, and is known to a room above only: each room says how it ends its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Ended:
    """How many of a kind were ended; `name` is the word of the token line, `words` what a person reads."""

    name: str
    words: str
    count: int


@dataclass(frozen=True)
class _Ending:
    name: str
    words: tuple[str, str]
    end: Callable[[datetime], int]


_endings: dict[str, _Ending] = {}


def register(name: str, words: tuple[str, str], end: Callable[[datetime], int]) -> None:
    """Called once, when the app is ready; `words` are for one and for many, `end` says how many it ended."""
    _endings[name] = _Ending(name, words, end)


def end_all(at: datetime) -> tuple[Ended, ...]:
    """End everything that rooms registered, in the caller's transaction."""
    return tuple(_ended(one, one.end(at)) for one in _endings.values())


def _ended(one: _Ending, count: int) -> Ended:
    return Ended(one.name, one.words[0] if count == 1 else one.words[1], count)
