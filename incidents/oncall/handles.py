"""Which handle leads to whom: given to a person, to a rota, or to nobody."""

from dataclasses import dataclass
from typing import TypedDict

from django.db import transaction

from incidents.oncall.models import Holder, Rotation
from incidents.oncall.queries import Desk, Who
from incidents.ownership.models import require_handle
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User

_CHANGED = "Somebody else gave this handle away while you looked. Nothing was saved; look again."


@dataclass(frozen=True)
class Handle:
    """One handle on the screen: who answers for it now, and what uses it."""

    handle: str
    who: Who
    uses: tuple[str, ...]
    holder: str
    version: int


@transaction.atomic
def hold(handle: str, *, person: User | None = None, rotation: Rotation | None = None, seen: int, by: User) -> Holder:
    """Let a handle lead to a person, a rota, or nobody. `seen` is the version the person saw, 0 for a new one."""
    if person is not None and rotation is not None:
        raise Refused("HANDLE_OF_ONE", "Choose a person or a rota, not both.")
    if rotation is not None and rotation.ended_at is not None:
        raise Refused("ROTA_ENDED", "This rota has ended.")
    require_handle(handle)
    holder, is_new = Holder.objects.select_for_update().get_or_create(handle=handle, defaults={"version": 0})
    if holder.version != seen and not (is_new and seen == 0):
        raise Conflict("HANDLE_CHANGED", _CHANGED)
    holder.person, holder.rotation, holder.version = person, rotation, holder.version + 1
    holder.save(update_fields=["person", "rotation", "version"])
    audit.record("handle.hold", by=by.username, object=handle, reason=f"by {_named(holder)}")
    return holder


def hold_named(handle: str, words: str, by: User) -> bool:
    """The same by words, as a file says it: person:NAME, rota:ADDRESS, or nobody. Whether that is news."""
    before, words = chosen(handle), words.strip()
    if before["holder"] == words:
        return False
    kind, _, name = words.partition(":")
    person = User.objects.filter(is_active=True, username=name).first() if kind == "person" else None
    rotation = Rotation.objects.filter(ended_at=None, slug=name).first() if kind == "rota" else None
    if words and person is None and rotation is None:
        raise Refused("HOLDER_UNKNOWN", "Write person: or rota: and a name that there is, or nothing.")
    hold(handle, person=person, rotation=rotation, seen=before["version"], by=by)
    return True


def in_words() -> dict[str, str]:
    """By handle, as `hold_named` takes it, every one that was given to somebody or taken from them."""
    rows = Holder.objects.select_related("person", "rotation").order_by("handle")
    return {one.handle: _words(one) for one in rows}


class Chosen(TypedDict):
    """The initial values of the form."""

    holder: str
    version: int


def chosen(handle: str) -> Chosen:
    """What is stored for a handle, as the form chooses it."""
    holder = Holder.objects.select_related("person", "rotation").filter(handle=handle).first()
    return {"holder": _words(holder) if holder else "", "version": holder.version if holder else 0}


def listed(desk: Desk) -> list[Handle]:
    """Every handle that the matrix, the contacts or a holder names, in alphabetical order."""
    uses: dict[str, list[str]] = {}
    for domain in desk.domains:
        for seat, handle in (("primary", domain.primary), ("backup", domain.backup)):
            if handle:
                uses.setdefault(handle, []).append(f"{domain.name}, {seat}")
    for slug, handle in desk.contacts.items():
        if handle:
            uses.setdefault(handle, []).append(slug.replace("-", " ").capitalize())
    holders = {one.handle: one for one in Holder.objects.select_related("person", "rotation").order_by("handle")}
    for handle in holders:
        uses.setdefault(handle, [])
    return [_line(desk, handle, uses[handle], holders.get(handle)) for handle in sorted(uses, key=str.lower)]


def held_by(desk: Desk) -> dict[str, str]:
    """By handle, in alphabetical order, who holds it: a person, a rota, or nobody."""
    return {one.handle: one.holder or one.who.name or "nobody" for one in listed(desk)}


def _line(desk: Desk, handle: str, uses: list[str], holder: Holder | None) -> Handle:
    named = _named(holder) if holder else ""
    return Handle(handle, desk.who(handle), tuple(uses), named, holder.version if holder else 0)


def _words(holder: Holder) -> str:
    if holder.person:
        return f"person:{holder.person}"
    return f"rota:{holder.rotation.slug}" if holder.rotation else ""


def _named(holder: Holder) -> str:
    return str(holder.person or (f"rota {holder.rotation}" if holder.rotation else "nobody"))
