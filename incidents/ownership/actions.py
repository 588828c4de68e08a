"""Change who holds what. Two people at the same row: the second is told, and both texts are kept."""

from dataclasses import dataclass

from django.db import transaction

from incidents.ownership.models import Contact, Domain, Place
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard

_SENTENCE = "Somebody else changed this row while you were typing. Nothing was saved; both texts are here."
# How the address of a place may begin: what a browser follows and that runs nothing.
FOLLOWED = ("https://", "http://")


@dataclass(frozen=True)
class Holders:
    """What a row of the matrix says: two handles and where to reach them."""

    primary: str
    backup: str
    contact: str
    services: str = ""


@dataclass(frozen=True)
class Spot:
    """A place to look at: its kind, whose it is (None: the house), name, address, and what one finds there."""

    kind: str
    domain: Domain | None
    name: str
    url: str
    note: str = ""


@transaction.atomic
def change_domain(domain: Domain, holders: Holders, *, seen: int, by: User) -> Domain:
    """Replace the holders of a domain. `seen` is the version the person edited; another one is a Conflict."""
    domain = Domain.objects.select_for_update().get(pk=domain.pk)
    if domain.version != seen:
        raise Conflict("OWNERSHIP_CHANGED", _SENTENCE)
    guard.require_clean(holders.contact)
    guard.require_clean(holders.services)
    before = f"{domain.primary} {domain.backup}"
    domain.primary, domain.backup, domain.contact = holders.primary, holders.backup, holders.contact
    domain.services = holders.services
    domain.version += 1
    domain.clean_fields()
    domain.save(update_fields=["primary", "backup", "contact", "services", "version"])
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


@transaction.atomic
def add_place(spot: Spot, *, by: User) -> Place:
    """Say where one looks."""
    place = Place()
    _put(place, spot)
    audit.record("place.add", by=by.username, object=_whose(place), reason=str(place))
    return place


@transaction.atomic
def change_place(place: Place, spot: Spot, *, seen: int, by: User) -> Place:
    """Say it otherwise. `seen` is the version the person edited."""
    place = Place.objects.select_for_update().get(pk=place.pk)
    if place.version != seen:
        raise Conflict("PLACE_CHANGED", _SENTENCE)
    place.version += 1
    _put(place, spot)
    audit.record("place.change", by=by.username, object=_whose(place), reason=str(place))
    return place


@transaction.atomic
def remove_place(place: Place, *, by: User) -> None:
    """Nobody looks there any more."""
    audit.record("place.remove", by=by.username, object=_whose(place), reason=str(place))
    place.delete()


def _put(place: Place, spot: Spot) -> None:
    if not spot.url.startswith(FOLLOWED):
        raise Refused("PLACE_ADDRESS", "Give an address that begins with https:// or http://.")
    for words in (spot.name, spot.note):
        guard.require_clean(words)
    place.kind, place.domain, place.name = spot.kind, spot.domain, spot.name
    place.url, place.note = spot.url, spot.note
    place.clean_fields()
    place.save()


def _whose(place: Place) -> str:
    return place.domain.slug if place.domain else "house"


def _change(before: str, domain: Domain) -> str:
    after = f"{domain.primary} {domain.backup}"
    return f"from {before} to {after}" if before != after else "words changed"
