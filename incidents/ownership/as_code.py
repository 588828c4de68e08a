"""The matrix, the contacts and where to look as a file: all of it or nothing, every fault with its line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction

from incidents.ownership import actions, places_file, queries
from incidents.ownership.forms import ContactForm, DomainForm
from incidents.ownership.models import Contact, Domain
from incidents.ownership.places_file import HOUSE, Lines
from opsportal import plain_yaml, spreadsheet
from opsportal.as_code import ImportRefused, Wrong, said_of
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User

_NAME = "ownership"
_HEAD = (
    "# Ownership of Opsportal: domains with two handles each, the contacts of the house, where to look, and who holds\n"
    "# each handle: person:NAME, rota:ADDRESS, or nobody when empty.\n"
)
_DOMAIN = ("primary", "backup", "contact", "services")
_CONTACT = ("handle", "note")
HANDLES = "handles"

# Let a handle lead to whom these words name; whether that is news. Refused when nobody is called so.
Hold = Callable[[str, str, User], bool]


@dataclass(frozen=True)
class Plan:
    """What an import does, or would do; it adds nothing, since domains and contacts are the house's own."""

    changed: tuple[str, ...]
    left: int
    added: tuple[str, ...] = ()


def export(holders: Mapping[str, str]) -> str:
    """All of it by its words; the same matrix is the same bytes. `holders` says by handle who holds it."""
    rows: dict[str, dict[str, Any]] = {slug: dict(_shown(row)) for slug, row in _rows().items()}
    for slug, places in places_file.shown().items():
        rows.setdefault(slug, {})["places"] = places
    return plain_yaml.write(rows | {HANDLES: dict(holders)}, name=_NAME, head=_HEAD)


def table(holders: Mapping[str, str]) -> str:
    """A line for each domain, contact, place to look at and handle; no cell is run by a spreadsheet.

    `holders` says by handle who holds it: a person, a rota or nobody.
    """
    head = ("kind", "slug", "name", "primary", "backup", "contact", "services", "address", "held_by")
    lines = [("domain", one.slug, one.name, *_shown(one).values(), "", "") for one in queries.matrix()]
    lines += [("contact", one.slug, one.name, one.handle, "", one.note, "", "", "") for one in queries.contacts()]
    for one in queries.places():
        whose = one.domain.slug if one.domain else "house"
        lines.append(("place", whose, str(one), "", "", one.note, "", one.url, ""))
    lines += [("handle", "", handle, "", "", "", "", "", held_by) for handle, held_by in holders.items()]
    return "".join(spreadsheet.line(cells) for cells in (head, *lines))


@transaction.atomic
def import_ownership(text: str | bytes, *, by: User, at: datetime, hold: Hold) -> Plan:
    """Change what the file says and leave the rest; ImportRefused with every fault, and nothing is stored.

    A list of places becomes the list: what it leaves out is taken away.
    """
    entries = plain_yaml.read(text, name=_NAME)  # first: lines are asked of plain YAML alone
    taking = _Taking(by, plain_yaml.lines(text, name=_NAME), hold, _rows())
    for slug, entry in entries.items():
        taking.take(slug, entry)
    if taking.wrong:
        raise ImportRefused(taking.wrong, "row")
    if taking.changed:
        audit.record("ownership.import", by=by.username, object=f"{len(taking.changed)} changed")
    return Plan(tuple(taking.changed), taking.left)


