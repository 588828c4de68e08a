"""What the list of checks is narrowed to and in which order it stands: as an address, and as SQL.

The list, its export and what is done to all that match ask with the same words.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from checks.catalogue.states import SILENT_PERIODS, SILENT_SECONDS, WORST_FIRST, State

# Beside the states: what was put away.
ARCHIVED = "archived"

# `Check.shown_state` in SQL: what passed but was not heard of for too long has no data. The first comparison, which is
# cheap, says no for nearly all.
IS_SILENT = f"""(c.state = 'healthy' AND coalesce(c.last_run_at, c.created_at) < %(at)s - interval '{SILENT_SECONDS} s'
  AND coalesce(c.last_run_at, c.created_at)
    < %(at)s - make_interval(secs => greatest({SILENT_PERIODS} * c.every_seconds, {SILENT_SECONDS})))"""
SHOWING = f"CASE WHEN {IS_SILENT} THEN '{State.INSUFFICIENT_DATA}' ELSE c.state END"
_PLACES = " ".join(f"WHEN c.state = '{state}' THEN {place}" for place, state in enumerate(WORST_FIRST))
# The expression of the index check_worst_first, to the letter.
STORED_RANK = f"(CASE {_PLACES} END)"
# Where the silent ones stand.
PLACE_OF_SILENT = str(WORST_FIRST.index(State.INSUFFICIENT_DATA))
SHOWN_RANK = f"(CASE WHEN {IS_SILENT} THEN {PLACE_OF_SILENT} ELSE {STORED_RANK} END)"
TABLES = "checks_check AS c JOIN incidents_domain AS d ON d.id = c.domain_id"
# Where nothing is asked of the domain.
TABLE = "checks_check AS c"


@dataclass(frozen=True)
class Key:
    """Where a page begins: below this check, at the place it had. Its name is looked up, since names are long."""

    state: str
    severity: str
    number: int

    @classmethod
    def of(cls, text: str) -> "Key | None":
        """healthy.SEV-2.118 as it stands in an address; None for anything else."""
        state, _, rest = text.partition(".")
        severity, _, number = rest.partition(".")
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        return cls(state, severity[:5], int(number)) if is_number and state in set(State) else None

    def __str__(self) -> str:
        return f"{self.state}.{self.severity}.{self.number}"

    @property
    def rank(self) -> int:
        return WORST_FIRST.index(State(self.state))


@dataclass(frozen=True)
class Filters:
    """What the URL asks for; what is not one of ours is none."""

    state: str = ""
    domain: str = ""
    kind: str = ""
    owner: str = ""
    words: str = ""
    # The list with a box beside each check; it stands still, so that nothing moves below a finger.
    choosing: str = ""
    after: Key | None = None

    def address(self, **changed: str) -> str:
        """The same filters as a query string with one thing changed; a page's key is never kept."""
        return "?" + urlencode({name: value for name, value in {**self.named, **changed}.items() if value})

    @property
    def named(self) -> dict[str, str]:
        """By their names in the address."""
        return {
            "state": self.state,
            "domain": self.domain,
            "kind": self.kind,
            "owner": self.owner,
            "q": self.words,
            "choose": self.choosing,
        }

    @property
    def spoken(self) -> str:
        """For the line in the audit log; the words that were looked for are not repeated."""
        asked = " ".join(
            f"{name}={value}" for name, value in self.named.items() if value and name not in ("q", "choose")
        )
        return (asked + (" and words" if self.words else ""))[:128]

    @property
    def any_state(self) -> "Filters":
        """The same without the state, for the numbers beside each."""
        return replace(self, state="", after=None)

    def conditions(self, rank: str, at: datetime) -> tuple[str, dict[str, Any]]:
        """The words behind WHERE and their values; `rank` is the order's first expression."""
        found = ["c.archived_at IS NOT NULL" if self.state == ARCHIVED else "c.archived_at IS NULL"]
        values: dict[str, Any] = {"at": at}
        if self.state in set(State):
            found.append(f"{rank} = %(place)s")
            values["place"] = WORST_FIRST.index(State(self.state))
        if self.after:
            last = "coalesce((SELECT name FROM checks_check WHERE id = %(last)s), '')"
            found.append(f"({rank}, c.severity, c.name, c.id) > (%(after)s, %(severity)s, {last}, %(last)s)")
            values |= {"after": self.after.rank, "severity": self.after.severity, "last": self.after.number}
        more, theirs = self.narrowing()
        return " AND ".join([*found, *more]), values | theirs

    def narrowing(self) -> tuple[list[str], dict[str, Any]]:
        """All but state and page: each word has to stand in the name, the key, the domain or its owners."""
        found, values = [], dict[str, Any]()
        for name, condition in (
            ("domain", "d.slug = %(domain)s"),
            ("kind", "c.kind = %(kind)s"),
            ("owner", """%(owner)s IN (d."primary", d.backup)"""),
        ):
            if wanted := getattr(self, name):
                found.append(condition)
                values[name] = wanted
        for number, word in enumerate(self.words.split()):
            found.append(
                f"(c.name || ' ' || c.key ILIKE %(word{number})s"
                f""" OR d.name || ' ' || d."primary" || ' ' || d.backup ILIKE %(word{number})s)"""
            )
            values[f"word{number}"] = f"%{_literal(word)}%"
        return found, values


def _literal(word: str) -> str:
    """A word whose signs mean themselves in a pattern."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
