"""What programs send and read of incidents: the shapes of the API, which only grow."""

from datetime import datetime
from typing import Any, Literal

from django.db.models import Prefetch
from ninja import Schema
from pydantic import ConfigDict, Field

from incidents.response import heading, seats
from incidents.response.impact import Impact
from incidents.response.lines import line_of
from incidents.response.models import Incident, Seat, TimelineEvent
from incidents.response.states import IncidentRole
from incidents.response.wording import Wording
from opsportal.api.pages import PageQuery
from opsportal.moments import Moment

SeverityWord = Literal["SEV-1", "SEV-2", "SEV-3"]
StatusWord = Literal["investigating", "identified", "monitoring", "resolved"]
RoleWord = Literal["commander", "communications", "scribe", "operations"]
# What `IncidentOut` reads beside the row itself: two more statements, however long the page.
BESIDE = (Prefetch("seats", Seat.objects.select_related("holder", "offered_to")), "scope")


# --- what is read -----------------------------------------------------------------------------------------------------


class RoleOut(Schema):
    """Who has a role and who is asked to have it; null for nobody."""

    role: RoleWord
    holder: str | None
    offered_to: str | None


class ImpactOut(Schema):
    """What is hit and how much, in buckets."""

    scope: list[str]
    share: Literal["", "none", "below_1", "below_10", "below_50", "above_50", "all"]
    versions: str


class IncidentOut(Schema):
    """One incident as it stands. `text_mark` goes into `seen` when title or summary are rewritten."""

    number: int
    label: str
    title: str
    summary: str
    text_mark: str
    severity: SeverityWord
    severity_initial: SeverityWord
    severity_peak: SeverityWord
    severity_confirmed: bool
    status: StatusWord
    domain: str
    nature: Literal["standard", "security"]
    mode: Literal["standard", "retrospective", "test", "drill"]
    source: Literal["web", "alert", "host"]
    declared_by: str | None
    acknowledged_by: str | None
    closed_by: str | None
    roles: list[RoleOut]
    impact: ImpactOut
    channel_url: str
    merged_into: int | None
    impact_started_at: datetime
    detected_at: datetime
    declared_at: datetime
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None

    @staticmethod
    def resolve_text_mark(incident: Incident) -> str:
        return heading.mark(incident)

    @staticmethod
    def resolve_domain(incident: Incident) -> str:
        return incident.domain.slug

    @staticmethod
    def resolve_declared_by(incident: Incident) -> str | None:
        return incident.declared_by.username if incident.declared_by else None

    @staticmethod
    def resolve_acknowledged_by(incident: Incident) -> str | None:
        return incident.acknowledged_by.username if incident.acknowledged_by else None

    @staticmethod
    def resolve_closed_by(incident: Incident) -> str | None:
        return incident.closed_by.username if incident.closed_by else None

    @staticmethod
    def resolve_merged_into(incident: Incident) -> int | None:
        return incident.merged_into.number if incident.merged_into else None

    @staticmethod
    def resolve_roles(incident: Incident) -> list[dict[str, Any]]:
        """All four, whether anybody ever held them or not."""
        rows = {one.role: one for one in incident.seats.all()}
        return [_role(role, rows.get(role)) for role in IncidentRole.values]

    @staticmethod
    def resolve_impact(incident: Incident) -> Impact:
        scope = tuple(one.name for one in incident.scope.all())
        return Impact(scope, incident.affected_share, incident.affected_versions)


def _role(role: str, seat: Any) -> dict[str, Any]:
    people = (seats.holder(seat), seat.offered_to) if seat else (None, None)
    holder, offered_to = (one.username if one else None for one in people)
    return {"role": role, "holder": holder, "offered_to": offered_to}


class EventOut(Schema):
    """One row of a timeline. `text` holds the words that count: corrected ones if there are, none once removed.

    `told` is the row as people read it. `changed` is the newest row that touched the words, 0 for none: it goes into
    `seen` of a correction.
    """

    id: int
    kind: str
    source: Literal["web", "api", "check", "alert", "system", "host"]
    actor: str | None
    occurred_at: datetime
    recorded_at: datetime
    old: str
    new: str
    told: str
    text: str
    text_as_written: str
    words_removed: bool
    changed: int
    corrects: int | None
    check_back_at: datetime | None
    about: str