@dataclass
class _Taking:
    """One import under way."""

    by: User
    at_line: Lines
    hold: Hold
    rows: dict[str, Domain | Contact]
    changed: list[str] = field(default_factory=list)
    left: int = 0
    wrong: list[Wrong] = field(default_factory=list)

    def take(self, slug: str, entry: Mapping[str, Any]) -> None:
        """One row, the places of the house, or the handles."""
        row = self.rows.get(slug)
        if slug not in (HOUSE, HANDLES) and row is None:
            self.wrong.append(Wrong("row", "", "There is no domain or contact of this name.", self._line(slug)))
        elif not isinstance(entry, dict):
            self.wrong.append(Wrong(slug, "", "Write the fields below the name.", self._line(slug)))
        elif slug == HANDLES:
            for handle, words in entry.items():
                self._give(handle, words)
        elif faults := _faults(slug, entry, row, self.at_line):
            self.wrong += faults
        else:
            self._count(slug, self._change(row, entry), self._put_places(slug, row, entry))

    def _count(self, name: str, *news: bool) -> None:
        if any(news):
            self.changed.append(name)
        else:
            self.left += 1

    def _change(self, row: Domain | Contact | None, entry: Mapping[str, Any]) -> bool:
        if row is None:
            return False
        before = _shown(row)
        words = before | {name: str(value or "") for name, value in entry.items() if name in before}
        if words != before:
            self.wrong += _change(row, words, self.at_line, self.by)
        return words != before

    def _put_places(self, slug: str, row: Domain | Contact | None, entry: Mapping[str, Any]) -> bool:
        if "places" not in entry:
            return False
        domain = row if isinstance(row, Domain) else None
        is_changed, wrong = places_file.import_places(slug, domain, entry["places"], self.at_line, by=self.by)
        self.wrong += wrong
        return is_changed

    def _give(self, handle: str, words: Any) -> None:
        line = self._line(HANDLES, handle)
        if isinstance(words, dict | list):
            self.wrong.append(Wrong(HANDLES, "", "Write one value here.", line))
            return
        try:
            self._count(handle, self.hold(handle, str(words or ""), self.by))
        except Refused as refusal:
            self.wrong.append(Wrong(HANDLES, "", refusal.sentence, line))

    def _line(self, *path: str) -> int:
        return self.at_line.get(path, 0)


def _rows() -> dict[str, Domain | Contact]:
    domains: dict[str, Domain | Contact] = {one.slug: one for one in queries.matrix()}
    return domains | {one.slug: one for one in queries.contacts()}


def _shown(row: Domain | Contact) -> dict[str, str]:
    return {name: getattr(row, name) for name in (_DOMAIN if isinstance(row, Domain) else _CONTACT)}


def _faults(slug: str, entry: Mapping[str, Any], row: Domain | Contact | None, at_line: Lines) -> list[Wrong]:
    """What no form can say: its shape, names that are no fields."""
    line = at_line.get((slug,), 0)
    fields = _CONTACT if isinstance(row, Contact) else (*(_DOMAIN if row else ()), "places")
    known = f"There are these fields: {', '.join(fields)}."
    unknown = [Wrong(slug, "?", known, at_line.get((slug, one), line)) for one in entry if one not in fields]
    shapes = [
        Wrong(slug, name, "Write one value here.", at_line.get((slug, name), line))
        for name, one in entry.items()
        if isinstance(one, dict | list) and name != "places"
    ]
    return unknown + shapes


def _change(row: Domain | Contact, words: dict[str, str], at_line: Lines, by: User) -> list[Wrong]:
    """Do it as the form would; the sentences of what is refused."""
    typed = {f"{row.slug}-{name}": value for name, value in (words | {"version": str(row.version)}).items()}
    kind = DomainForm if isinstance(row, Domain) else ContactForm
    form: forms.Form = kind(typed, prefix=row.slug)
    if not form.is_valid():
        return [
            Wrong(row.slug, name, said_of(errors), at_line.get((row.slug, name), 0))
            for name, errors in form.errors.as_data().items()
        ]
    given = form.cleaned_data
    try:
        if isinstance(row, Domain):
            holders = actions.Holders(given["primary"], given["backup"], given["contact"], given["services"])
            actions.change_domain(row, holders, seen=row.version, by=by)
        else:
            actions.change_contact(row, handle=given["handle"], note=given["note"], seen=row.version, by=by)
    except Refused as refusal:
        return [Wrong(row.slug, "", refusal.sentence, at_line.get((row.slug,), 0))]
    return []
