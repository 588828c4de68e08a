"""Table of contents: every model of what people do."""

from incidents.alerts.models import Alert
from incidents.alerts.mutes import Mute
from incidents.changes.models import Change, ChangeStep, Freeze, Suspect
from incidents.changes.release import ChangeNotice, ChangePolicy, OperationFact, ReleaseStep, SignOff
from incidents.drills.models import Drill, Inject, Plan, Scenario, Word
from incidents.duties.models import Duty, Occurrence
from incidents.follow_ups.models import FollowUp
from incidents.handovers.models import HandOver
from incidents.obligations.models import Obligation
from incidents.oncall.models import CalendarFeed, Holder, Override, Rotation, RotationMember, RotationPlan
from incidents.ownership.models import Contact, Domain, Place
from incidents.paging.models import Call, CallLine, PagingRule, Reach
from incidents.postmortems.models import Postmortem, PostmortemLine
from incidents.response.models import (
    ChecklistStep,
    ChecklistTemplateStep,
    Incident,
    IncidentLink,
    Pin,
    Reaction,
    ScopeArea,
    Seat,
    SeverityPolicy,
    TimelineEvent,
    TimelineText,
    Watcher,
)
from incidents.runbooks.models import OutsideLink, Runbook, RunbookStep, RunbookUse, RunbookVersion
from incidents.statuspage.maintenance import Maintenance, MaintenanceSeries, MaintenanceUpdate
from incidents.statuspage.models import (
    Component,
    ComponentInterval,
    DayRecord,
    EarlierWording,
    Observation,
    Page,
    PhaseText,
    PublicIncident,
    StatusUpdate,
)
from incidents.subscribers.models import AddressKey, Announcement, Subscriber

__all__ = [
    "AddressKey",
    "Alert",
    "Announcement",
    "CalendarFeed",
    "Call",
    "CallLine",
    "Change",
    "ChangeNotice",
    "ChangePolicy",
    "ChangeStep",
    "ChecklistStep",
    "ChecklistTemplateStep",
    "Component",
    "ComponentInterval",
    "Contact",
    "DayRecord",
    "Domain",
    "Drill",
    "Duty",
    "EarlierWording",
    "FollowUp",
    "Freeze",
    "HandOver",
    "Holder",
    "Incident",
    "IncidentLink",
    "Inject",
    "Maintenance",
    "MaintenanceSeries",
    "MaintenanceUpdate",
    "Mute",
    "Obligation",
    "Observation",
    "Occurrence",
    "OperationFact",
    "OutsideLink",
    "Override",
    "Page",
    "PagingRule",
    "PhaseText",
    "Pin",
    "Place",
    "Plan",
    "Postmortem",
    "PostmortemLine",
    "PublicIncident",
    "Reach",
    "Reaction",
    "ReleaseStep",
    "Rotation",
    "RotationMember",
    "RotationPlan",
    "Runbook",
    "RunbookStep",
    "RunbookUse",
    "RunbookVersion",
    "Scenario",
    "ScopeArea",
    "Seat",
    "SeverityPolicy",
    "SignOff",
    "StatusUpdate",
    "Subscriber",
    "Suspect",
    "TimelineEvent",
    "TimelineText",
    "Watcher",
    "Word",
]
