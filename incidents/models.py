"""Table of contents: every model of what people do."""

from incidents.alerts.models import Alert
from incidents.obligations.models import Obligation
from incidents.ownership.models import Contact, Domain
from incidents.response.models import ChecklistStep, Incident, Reaction, Seat, TimelineEvent, TimelineText
from incidents.statuspage.models import (
    Component,
    ComponentInterval,
    Page,
    PublicIncident,
    StatusUpdate,
)

__all__ = [
    "Alert",
    "ChecklistStep",
    "Component",
    "ComponentInterval",
    "Contact",
    "Domain",
    "Incident",
    "Obligation",
    "Page",
    "PublicIncident",
    "Reaction",
    "Seat",
    "StatusUpdate",
    "TimelineEvent",
    "TimelineText",
]
