"""What the staff screens of the status page ask."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404

from incidents.response import queries as response
from incidents.response.models import Incident
from incidents.response.states import IncidentRole
from incidents.statuspage import drafts, load, pages, writer
from incidents.statuspage.models import Component, PublicIncident, StatusUpdate
from incidents.statuspage.snapshot import file_of
from opsportal.accounts import factors
from opsportal.models import User
from opsportal.roles import Role

Draft = StatusUpdate.State
_RECENT = 20


@dataclass(frozen=True)
class Board:
    """The staff side: what waits, how everything stands, what is public. `built_at` is the age of readers' page."""

    waiting: list[StatusUpdate]
    components: list[Component]
    public: list[PublicIncident]
    built_at: datetime | None


@dataclass(frozen=True)
class Side:
    """The public side of one incident. `published` is newest first."""

    incident: Incident
    public: PublicIncident | None
    draft: StatusUpdate | None
    published: list[StatusUpdate]

    @property
    def newest(self) -> StatusUpdate | None:
        return self.published[0] if self.published else None

    @property
    def is_public(self) -> bool:
        return bool(self.published)

    @property
    def promised_at(self) -> datetime | None:
        """When readers were promised to hear next; nothing once it is resolved."""
        is_open = self.public is not None and self.public.resolved_at is None
        return self.newest.next_update_at if is_open and self.newest else None

    @property
    def audience_query(self) -> str:
        """Components that readers of this update would hear about, as an address asks for them."""
        mine = {row["code"] for row in self.draft.affected_components} if self.draft else set()
        if self.public is not None:
            mine |= set(self.public.components.values_list("public_id", flat=True))
        return urlencode([("component", one) for one in sorted(mine)])

    @property
    def seen(self) -> str:
        """The fingerprint of the draft on this screen."""
        return drafts.fingerprint(self.draft) if self.draft else ""


def board(person: User) -> Board:
    """Five queries, whatever the number of rows; a security incident that was public before stays hidden, too."""
    hidden = Incident.objects.hidden_from(person)
    waiting = StatusUpdate.objects.filter(state=Draft.DRAFT).select_related("public_incident__incident", "drafted_by")
    waiting = waiting.exclude(public_incident__incident__in=hidden)
    public = (
        PublicIncident.objects.published()
        .exclude(incident__in=hidden)
        .select_related("incident")
        .prefetch_related("components")
    )
    return Board(
        waiting=list(waiting.order_by("created_at")),
        components=list(Component.objects.in_order().select_related("domain")),
        public=list(public.order_by("-updated_at")[:_RECENT]),
        built_at=writer.built_at(settings.SNAPSHOT_DIR),
    )


def component_or_404(public_id: str) -> Component:
    component = Component.objects.select_related("domain").filter(public_id=public_id).first()
    if component is None:
        raise Http404("There is no such component.")
    return component


def side_or_404(number: int, person: User) -> Side:
    """The public side of INC-<number>, whether readers know of it or not."""
    incident = Incident.objects.visible_to(person).select_related("domain", "public").filter(number=number).first()
    if incident is None:
        raise Http404("There is no such incident.")
    public: PublicIncident | None = getattr(incident, "public", None)
    if public is None:
        return Side(incident, None, None, [])
    rows = public.updates.exclude(state=Draft.DISCARDED).select_related("published_by", "drafted_by")
    found = list(rows.order_by("-published_at", "-id"))
    for row in found:
        row.public_incident = public
    published = [one for one in found if one.state == Draft.PUBLISHED]
    return Side(incident, public, next((one for one in found if one.state == Draft.DRAFT), None), published)


def may_publish(person: User, incident: Incident) -> bool:
    """Publishers may for every incident, whoever has communications for this one until its last public word is out."""
    if person.has_role(Role.PUBLISHER):
        return True
    return response.is_running(incident) and response.holds(person, IncidentRole.COMMUNICATIONS, incident)


def lacks_factor(person: User) -> bool:
    """True when this installation asks who publishes for a second factor and this person has none."""
    return bool(settings.MFA_REQUIRED) and not factors.has_factor(person)


def preview(side: Side, at: datetime) -> pages.Card | None:
    """The draft as readers will see it, drawn from the same values as the page."""
    return drafts.preview(side.draft, content=load.page(at), at=at) if side.draft else None


def is_shown(update: StatusUpdate) -> bool:
    """True when the page that readers get holds this update: read from the files, not guessed from a clock."""
    path = settings.SNAPSHOT_DIR / writer.CURRENT / file_of(f"/status/incidents/{update.public_incident.public_id}/")
    try:
        return f'id="u-{update.public_id}"' in path.read_text()
    except OSError:
        return False
