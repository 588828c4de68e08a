"""What programs send and read of the status page: the shapes of the API, which only grow."""

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from incidents.statuspage import drafts, load
from incidents.statuspage.models import StatusUpdate
from incidents.statuspage.queries import Standing
from opsportal.api.pages import PageQuery
from opsportal.models import User
from opsportal.moments import Moment

ComponentWord = Literal["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]
PhaseWord = Literal["investigating", "identified", "monitoring", "resolved", "postmortem"]
StateWord = Literal["draft", "published", "removed"]


# --- what is sent -----------------------------------------------------------------------------------------------------


class ComponentStatusBody(Schema):
    """How it stands."""

    model_config = ConfigDict(extra="forbid")

    status: ComponentWord


class DraftBody(Schema):
    """Words for readers. What is left out of `title` and `components` stays as the draft has it."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=160, description="The effect on users; fixed once published")
    status: PhaseWord
    body: str = Field(max_length=5_000)
    next_update_at: Moment | None = Field(None, description="Needed until it is resolved; at most 7 days ahead")
    components: dict[str, ComponentWord] | None = Field(None, description="New status by id of a component")
    notify: bool = Field(True, description="Whether subscribers get a message")
    seen: str = Field("", max_length=16, description="`mark` of the draft that was read; another one is a 409")


class UpdateBody(DraftBody):
    """The same, for readers at once."""

    bypass: str = Field("", max_length=500, description="Why it cannot wait for a second person; audited")


class PublishBody(Schema):
    """The draft that was read, so that nobody publishes words they have not seen."""

    model_config = ConfigDict(extra="forbid")

    seen: str = Field(min_length=1, max_length=16, description="`mark` of the draft")
    bypass: str = Field("", max_length=500, description="Why it cannot wait for a second person; audited")


class ApproveBody(Schema):
    """The draft that was read."""

    model_config = ConfigDict(extra="forbid")

    seen: str = Field(min_length=1, max_length=16, description="`mark` of the draft")


class CorrectBody(Schema):
    """Other words; readers see that they are corrected."""

    model_config = ConfigDict(extra="forbid")

    body: str = Field(max_length=5_000)
    notify: bool = False


class RemoveBody(Schema):
    """Why it has to go, without repeating it."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=500)


class UpdateQuery(PageQuery):
    """What the list is narrowed to."""

    state: Literal["", "draft", "published", "removed"] = ""
    incident: int | None = Field(None, description="Number of an incident")


# --- what is read -----------------------------------------------------------------------------------------------------


class ComponentOut(Schema):
    """A part of the service. `status` is as it was set; readers see `shown`: planned work and silence go before that.

    `unknown_since` says since when the checks that it follows are silent.
    """

    id: str
    name: str
    description: str
    group: str
    domain: str
    status: ComponentWord
    shown: ComponentWord
    unknown_since: datetime | None
    follows: Literal["nothing", "propose", "set"]
    start_date: date
    only_show_if_degraded: bool
    created_at: datetime
    updated_at: datetime


class AffectedOut(Schema):
    """A component in an update: from which status to which."""

    id: str
    name: str
    old_status: ComponentWord
    new_status: ComponentWord


class UpdateOut(Schema):
    """One message to readers, or its draft. Of what was removed the words are gone.

    `mark` goes into `seen` of the acts on a draft. `address` is where readers find it.
    """

    id: str
    incident: int
    state: StateWord
    title: str
    status: PhaseWord
    body: str
    next_update_at: datetime | None
    components: list[AffectedOut]
    notify: bool
    mark: str
    address: str | None
    created_at: datetime
    drafted_by: str | None
    approved_by: str | None
    approved_at: datetime | None
    bypass_reason: str
    published_by: str | None
    published_at: datetime | None
    corrected_at: datetime | None
    removed_by: str | None
    removed_at: datetime | None
    removal_reason: str


def component_out(one: Standing) -> dict[str, Any]:
    """A component with what readers see of it."""
    row = one.component
    columns = ("name", "description", "status", "follows", "start_date", "only_show_if_degraded")
    return {name: getattr(row, name) for name in (*columns, "created_at", "updated_at")} | {
        "id": row.public_id,
        "group": row.group_name,
        "domain": row.domain.slug,
        "shown": one.shown,
        "unknown_since": one.unknown_since,
    }


def update_out(row: StatusUpdate) -> dict[str, Any]:
    """An update; an approval is told while it is one of these very words."""
    public, mark = row.public_incident, drafts.fingerprint(row)
    is_published, is_draft = row.state == StatusUpdate.State.PUBLISHED, row.state == StatusUpdate.State.DRAFT
    columns = ("state", "status", "body", "next_update_at", "notify", "created_at", "bypass_reason", "published_at")
    people = {name: _name(getattr(row, name)) for name in ("drafted_by", "published_by", "removed_by")}
    is_approved = not is_draft or row.approved_print == mark
    return (
        {name: getattr(row, name) for name in (*columns, "corrected_at", "removed_at", "removal_reason")}
        | people
        | {
            "id": row.public_id,
            "incident": public.incident.number,
            "title": public.name,
            "components": [{"id": one["code"], **one} for one in row.affected_components],
            "mark": mark if is_draft else "",
            "address": f"{load.address()}/incidents/{public.public_id}/#u-{row.public_id}" if is_published else None,
            "approved_by": _name(row.approved_by) if is_approved else None,
            "approved_at": row.approved_at if is_approved else None,
        }
    )


def _name(person: User | None) -> str | None:
    return person.username if person else None
