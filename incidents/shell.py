"""What this wing shows beside its navigation entries."""

from incidents.postmortems import queries as postmortems
from incidents.response.models import Incident
from incidents.statuspage import health
from opsportal import shell
from opsportal.models import User
from opsportal.shell import Count


def _open_incidents(person: User) -> Count:
    number = Incident.objects.visible_to(person).open().count()
    return Count(number=number, words="open", is_critical=True)


def _due_postmortems(person: User) -> Count:
    return Count(number=postmortems.due_count(person), words="due")


def register() -> None:
    """Called once, when the app is ready."""
    shell.register_count("incidents:list", _open_incidents)
    shell.register_count("incidents:postmortems", _due_postmortems)
    health.register()
