"""What the staff screens of the status page ask."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import F, Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse

from incidents.response import queries as response
from incidents.response.models import Incident
from incidents.response.states import IncidentRole, Status
from incidents.statuspage import drafts, honesty, host_queue, load, pages, writer
from incidents.statuspage.content import Content
from incidents.statuspage.honesty import Finding, Mend
from incidents.statuspage.maintenance import Maintenance
from incidents.statuspage.models import (
    Component,
    ComponentStatus,
    EarlierWording,
    Observation,
    Page,
    PublicIncident,
    StatusUpdate,
)
from incidents.statuspage.snapshot import file_of
from opsportal.accounts import factors
from opsportal.models import User
from opsportal.roles import Role

Draft = StatusUpdate.State
_RECENT = 20


@dataclass(frozen=True)
class Proposal:
    """Checks say of a component something else than the page does."""

    component: Component
    status: str
    since: datetime


@dataclass(frozen=True)
class Nag:
    """A finding with the address behind its one button; with `sets` the button sends that as `field`."""

    finding: Finding
    label: str
    url: str
    sets: str = ""
    field: str = "status"


@dataclass(frozen=True)
class Standing:
    """A component as a person or its checks set it, and as readers see it: planned work and silence go before that."""

    component: Component
    shown: str
    unknown_since: datetime | None

    @property
    def is_as_set(self) -> bool:
        return self.shown == self.component.status and self.unknown_since is None


@dataclass(frozen=True)
class Board:
    """The staff side: what waits, how everything stands, what is public. `built_at` is the age of readers' page."""

    nags: list[Nag]
    proposals: list[Proposal]
    waiting: list[StatusUpdate]
    components: list[Standing]
    public: list[PublicIncident]
    built_at: datetime | None


@dataclass(frozen=True)
class Side:
    """The public side of one incident. `published` is newest first."""

    incident: Incident
    public: PublicIncident | None
    draft: StatusUpdate | None
    published: list[StatusUpdate]
    removed: list[StatusUpdate] = field(default_factory=list)

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
    def title(self) -> str:
        """What readers know it as, or would with the next word."""
        return self.public.name if self.public else drafts.title_for([])

    @property
    def proposed(self) -> dict[str, str]:
        """The statuses that the draft has for components, by their ids."""
        return {row["code"]: row["new_status"] for row in self.draft.affected_components} if self.draft else {}

    @property
    def audience_query(self) -> str:
        """Components that readers of this update would hear about, as an address asks for them."""
        mine = set(self.proposed)
        if self.public is not None:
            mine |= set(self.public.components.values_list("public_id", flat=True))
        return urlencode([("component", one) for one in sorted(mine)])

    @property
    def seen(self) -> str:
        """The fingerprint of the draft on this screen."""
        return drafts.fingerprint(self.draft) if self.draft else ""


def board(person: User, at: datetime) -> Board:
    """A fixed number of queries; a security incident that was public before stays hidden, too."""
    hidden, content = Incident.objects.hidden_from(person), load.now(at)
    waiting = StatusUpdate.objects.filter(state=Draft.DRAFT).select_related("public_incident__incident", "drafted_by")
    waiting = waiting.exclude(public_incident__incident__in=hidden)
    public = (
        PublicIncident.objects.published()
        .exclude(incident__in=hidden)
        .select_related("incident")
        .prefetch_related("components")
    )
    return Board(
        nags=_nags(content, person, at),
        proposals=proposals(at),
        waiting=list(waiting.order_by("created_at")),
        components=_standings(Component.objects.in_use().in_order().select_related("domain"), content),
        public=list(public.order_by("-updated_at")[:_RECENT]),
        built_at=writer.built_at(settings.SNAPSHOT_DIR),
    )


def standings(rows: Iterable[Component], at: datetime) -> list[Standing]:
    """These components as readers see them; who was retired meanwhile is left out. Eight queries."""
    return _standings(rows, load.now(at))


def _standings(rows: Iterable[Component], content: Content) -> list[Standing]:
    shown = {one.public_id: one for one in content.components}
    known = [one for one in rows if one.public_id in shown]
    return [Standing(one, shown[one.public_id].status, shown[one.public_id].unknown_since) for one in known]


def updates(person: User) -> QuerySet[StatusUpdate]:
    """Drafts, published and removed updates of every incident that the person may see, with their people."""
    shown = StatusUpdate.objects.exclude(state=Draft.DISCARDED)
    shown = shown.filter(public_incident__incident__in=Incident.objects.visible_to(person))
    return shown.select_related("public_incident__incident", "drafted_by", "approved_by", "published_by", "removed_by")


def nags(person: User, at: datetime) -> list[Nag]:
    """Where the page is not honest now, with the button that mends it. What is hidden from the person is left out."""
    return _nags(load.now(at), person, at)


