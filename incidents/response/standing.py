"""Where the work on an incident goes on: in its own room, or in the one that it was merged into."""

from django.db.models.expressions import RawSQL

from incidents.response.models import Incident

_HERE = """
WITH RECURSIVE here (id) AS (
    SELECT %s::bigint UNION SELECT one.id FROM incidents_incident one JOIN here ON one.merged_into_id = here.id
) SELECT id FROM here
"""


def standing(incident: Incident) -> Incident:
    """The incident itself while it stands alone, else the last one of those it was merged into."""
    while incident.merged_into_id is not None:
        incident = Incident.objects.get(pk=incident.merged_into_id)
    return incident


def locked(incident: Incident) -> Incident:
    """The same under its lock: a merge that comes in between is followed."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=standing(incident).pk)
    return locked(found) if found.merged_into_id is not None else found


def gathered(incident: Incident) -> RawSQL:
    """The incident and all whose work goes on in it, over however many merges: for `incident__in`."""
    return RawSQL(_HERE, [incident.pk])  # noqa: S611 - our own words, and a key
