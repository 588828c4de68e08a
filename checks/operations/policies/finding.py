"""What a policy found: the token, and where it stands."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`reason` is a token, `where` a route, a column, a name; never a value."""

    reason: str
    where: str


@dataclass(frozen=True)
class Result:
    """How much was looked at, and what was found; the first finding gives the reason."""

    count: int
    findings: tuple[Finding, ...] = ()
