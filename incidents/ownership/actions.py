"""Change who holds what. Two people at the same row: the second is told, and both texts are kept."""

from dataclasses import dataclass

from django.db import transaction

from incidents.ownership.models import Contact, Domain
from opsportal.audit import actions as audit
from opsportal.errors import Conflict
from opsportal.models import User
from opsportal.privacy import guard

_SENTENCE = "Somebody else changed this row while you were typing. Nothing was saved; both texts are here."


@dataclass(frozen=True)
class Holders:
    """What a row of the matrix says: two handles and where to reach them."""

    primary: str
    backup: str
    contact: str


@transaction.atomic
def change_domain(domain: Domain, holders: Holders, *, seen: int, by: User) -> Domain:
    """Replace the holders of a domain. `seen` is the version the person edited; another one is a Conflict."""
    domain = Domain.objects.select_for_update().get(pk=domain.pk)
    if domain.version != seen:
        raise Conflict("OWNERSHIP_CHANGED", _SENTENCE)
    guard.require_clean(holders.contact)
    before = f"{domain.primary} {domain.backup}"
    domain.primary, domain.backup, domain.contact = holders.primary, holders.backup, holders.contact
    domain.version += 1
    domain.clean_fields()
    domain.save(update_fields=["primary", "backup", "contact", "version"])
    audit.record("ownership.change", by=by.username, object=domain.slug, reason=_change(before, domain))
    return domain


@transaction.atomic
def change_contact(contact: Contact, *, handle: str, note: str, seen: int, by: User) -> Contact:
    """Say who one of the house's contacts is. `seen` is the version the person edited."""
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    if contact.version != seen:
        raise Conflict("CONTACT_CHANGED", _SENTENCE)
    guard.require_clean(note)
    contact.handle, contact.note = handle, note
    contact.version += 1
    contact.clean_fields()
    contact.save(update_fields=["handle", "note", "version"])
    audit.record("contact.change", by=by.username, object=contact.slug, reason=f"now {handle or 'nobody'}")
    return contact


def _change(before: str, domain: Domain) -> str:
    after = f"{domain.primary} {domain.backup}"
    return f"from {before} to {after}" if before != after else "contact text changed"
