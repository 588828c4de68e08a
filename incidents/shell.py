"""What this wing shows beside its navigation entries and says about itself in figures."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from incidents.obligations import places
from incidents.obligations import queries as obligations
from incidents.obligations.models import Obligation
from incidents.obligations.places import Place
from incidents.postmortems import queries as postmortems
from incidents.response import queries as response
from incidents.response.models import Incident, IncidentQuerySet
from incidents.statuspage import health
from opsportal import health_figures, shell
from opsportal.models import User


def _open_incidents(person: User) -> IncidentQuerySet:
    return Incident.objects.visible_to(person).open()


def _late_obligations() -> dict[str, float]:
    return obligations.late_by_kind(timezone.now(), without=response.rehearsed_labels())


def _change(label: str) -> str:
    return reverse("incidents:change", args=[int(label.removeprefix("CHG-"))])


def register() -> None:
    """Called once, when the app is ready."""
    places.register(
        Obligation.Kind.CHANGE_VERIFICATION,
        Place(_change, remind_before=timedelta(minutes=10), again_after=timedelta(minutes=30)),
    )
    shell.register_count("incidents:list", _open_incidents, words="open", is_critical=True)
    shell.register_count("incidents:postmortems", postmortems.owed, words="due")
    health.register()
    places.register(
        Obligation.Kind.HANDOVER,
        Place(lambda _: reverse("incidents:hand_overs"), remind_before=timedelta(), again_after=timedelta(minutes=15)),
    )
    health_figures.add_each(
        "incidents_open", "severity", response.open_by_severity, "Open incidents, without tests, by severity."
    )
    health_figures.add_each("obligations_late", "kind", _late_obligations, "What is owed and past its time, by kind.")
