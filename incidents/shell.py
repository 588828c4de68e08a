"""What this wing shows beside its navigation entries."""

from incidents.response.models import Incident
from incidents.statuspage import health
from opsportal import shell
from opsportal.shell import Count


def _open_incidents() -> Count:
    number = Incident.objects.open().count()
    return Count(number=number, words="open", is_critical=True)


def register() -> None:
    """Called once, when the app is ready."""
    shell.register_count("incidents:list", _open_incidents)
    health.register()
