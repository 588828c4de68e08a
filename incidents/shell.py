"""What this wing shows beside its navigation entries."""

from incidents.postmortems import queries as postmortems
from incidents.response.models import Incident, IncidentQuerySet
from incidents.statuspage import health
from opsportal import shell
from opsportal.models import User


def _open_incidents(person: User) -> IncidentQuerySet:
    return Incident.objects.visible_to(person).open()


def register() -> None:
    """Called once, when the app is ready."""
    shell.register_count("incidents:list", _open_incidents, words="open", is_critical=True)
    shell.register_count("incidents:postmortems", postmortems.owed, words="due")
    health.register()
