"""The one place that reads rows for the public page: published updates of published incidents, nothing else.

The number of queries does not grow with the number of incidents.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Prefetch, Q
from django.db.models.functions import Coalesce

from incidents.statuspage import announced, bars, content, language, rollup
from incidents.statuspage.maintenance import Maintenance, MaintenanceUpdate
from incidents.statuspage.models import (
    Component,
    ComponentInterval,
    ComponentStatus,
    DayRecord,
    Observation,
    Page,
    PublicIncident,
    PublicIncidentQuerySet,
    StatusUpdate,
)
from incidents.statuspage.stretches import overlaid
from incidents.statuspage.windows import CANCELLED
from opsportal.ticker.queries import CHECKS, silent_since

# Planned work of longer ago is on no page any more; incidents stay.
MAINTENANCE_KEPT = timedelta(days=730)


def page(at: datetime) -> content.Content:
    """Everything readers may know at this moment. Eight queries, two more with planned work."""
    row = Page.objects.get()
    incidents = with_published(PublicIncident.objects.published())
    newest_first = incidents.order_by(Coalesce("began_at", "first_published_at").desc(), "-id")
    shown = tuple(incident(one) for one in newest_first)
    planned = tuple(maintenances(at))
    return content.Content(
        page_id=row.public_id,
        name=row.name,
        url=address(),
        time_zone=row.time_zone,
        read_at=at,
        components=components(at, planned, held_by(shown)),
        incidents=shown,
        maintenances=planned,
        offers_mail=bool(settings.EMAIL_CONFIGURED),
        look=row.appearance,
    )


def now(at: datetime) -> content.Content:
    """The same without the past: how components stand and what is open. Eight queries at most."""
    row = Page.objects.get()
    incidents = with_published(PublicIncident.objects.published().filter(resolved_at=None).order_by("pk"))
    shown = tuple(incident(one) for one in incidents)
    planned = tuple(maintenances(at))
    rows = Component.objects.in_use().in_order().select_related("observation")
    return content.Content(
        page_id=row.public_id,
        name=row.name,
        url=address(),
        time_zone=row.time_zone,
        read_at=at,
        components=_as_it_stands(rows, at, planned, held_by(shown)),
        incidents=shown,
        maintenances=planned,
    )


def words() -> NullTranslations:
    """The page's own words in the language of its readers now. One query."""
    return language.of(Page.objects.values_list("language", flat=True).get())


def address() -> str:
    """Where readers find the page, without a slash at its end."""
    return f"{origin()}/status"


def origin() -> str:
    """Scheme, host and port of what readers open: the page's own name, or that of the portal."""
    if not settings.STATUS_HOST:
        return str(settings.BASE_URL)
    base = urlsplit(settings.BASE_URL)
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme}://{settings.STATUS_HOST}{port}"


def held_by(incidents: Iterable[content.Incident]) -> set[str]:
    """The public ids of the components that open incidents name."""
    return {public_id for one in incidents if one.is_open for public_id in one.component_ids}


def components(
    at: datetime, planned: Iterable[content.Maintenance], held: Collection[str] = ()
) -> tuple[content.Component, ...]:
    """Every component with its ninety days, as announced work has them stand. Three queries."""
    since = at - timedelta(days=bars.DAYS)
    recent = ComponentInterval.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since)).order_by("started_at")
    written = DayRecord.objects.filter(on__gte=since.date()).as_it_stands()
    rows = Component.objects.in_use().in_order().select_related("observation")
    rows = rows.prefetch_related(
        Prefetch("intervals", recent, to_attr="recent"), Prefetch("day_records", written, to_attr="written")
    )
    return _as_it_stands(rows, at, planned, held)


def _as_it_stands(
    rows: Iterable[Component], at: datetime, planned: Iterable[content.Maintenance], held: Collection[str]
) -> tuple[content.Component, ...]:
    works = list(planned)
    are_blind = nobody_looks(at)
    found = (component(one, unknown_since=unknown_since(one, held, at, are_blind=are_blind)) for one in rows)
    return tuple(under_maintenance(one, works, at) for one in found)


def nobody_looks(at: datetime) -> bool:
    """True while no worker runs checks at all."""
    return silent_since(CHECKS, at) is not None


def unknown_since(row: Component, held: Collection[str], at: datetime, *, are_blind: bool = False) -> datetime | None:
    """Since when its checks have been silent; None while they speak, and while a person's word counts instead.

    `are_blind` says that no worker runs checks at all, so that nobody has to wait until each of them is overdue.
    """
    said: Observation | None = getattr(row, "observation", None)
    if said is None or row.follows == Component.Follows.NOTHING:
        return None
    is_trouble_of_theirs = row.status not in (ComponentStatus.OPERATIONAL, said.status)
    if row.public_id in held or row.status == ComponentStatus.MAINTENANCE or is_trouble_of_theirs:
        return None
    return said.as_of if are_blind or said.fresh_until < at else None