def _nags(content: Content, person: User, at: datetime) -> list[Nag]:
    public = PublicIncident.objects.published().filter(resolved_at=None).select_related("incident")
    shown = public.filter(incident__in=Incident.objects.visible_to(person))
    numbers = {one.public_id: one.incident.number for one in shown}
    rows = {one.public_id: one for one in Component.objects.in_use().select_related("domain")}
    fresh = Observation.objects.filter(fresh_until__gte=at).select_related("component")
    said = {one.component.public_id: one.status for one in fresh}
    found = honesty.findings(content, at=at, said=said, unread=host_queue.unread())
    known = {*numbers, *rows}
    return [_nag(one, numbers, rows) for one in found if one.rule == honesty.UNREAD or one.subject in known]


def _nag(finding: Finding, numbers: dict[str, int], rows: dict[str, Component]) -> Nag:
    if finding.mend is Mend.ASIDE:
        return Nag(finding, "Set it aside", reverse("incidents:host_file_aside"), finding.subject, "name")
    if finding.subject in numbers:
        url = reverse("incidents:public_panel", args=[numbers[finding.subject]])
        if finding.mend is Mend.RESOLVE:
            return Nag(finding, "Write the final update", f"{url}?phase={Status.RESOLVED}")
        return Nag(finding, "Write the update", url)
    component = rows[finding.subject]
    if finding.mend is Mend.DECLARE:
        return Nag(finding, "Declare an incident", f"{reverse('incidents:declare')}?domain={component.domain.slug}")
    if finding.mend is Mend.SET_BACK:
        url = reverse("incidents:component_status", args=[component.public_id])
        return Nag(finding, "Set to operational", url, ComponentStatus.OPERATIONAL)
    return Nag(finding, "See its checks", reverse("checks:domain", args=[component.domain.slug]))


def proposals(at: datetime) -> list[Proposal]:
    """What checks say and the page does not, while it is fresh and nobody has declined it. Two queries."""
    rows = Observation.objects.filter(component__in=Component.objects.in_use(), fresh_until__gte=at)
    rows = rows.exclude(component__follows=Component.Follows.NOTHING).exclude(status=F("component__status"))
    rows = rows.exclude(status=F("heeded")).exclude(component__status=ComponentStatus.MAINTENANCE)
    under_way = Maintenance.objects.in_force().overlapping(at, at + timedelta(microseconds=1))
    rows = rows.exclude(component__in=Component.objects.held()).exclude(component__maintenances__in=under_way)
    rows = rows.select_related("component")
    found = rows.order_by("component__group_position", "component__position", "component__name")
    return [Proposal(one.component, one.status, one.since) for one in found]


def groups() -> list[list[Component]]:
    """The components of the page by group, both in order."""
    rows = Component.objects.in_use().in_order().select_related("domain")
    return [list(members) for _, members in groupby(rows, key=lambda one: one.group_name)]


def origin() -> str:
    """Where links to public pages begin, in messages to readers."""
    return load.origin()


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
    rows = public.updates.exclude(state=Draft.DISCARDED)
    rows = rows.select_related("published_by", "drafted_by", "approved_by", "removed_by").prefetch_related(
        Prefetch("earlier", EarlierWording.objects.select_related("corrected_by").order_by("-corrected_at"))
    )
    found = list(rows.order_by("-published_at", "-id"))
    for row in found:
        row.public_incident = public
    published = [one for one in found if one.state == Draft.PUBLISHED]
    draft = next((one for one in found if one.state == Draft.DRAFT), None)
    return Side(incident, public, draft, published, [one for one in found if one.state == Draft.REMOVED])


def may_publish(person: User, incident: Incident) -> bool:
    """Publishers may for every incident, whoever has communications for this one until its last public word is out."""
    if person.has_role(Role.PUBLISHER):
        return True
    return response.is_running(incident) and response.holds(person, IncidentRole.COMMUNICATIONS, incident)


def lacks_factor(person: User) -> bool:
    """True when this installation asks who publishes for a second factor and this person has none."""
    return bool(settings.MFA_REQUIRED) and not factors.has_factor(person)


def needs_approval() -> bool:
    """True when a second publisher looks at every update first."""
    return Page.objects.filter(needs_approval=True).exists()


def is_approved(update: StatusUpdate, by: User) -> bool:
    """True when somebody other than `by` has approved it as it lies."""
    is_as_seen = update.approved_print == drafts.fingerprint(update)
    return update.approved_by_id is not None and update.approved_by_id != by.pk and is_as_seen


def published_or_404(side: Side, public_id: str) -> StatusUpdate:
    """An update of this incident that readers can read."""
    found = next((one for one in side.published if one.public_id == public_id), None)
    if found is None:
        raise Http404("There is no such update.")
    return found


def is_gone(public: PublicIncident, update: StatusUpdate | None = None) -> bool:
    """True when the page that readers get does not hold it: an update, or the whole incident."""
    path = settings.SNAPSHOT_DIR / writer.CURRENT / file_of(f"/status/incidents/{public.public_id}/")
    try:
        page = path.read_text()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return update is not None and f'id="u-{update.public_id}"' not in page


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
