"""What readers may know, as plain values: the only form in which rows reach the public page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from incidents.statuspage import windows
from incidents.statuspage.windows import Window


@dataclass(frozen=True)
class Stretch:
    """A component's status from one moment to another; the running one has no end."""

    status: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class DayRecord:
    """What was written down when a UTC day was over: its worst status, and seconds by status."""

    on: date
    worst: str
    seconds: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Component:
    """A part of the service under the name readers know."""

    public_id: str
    name: str
    description: str
    group_name: str
    status: str
    start_date: date
    created_at: datetime
    updated_at: datetime
    stretches: tuple[Stretch, ...] = ()
    records: tuple[DayRecord, ...] = ()
    only_show_if_degraded: bool = False
    unknown_since: datetime | None = None

    @property
    def is_hidden(self) -> bool:
        """Not on the page while all is well with it; programs always get it."""
        return self.only_show_if_degraded and self.status == "operational" and self.unknown_since is None

    @property
    def full_name(self) -> str:
        """Group and name as the public contract writes them: "Shop - Checkout"."""
        return f"{self.group_name} - {self.name}" if self.group_name else self.name


@dataclass(frozen=True)
class Affected:
    """What one update changed: a component's status before and after."""

    code: str
    name: str
    old_status: str
    new_status: str


@dataclass(frozen=True)
class Update:
    """One public message."""

    public_id: str
    status: str
    body: str
    published_at: datetime
    next_update_at: datetime | None
    affected: tuple[Affected, ...] = ()
    notify: bool = True
    corrected_at: datetime | None = None

    @property
    def updated_at(self) -> datetime:
        return self.corrected_at or self.published_at


@dataclass(frozen=True)
class Incident:
    """A public incident with its updates, newest first. `number` only serves the feeds, which want an integer."""

    number: int
    public_id: str
    name: str
    status: str
    impact: str
    published_at: datetime
    updated_at: datetime
    monitoring_at: datetime | None
    resolved_at: datetime | None
    component_ids: tuple[str, ...]
    updates: tuple[Update, ...]
    written_at: datetime | None = None
    # Names of its components that are not on the page any more.
    former: tuple[str, ...] = ()

    @property
    def told_at(self) -> datetime:
        """When readers first heard of it; later than `published_at` when it was written afterwards."""
        return self.written_at or self.published_at

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def next_update_at(self) -> datetime | None:
        """What readers were promised last; nothing once it is resolved."""
        return self.updates[0].next_update_at if self.is_open and self.updates else None


@dataclass(frozen=True)
class Maintenance:
    """Announced work as it stands at the moment of reading: `status` and `updates` follow from its window."""

    public_id: str
    name: str
    text: str
    window: Window
    status: str
    sequence: int
    announced_at: datetime
    updated_at: datetime
    component_ids: tuple[str, ...]
    updates: tuple[Update, ...]
    # Occurrences of one rule share its number.
    series: int | None = None

    @property
    def is_running(self) -> bool:
        return self.status in windows.RUNNING

    @property
    def is_upcoming(self) -> bool:
        return self.status == windows.SCHEDULED

    @property
    def over_at(self) -> datetime | None:
        """When it was completed or cancelled; None before."""
        if self.status == windows.CANCELLED:
            return self.window.cancelled_at
        return self.window.closes_at if self.status == windows.COMPLETED else None


@dataclass(frozen=True)
class Link:
    """A way off the page; `place` is header or footer."""

    label: str
    address: str
    place: str


@dataclass(frozen=True)
class Appearance:
    """What a house makes of the page: empty means as it comes. The logo is base64."""

    accent_light: str = ""
    accent_dark: str = ""
    logo: str = ""
    logo_type: str = ""
    links: tuple[Link, ...] = ()
    footer: str = ""
    # Of the page's own words; one of language.LANGUAGES.
    language: str = "en"


@dataclass(frozen=True)
class Content:
    """Everything on the page: components in order, incidents newest first, planned work soonest first.

    `url` has no slash at its end.
    """

    page_id: str
    name: str
    url: str
    time_zone: str
    read_at: datetime
    components: tuple[Component, ...]
    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...] = ()
    # Whether readers can be told by e-mail here.
    offers_mail: bool = True
    look: Appearance = Appearance()

    @property
    def told_maintenances(self) -> tuple[Maintenance, ...]:
        """The latest first, as a history has them."""
        return self.maintenances[::-1]

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        return tuple(incident for incident in self.incidents if incident.is_open)

    @property
    def updated_at(self) -> datetime:
        """When anything on the page last changed; a rebuild alone is no change."""
        components = [component.updated_at for component in self.components]
        incidents = [incident.updated_at for incident in self.incidents]
        maintenances = [planned.updated_at for planned in self.maintenances]
        return max(components + incidents + maintenances, default=self.read_at)

    def component(self, public_id: str) -> Component | None:
        return next((one for one in self.components if one.public_id == public_id), None)
