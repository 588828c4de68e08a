"""The matrix and the contacts as a file: all of it or nothing, every fault with its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction

from incidents.ownership import actions, queries
from incidents.ownership.forms import ContactForm, DomainForm
from incidents.ownership.models import Contact, Domain
from opsportal import plain_yaml, spreadsheet
from opsportal.as_code import ImportRefused, Wrong
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User

_NAME = "ownership"
_HEAD = (
    "# Ownership of Opsportal: domains with two handles each, and the contacts of the house.\n"
    "# Where to look and who holds a handle are edited on the screen alone; ownership.csv lists them, too.\n"
)
_DOMAIN = ("primary", "backup", "contact", "services")
_CONTACT = ("handle", "note")


@dataclass(frozen=True)
class Plan:
    """What an import does, or would do; it adds nothing, since domains and contacts are the house's own."""

    changed: tuple[str, ...]
    left: int
    added: tuple[str, ...] = ()


def export() -> str:
    """Domains and contacts by their words; the same matrix is the same bytes."""
    rows = {slug: _shown(row) for slug, row in _rows().items()}
    return plain_yaml.write(rows, name=_NAME, head=_HEAD)


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
def take_in(text: str | bytes, *, by: User, at: datetime) -> Plan:
    """Change what the file says and leave the rest; ImportRefused with every fault, and nothing is stored."""
    entries, at_line = plain_yaml.read(text, name=_NAME), plain_yaml.lines(text, name=_NAME)
    rows = _rows()
    changed, left, wrong = [], 0, list[Wrong]()
    for slug, entry in entries.items():
        row = rows.get(slug)
        faults = _faults(slug, entry, row, at_line)
        if faults or row is None:
            wrong += faults
        elif _shown(row) | {name: str(value or "") for name, value in entry.items()} == _shown(row):
            left += 1
        else:
            wrong += _change(row, _shown(row) | {name: str(value or "") for name, value in entry.items()}, at_line, by)
            changed.append(slug)
    if wrong:
        raise ImportRefused(wrong, "row")
    if changed:
        audit.record("ownership.import", by=by.username, object=f"{len(changed)} changed")
    return Plan(tuple(changed), left)


def _rows() -> dict[str, Domain | Contact]:
    domains: dict[str, Domain | Contact] = {one.slug: one for one in queries.matrix()}
    return domains | {one.slug: one for one in queries.contacts()}


def _shown(row: Domain | Contact) -> dict[str, str]:
    return {name: getattr(row, name) for name in (_DOMAIN if isinstance(row, Domain) else _CONTACT)}


def _faults(
    slug: str, entry: Mapping[str, Any], row: Domain | Contact | None, at_line: dict[tuple[str, ...], int]
) -> list[Wrong]:
    """What no form can say: the row, its shape, names that are no fields."""
    line = at_line.get((slug,), 0)
    if row is None:
        return [Wrong("row", "", "There is no domain or contact of this name.", line)]
    if not isinstance(entry, dict):
        return [Wrong(slug, "", "Write the fields below the name.", line)]
    fields = _DOMAIN if isinstance(row, Domain) else _CONTACT
    known = f"There are these fields: {', '.join(fields)}."
    unknown = [Wrong(slug, "?", known, at_line.get((slug, one), line)) for one in entry if one not in fields]
    shapes = [
        Wrong(slug, name, "Write one value here.", at_line.get((slug, name), line))
        for name, one in entry.items()
        if isinstance(one, dict | list)
    ]
    return unknown + shapes


def _change(row: Domain | Contact, words: dict[str, str], at_line: dict[tuple[str, ...], int], by: User) -> list[Wrong]:
    """Do it as the form would; the sentences of what is refused."""
    typed = {f"{row.slug}-{name}": value for name, value in (words | {"version": str(row.version)}).items()}
    kind = DomainForm if isinstance(row, Domain) else ContactForm
    form: forms.Form = kind(typed, prefix=row.slug)
    if not form.is_valid():
        return [
            Wrong(row.slug, name, _said(sentences), at_line.get((row.slug, name), 0))
            for name, sentences in form.errors.get_json_data().items()
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


def _said(errors: list[dict[str, str]]) -> str:
    return " ".join(one["message"] for one in errors).removesuffix(" We took it out.")