def component(row: Component, *, unknown_since: datetime | None = None) -> content.Component:
    """Uptime counts from the start date: what was before it is no part of the record, nor is the time of silence."""
    intervals: Iterable[ComponentInterval] = getattr(row, "recent", ())
    start = datetime.combine(row.start_date, datetime.min.time(), UTC)
    counted = [one for one in intervals if one.ended_at is None or one.ended_at > start]
    stretches = tuple(content.Stretch(one.status, max(one.started_at, start), one.ended_at) for one in counted)
    if unknown_since is not None:
        seen = (rollup.OPERATIONAL, row.status)
        silent = row.observation.fresh_until  # so long their last word was one about now
        stretches = overlaid(stretches, status=rollup.UNSEEN, start=silent, end=None, over=seen)
    return content.Component(
        public_id=row.public_id,
        name=row.name,
        description=row.description,
        group_name=row.group_name,
        status=row.status,
        start_date=row.start_date,
        created_at=row.created_at,
        updated_at=row.updated_at,
        only_show_if_degraded=row.only_show_if_degraded,
        stretches=stretches,
        unknown_since=unknown_since,
        records=tuple(
            content.DayRecord(one.on, one.worst, tuple(sorted(one.seconds.items())))
            for one in sorted(getattr(row, "written", ()), key=lambda one: one.on)
            if one.on >= row.start_date
        ),
    )


def under_maintenance(
    component: content.Component, planned: Sequence[content.Maintenance], at: datetime
) -> content.Component:
    """The component with its maintenance windows laid over what was well; an outage that a person set stays one."""
    touching = [one for one in planned if component.public_id in one.component_ids and one.status != CANCELLED]
    begun = [one for one in touching if one.window.starts_at <= at]
    if not begun:
        return component
    stretches, status = component.stretches, component.status
    for one in begun:
        end = None if one.is_running else one.window.closes_at
        stretches = overlaid(
            stretches,
            status=rollup.MAINTENANCE,
            start=one.window.starts_at,
            end=end,
            over=(rollup.OPERATIONAL, rollup.UNSEEN),
        )
        if one.is_running and status == rollup.OPERATIONAL:
            status = rollup.MAINTENANCE
    unknown_since = None if status == rollup.MAINTENANCE else component.unknown_since
    moments = (moment for one in begun for moment in (one.window.starts_at, one.window.closes_at) if moment <= at)
    return replace(
        component,
        stretches=stretches,
        status=status,
        unknown_since=unknown_since,
        updated_at=max(component.updated_at, *moments),
    )


def maintenances(at: datetime) -> Iterable[content.Maintenance]:
    """All announced work of the last two years and of the future, the soonest first. Three queries."""
    said = MaintenanceUpdate.objects.order_by("id")
    rows = Maintenance.objects.public().filter(ends_at__gt=at - MAINTENANCE_KEPT).order_by("starts_at", "id")
    return (
        maintenance(one, at)
        for one in rows.prefetch_related(
            Prefetch("updates", said, to_attr="said"),
            Prefetch("components", Component.objects.in_order(), to_attr="touched"),
        )
    )


def maintenance(row: Maintenance, at: datetime) -> content.Maintenance:
    """One announced window as readers know it at this moment; load it by `maintenances`."""
    assert row.announced_at is not None
    touched: list[Component] = getattr(row, "touched")  # noqa: B009 - set by the prefetch
    said: Iterable[MaintenanceUpdate] = getattr(row, "said")  # noqa: B009
    words = (content.Update(one.public_id, one.status, one.body, one.published_at, None) for one in said)
    names = [(one.public_id, component(one).full_name) for one in touched]
    return content.Maintenance(
        public_id=row.public_id,
        name=row.title,
        text=row.text,
        series=row.series_id,
        window=row.window,
        status=row.window.status(at),
        sequence=row.sequence,
        announced_at=row.announced_at,
        updated_at=announced.last_change(row.window, row.updated_at, at),
        component_ids=tuple(one.public_id for one in touched),
        updates=announced.updates(row.public_id, row.window, words, components=names, at=at),
    )


def incident(row: PublicIncident) -> content.Incident:
    """A public incident with its published updates; load it by `with_published`."""
    assert row.first_published_at is not None
    published: Iterable[StatusUpdate] = getattr(row, "published")  # noqa: B009 - set by the prefetch
    touched: list[Component] = getattr(row, "touched")  # noqa: B009
    return content.Incident(
        number=row.feed_number or row.pk,
        public_id=row.public_id,
        name=row.name,
        status=row.status,
        impact=row.impact,
        published_at=row.began_at or row.first_published_at,
        written_at=row.written_at,
        updated_at=row.updated_at,
        monitoring_at=row.monitoring_at,
        resolved_at=row.resolved_at,
        component_ids=tuple(one.public_id for one in touched if one.retired_at is None),
        updates=tuple(update(one) for one in published),
        former=tuple(component(one).full_name for one in touched if one.retired_at is not None),
    )


def update(row: StatusUpdate) -> content.Update:
    assert row.published_at is not None
    return content.Update(
        public_id=row.public_id,
        status=row.status,
        body=row.body,
        published_at=row.published_at,
        next_update_at=row.next_update_at,
        affected=affected(row.affected_components),
        notify=row.notify,
        corrected_at=row.corrected_at,
    )


def affected(rows: Iterable[dict[str, str]]) -> tuple[content.Affected, ...]:
    return tuple(content.Affected(**row) for row in rows)


def published_updates(public: PublicIncident) -> tuple[content.Update, ...]:
    """What readers have read about one incident, newest first."""
    rows = public.updates.filter(state=StatusUpdate.State.PUBLISHED).order_by("-published_at", "-id")
    return tuple(update(row) for row in rows)


def with_published(incidents: PublicIncidentQuerySet) -> PublicIncidentQuerySet:
    updates = StatusUpdate.objects.filter(state=StatusUpdate.State.PUBLISHED).order_by("-published_at", "-id")
    return incidents.prefetch_related(
        Prefetch("updates", updates, to_attr="published"),
        Prefetch("components", Component.objects.in_order(), to_attr="touched"),
    )
