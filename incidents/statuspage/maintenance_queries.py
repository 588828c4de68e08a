"""What others ask about planned work: is some under way, which windows touch a span of time.

The screens ask here as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.http import Http404

from incidents.ownership.models import Domain
from incidents.statuspage import announced, content, load, windows
from incidents.statuspage.maintenance import Maintenance, MaintenanceQuerySet, MaintenanceSeries, MaintenanceUpdate
from incidents.statuspage.models import Component

_PAST = 20
_PAST_FOR = timedelta(days=90)


def maintenance_at(
    at: datetime, *, domain: Domain | None = None, component: Component | None = None
) -> Maintenance | None:
    """The work under way at a moment, internal or announced: the one that ends last, so that nobody wakes too early."""
    found = _about(Maintenance.objects.in_force().overlapping(at, at + timedelta(microseconds=1)), domain, component)
    return max(found.order_by("id"), key=lambda one: one.window.closes_at, default=None)


def windows_between(start: datetime, end: datetime, *, domain: Domain | None = None) -> list[Maintenance]:
    """All work in force that touches the span, the soonest first."""
    found = _about(Maintenance.objects.in_force().overlapping(start, end), domain, None)
    return list(found.order_by("starts_at", "id"))


def _about(found: MaintenanceQuerySet, domain: Domain | None, component: Component | None) -> MaintenanceQuerySet:
    found = found if domain is None else found.of_domain(domain)
    return found if component is None else found.filter(components=component)


@dataclass(frozen=True)
class Row:
    """One window with where it stands now."""

    maintenance: Maintenance
    status: str

    @property
    def word(self) -> str:
        """Scheduled is a word for readers; what they do not know of yet is a draft."""
        return "Draft" if self.is_draft else windows.WORDS[self.status]

    @property
    def is_draft(self) -> bool:
        """Public, not said to anybody yet, and not over."""
        one, over = self.maintenance, (windows.COMPLETED, windows.CANCELLED)
        return one.is_public and one.announced_at is None and self.status not in over


@dataclass(frozen=True)
class Plans:
    """The screen of planned work: what runs, what comes, what readers do not know of yet, what was, and the rules."""

    running: list[Row]
    upcoming: list[Row]
    drafts: list[Row]
    past: list[Row]
    series: list[MaintenanceSeries]


def plans(at: datetime) -> Plans:
    """Three queries and one for the rules."""
    rows = Maintenance.objects.select_related("domain", "series").prefetch_related("components")
    found = [Row(one, one.window.status(at)) for one in rows.filter(ends_at__gt=at - _PAST_FOR).order_by("starts_at")]
    told = [row for row in found if not row.is_draft]
    over = [row for row in told if row.status in (windows.COMPLETED, windows.CANCELLED)]
    return Plans(
        running=[row for row in told if row.status in windows.RUNNING],
        upcoming=[row for row in told if row.status == windows.SCHEDULED],
        drafts=[row for row in found if row.is_draft],
        past=over[::-1][:_PAST],
        series=list(MaintenanceSeries.objects.filter(stopped_at=None).order_by("first_on", "id")),
    )


def maintenance_or_404(public_id: str) -> Maintenance:
    said = MaintenanceUpdate.objects.select_related("published_by").order_by("id")
    found = (
        Maintenance.objects.select_related("domain", "series", "created_by")
        .prefetch_related(
            Prefetch("updates", said, to_attr="said"),
            Prefetch("components", Component.objects.in_order(), to_attr="touched"),
        )
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404("There is no such maintenance.")
    return found


def series_or_404(pk: int) -> MaintenanceSeries:
    found = MaintenanceSeries.objects.select_related("domain").filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such rule.")
    return found


def as_readers_see_it(maintenance: Maintenance, at: datetime) -> content.Maintenance:
    """The very values of the public page; what is not announced yet is shown as if it were announced now."""
    if maintenance.announced_at is not None:
        return load.maintenance(maintenance, at)
    first = content.Update("", windows.SCHEDULED, maintenance.text, at, None)
    named = [(one.public_id, load.component(one).full_name) for one in components_of(maintenance)]
    return content.Maintenance(
        public_id=maintenance.public_id,
        name=maintenance.title,
        text=maintenance.text,
        window=maintenance.window,
        status=maintenance.window.status(at),
        sequence=maintenance.sequence,
        announced_at=at,
        updated_at=at,
        component_ids=tuple(code for code, _ in named),
        updates=announced.updates(maintenance.public_id, maintenance.window, [first], components=named, at=at),
    )


def components_of(maintenance: Maintenance) -> list[Component]:
    """Those of a maintenance that was loaded by `maintenance_or_404`, in the page's order."""
    touched: list[Component] = getattr(maintenance, "touched")  # noqa: B009 - set by the prefetch
    return touched