def event_out(event: TimelineEvent, said: Wording) -> dict[str, Any]:
    """A row with its words, which lie apart from it."""
    line = line_of(event, said.written)
    columns = ("kind", "source", "occurred_at", "recorded_at", "old", "new", "check_back_at", "about")
    return {name: getattr(event, name) for name in columns} | {
        "id": event.pk,
        "actor": event.actor.username if event.actor else None,
        "told": " ".join(filter(None, (line.who, line.before, line.strong, line.after))),
        "text": said.text,
        "text_as_written": said.written,
        "words_removed": said.removal is not None,
        "changed": said.newest,
        "corrects": event.corrects_id,
    }


# --- what is asked for ------------------------------------------------------------------------------------------------


class IncidentQuery(PageQuery):
    """What the list is narrowed to."""

    status: Literal["", "open", "investigating", "identified", "monitoring", "resolved"] = ""
    severity: Literal["", "SEV-1", "SEV-2", "SEV-3"] = ""
    domain: str = ""


class TimelineQuery(PageQuery):
    """From which end the timeline is read, and of which kind its rows are."""

    order: Literal["newest", "oldest"] = "newest"
    kind: str = Field("", max_length=32, description="Such as note, decision, status, severity, public_update")


# --- what is sent -----------------------------------------------------------------------------------------------------


class Body(Schema):
    """A field that nobody knows is a mistake that somebody would like to hear of."""

    model_config = ConfigDict(extra="forbid")


class DeclareBody(Body):
    """A new incident. The three times are for what is over, with `mode` retrospective."""

    title: str = Field(max_length=160)
    severity: SeverityWord
    domain: str = Field(max_length=50, description="Its slug, such as payments")
    summary: str = Field("", max_length=20_000)
    nature: Literal["standard", "security"] = "standard"
    mode: Literal["standard", "retrospective", "test"] = "standard"
    channel_url: str = Field("", max_length=300)
    follows: int | None = Field(None, description="Number of the incident that this one follows from")
    impact_started_at: Moment | None = None
    detected_at: Moment | None = None
    resolved_at: Moment | None = None


class RewriteBody(Body):
    """Other words for title or summary, or both. `seen` is the `text_mark` of those that were read."""

    title: str | None = Field(None, max_length=160)
    summary: str | None = Field(None, max_length=20_000)
    seen: str = Field(max_length=16)


class NoteBody(Body):
    """Words for the team; `occurred_at` when it happened earlier."""

    text: str = Field(max_length=20_000)
    occurred_at: Moment | None = None


class DecisionBody(NoteBody):
    """What was decided, and when somebody looks whether it worked."""

    check_back_at: Moment | None = None


class CorrectionBody(Body):
    """What should have stood there, and what was wrong. `seen` is the row's `changed`."""

    text: str = Field(max_length=20_000)
    reason: str = Field(max_length=200)
    seen: int = Field(0, ge=0)


class AnswerBody(Body):
    """What came of a decision."""

    outcome: Literal["worked", "failed"]
    note: str = Field(max_length=20_000)


class StatusBody(Body):
    """Where the work stands now; reopening needs a note. `seen` is the status that was read: another one is a 409."""

    to: StatusWord
    note: str = Field("", max_length=20_000)
    occurred_at: Moment | None = None
    seen: StatusWord | Literal[""] = ""


class SeverityBody(Body):
    """How bad it is, and why. `seen` is the severity that was read: another one by now is a 409."""

    to: SeverityWord
    reason: str = Field(max_length=2_000)
    seen: Literal["", "SEV-1", "SEV-2", "SEV-3"] = ""


class OfferBody(Body):
    """Who is asked to have the role."""

    to: str = Field(max_length=150)


class ReasonBody(Body):
    """Why."""

    reason: str = Field(max_length=2_000)
