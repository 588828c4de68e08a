"""Where the work on an incident goes on: in its own room, or in the one that it was merged into."""

from incidents.response.models import Incident


def standing(incident: Incident) -> Incident:
    """The incident itself while it stands alone, else the last one of those it was merged into."""
    while incident.merged_into_id is not None:
        incident = Incident.objects.get(pk=incident.merged_into_id)
    return incident


def locked(incident: Incident) -> Incident:
    """The same under its lock: a merge that comes in between is followed."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=standing(incident).pk)
    return locked(found) if found.merged_into_id is not None else found
