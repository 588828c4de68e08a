"""Who holds a domain, and where the matrix has gaps."""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from incidents.ownership.models import Contact, Domain, Place
from opsportal.models import AuditEvent
from opsportal.questions import Asking, worded


@dataclass(frozen=True)
class Gap:
    """One thing that is missing, in words, and the row where it is mended."""

    sentence: str
    why: str
    slug: str
    is_contact: bool = False


def matrix() -> list[Domain]:
    """All domains in the order of the matrix."""
    return _matrix().models()


@worded
def _matrix() -> "QuerySet[Domain]":
    return Domain.objects.order_by("position", "name")


def seats() -> Asking:
    """Slug, name, primary and backup of each, to be asked beside others."""
    return _seats().asking()


@worded
def _seats() -> "QuerySet[Domain, tuple[str, str, str, str]]":
    return Domain.objects.order_by("position", "name").values_list("slug", "name", "primary", "backup")


def contacts() -> list[Contact]:
    """The house's contacts in the order of the playbook."""
    return list(Contact.objects.order_by("position"))


def places() -> list[Place]:
    """Where to look, the whole house first."""
    rows = Place.objects.select_related("domain")
    return list(rows.order_by(F("domain__position").asc(nulls_first=True), "kind", "name", "pk"))


# What the history shows: acts that change who is called for what.
_ACTS = (
    *("ownership.change", "contact.change", "handle.hold", "place.add", "place.change", "place.remove"),
    *("rota.define", "rota.change", "rota.end", "ownership.import"),
)
HISTORY = 100


def history(*, before: int | None = None) -> list[AuditEvent]:
    """Who changed what of the matrix, its handles and the rotas, newest first; one more than a page when there is."""
    rows = AuditEvent.objects.filter(act__in=_ACTS)
    return list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: HISTORY + 1])


def weakness(domain: Domain) -> str:
    """What is wrong with a row, in a few words; empty when both seats are held by two people."""
    if not domain.primary and not domain.backup:
        return "Nobody holds it"
    if not domain.primary:
        return "No primary"
    if not domain.backup:
        return "No backup"
    return "The same person" if domain.primary == domain.backup else ""


def gaps(domains: list[Domain], people: list[Contact]) -> list[Gap]:
    """What is missing, each with the row to open."""
    weak = [
        Gap(f"Give {one.name} two people", f"{weakness(one)} in the matrix", one.slug)
        for one in domains
        if weakness(one)
    ]
    empty = [
        Gap(f"Name the {one.name.lower()}", "Nobody holds this contact", one.slug, is_contact=True)
        for one in people
        if not one.handle
    ]
    return weak + empty


# Changes with every edit of the matrix: SQL for the tag of a polled part, which must be cheap.
VERSION = "SELECT sum(version) FROM incidents_domain"
