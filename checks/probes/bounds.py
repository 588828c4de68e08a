"""A number against its bounds. Pure."""

import math
import re
from dataclasses import dataclass
from typing import Any

_NUMBER = r"-?\d{1,15}(?:\.\d{1,10})?(?:e-?\d{1,2})?"
# Each character of a path fits one branch only, so that a long line that is no rule is left quickly.
_PATH = r"""(?P<path>(?:\["[^"\]]*"\]|[^\s\[]|\[(?!"))+)"""
_SIDE, _BAND = rf"(?P<sign>>=|<=)\s*(?P<one>{_NUMBER})", rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})"
_RULE = re.compile(rf"{_PATH}\s+(?:{_SIDE}|{_BAND})")


@dataclass(frozen=True)
class Bounds:
    """The least and the most that is fine; one of them may be open."""

    least: float | None = None
    most: float | None = None

    @classmethod
    def of(cls, least: Any, most: Any) -> "Bounds":
        """From a configuration; ValueError when there is no bound, or none can lie between."""
        low = None if least in (None, "") else float(least)
        high = None if most in (None, "") else float(most)
        if (low is None and high is None) or not all(math.isfinite(one) for one in (low, high) if one is not None):
            raise ValueError("no bound")
        if low is not None and high is not None and low > high:
            raise ValueError("nothing lies between")
        return cls(low, high)

    def hold(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def parse_rule(line: str) -> tuple[str, Bounds]:
    """A path and its bounds; ValueError when it is neither.

    >>> parse_rule("rates.hold 0..0.2")
    ('rates.hold', Bounds(least=0.0, most=0.2))
    >>> parse_rule("delivered_total >= 1")
    ('delivered_total', Bounds(least=1.0, most=None))
    """
    match = _RULE.fullmatch(line.strip())
    if match is None:
        raise ValueError("not a rule")
    if match["sign"]:
        is_least = match["sign"] == ">="
        return match["path"], Bounds.of(match["one"] if is_least else None, None if is_least else match["one"])
    return match["path"], Bounds.of(match["low"], match["high"])
