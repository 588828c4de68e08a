"""Table of contents: every model of what people do."""

from incidents.alerts.models import Alert
from incidents.follow_ups.models import FollowUp
from incidents.obligations.models import Obligation
from incidents.ownership.models import Contact, Domain
from incidents.postmortems.models import Postmortem, PostmortemLine
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
    "FollowUp",
    "Incident",
    "Obligation",
    "Page",
    "Postmortem",
    "PostmortemLine",
    "PublicIncident",
    "Reaction",
    "Seat",
    "StatusUpdate",
    "TimelineEvent",
    "TimelineText",
]
