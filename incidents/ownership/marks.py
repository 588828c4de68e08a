"""Marks that other rooms put into the matrix: how a domain stands in one respect, in a word, green or amber."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """`word` stands in the cell; `missing` is what is to be done, with `url` where, when it is not well."""

    slug: str
    word: str
    url: str
    missing: str = ""
    why: str = ""

    @property
    def is_well(self) -> bool:
        return not self.missing


def counted(slug: str, name: str, number: int, *, url: str, what: str) -> Mark:
    """How many a domain has of something that it should have at least one of.

    >>> counted("frontend", "Frontend", 0, url="/r/", what="runbook").missing
    'Frontend has no runbook'
    """
    return Mark(slug, str(number), url) if number else Mark(slug, "None", url, f"{name} has no {what}", "Add one")
