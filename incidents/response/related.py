"""What belongs to an incident: links, what was merged into it, and what its domain went through before."""

from dataclasses import dataclass

from django.db.models import F, Q

from incidents.response.models import Incident, IncidentLink
from opsportal.models import User

EARLIER = 5
_KNOWN = 60


@dataclass(frozen=True)
class Linked:
    """Another incident as this room says it: what follows from it, what it follows from, or what is related."""

    incident: Incident
    words: str


@dataclass(frozen=True)
class Related:
    """Three queries, however much there is."""

    merged: list[Incident]
    linked: list[Linked]
    earlier: list[Incident]


def of(incident: Incident, person: User) -> Related:
    """Only what this person may see."""
    seen = Incident.objects.visible_to(person)
    linked = _linked(incident, person)
    before = seen.filter(domain=incident.domain_id, number__lt=incident.number, merged_into=None)
    unnamed = before.real().exclude(pk__in=[one.incident.pk for one in linked])
    return Related(
        merged=list(seen.filter(merged_into=incident).newest_first()),
        linked=linked,
        earlier=list(unnamed.newest_first()[:EARLIER]),
    )


def known(incident: Incident, person: User) -> list[Incident]:
    """What somebody may mean who types a number: open ones first, then the newest."""
    others = Incident.objects.visible_to(person).filter(merged_into=None, nature=incident.nature)
    return list(others.exclude(pk=incident.pk).order_by(F("resolved_at").desc(nulls_first=True), "-number")[:_KNOWN])


def _linked(incident: Incident, person: User) -> list[Linked]:
    links = IncidentLink.objects.select_related("incident", "other").order_by("made_at", "id")
    found = [_seen_from(incident, one) for one in links.filter(Q(incident=incident) | Q(other=incident))]
    hidden = set(Incident.objects.hidden_from(person).filter(pk__in=[one.incident.pk for one in found]))
    return [one for one in found if one.incident not in hidden]


def _seen_from(incident: Incident, link: IncidentLink) -> Linked:
    if link.relation == IncidentLink.Relation.RELATED:
        return Linked(link.other if link.incident_id == incident.pk else link.incident, "Related")
    if link.incident_id == incident.pk:
        return Linked(link.other, "This incident follows from it")
    return Linked(link.incident, "Follows from this incident")
