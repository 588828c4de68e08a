"""What goes over with a shift: open incidents, what is late, what is muted, and what to watch."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.urls import reverse

from incidents.alerts import mutes
from incidents.obligations import queries as obligations
from incidents.obligations.models import Obligation
from incidents.obligations.subjects import incident_of
from incidents.response.models import Incident
from incidents.statuspage.maintenance_queries import windows_between
from opsportal.models import User

_MOST = 20


class Part(StrEnum):
    """The four kinds of things in a packet."""

    OPEN = "open"
    LATE = "late"
    MUTED = "muted"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Item:
    """One line: what it is by number or key, how it stands, and where it is looked at."""

    part: str
    subject: str
    words: str
    url: str

    @property
    def icon(self) -> str:
        return {Part.OPEN: "flame", Part.LATE: "clock", Part.MUTED: "bell-off"}.get(Part(self.part), "eye")


def compiled(at: datetime, until: datetime) -> list[dict[str, Any]]:
    """As a hand-over keeps it."""
    return [asdict(one) for one in items(at, until)]


def items(at: datetime, until: datetime) -> list[Item]:
    """Everything that whoever is on call until then has to know; the worst of each kind first, 20 of each at most."""
    return [*_open(), *_late(at), *_muted(at), *_watch(at, until)]


def read(kept: list[dict[str, Any]], person: User) -> list[Item]:
    """The lines of a packet that this person may see; incidents get their titles as they stand today."""
    numbers = {str(one["subject"]): incident_of(str(one["subject"])) for one in kept}
    about = [number for number in numbers.values() if number is not None]
    seen = Incident.objects.visible_to(person).filter(number__in=about).order_by("number")
    titles = {f"INC-{number}": title for number, title in seen.values_list("number", "title")}
    return [
        Item(one["part"], f"{one['subject']} {titles.get(one['subject'], '')}".strip(), one["words"], one["url"])
        for one in kept
        if numbers[str(one["subject"])] is None or one["subject"] in titles
    ]


def _open() -> Iterator[Item]:
    rows = Incident.objects.open().worst_first()[:_MOST]
    for one in rows:
        proposed = "" if one.severity_confirmed else " (proposed)"
        words = f"{one.severity}{proposed}, {one.get_status_display().lower()}"
        yield Item(Part.OPEN, one.label, words, one.get_absolute_url())


def _late(at: datetime) -> Iterator[Item]:
    for one in obligations.late(at, _MOST):
        number = incident_of(one.subject)
        url = reverse("incidents:room", args=[number]) if number is not None else reverse("incidents:now")
        yield Item(Part.LATE, one.subject, f"{one.get_kind_display()} late since {_clock(one.due_at)}", url)


def _muted(at: datetime) -> Iterator[Item]:
    for one in mutes.active(at, most=_MOST).shown:
        yield Item(Part.MUTED, one.what, f"until {_clock(one.until)}, by {one.created_by}", reverse("incidents:alerts"))


def _watch(at: datetime, until: datetime) -> Iterator[Item]:
    """Decisions that are looked back at, and work planned in the shift."""
    due = Obligation.objects.open().filter(kind=Obligation.Kind.CHECK_BACK, due_at__gte=at, due_at__lt=until)
    for one in due.order_by("due_at", "id")[:_MOST]:
        url = f"{reverse('incidents:list')}{one.subject}/"
        yield Item(Part.WATCH, one.subject, f"look back at a decision at {_clock(one.due_at)}", url)
    for work in windows_between(at, until)[:_MOST]:
        words = f"planned work from {_clock(work.starts_at)}"
        yield Item(Part.WATCH, f"Planned work: {work.domain}", words, reverse("incidents:maintenances"))


def _clock(moment: datetime) -> str:
    return f"{moment:%a %-d %b %H:%M}"
