"""The one place that reads rows for the public page: published updates of published incidents, nothing else.

The number of queries does not grow with the number of incidents.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch, Q

from incidents.statuspage import bars, content
from incidents.statuspage.models import (
    Component,
    ComponentInterval,
    ComponentStatus,
    Observation,
    Page,
    PublicIncident,
    PublicIncidentQuerySet,
    StatusUpdate,
)


def page(at: datetime) -> content.Content:
    """Everything readers may know at this moment. Five queries."""
    row = Page.objects.get()
    since = at - timedelta(days=bars.DAYS)
    recent = ComponentInterval.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since)).order_by("started_at")
    components = Component.objects.in_use().in_order().select_related("observation")
    components = components.prefetch_related(Prefetch("intervals", recent, to_attr="recent"))
    incidents = with_published(PublicIncident.objects.published().order_by("-first_published_at", "-id"))
    shown = tuple(incident(one) for one in incidents)
    held = {public_id for one in shown if one.is_open for public_id in one.component_ids}
    return content.Content(
        page_id=row.public_id,
        name=row.name,
        url=address(),
        time_zone=row.time_zone,
        read_at=at,
        components=tuple(component(one, unknown_since=unknown_since(one, held, at)) for one in components),
        incidents=shown,
    )


def now(at: datetime) -> content.Content:
    """The same without the past: how components stand and what is open. Five queries."""
    row = Page.objects.get()
    incidents = with_published(PublicIncident.objects.published().filter(resolved_at=None).order_by("pk"))
    shown = tuple(incident(one) for one in incidents)
    held = {public_id for one in shown for public_id in one.component_ids}
    components = Component.objects.in_use().in_order().select_related("observation")
    return content.Content(
        page_id=row.public_id,
        name=row.name,
        url=address(),
        time_zone=row.time_zone,
        read_at=at,
        components=tuple(component(one, unknown_since=unknown_since(one, held, at)) for one in components),
        incidents=shown,
    )


def address() -> str:
    """Where readers find the page, without a slash at its end."""
    return f"{settings.BASE_URL}/status"


def unknown_since(row: Component, held: Collection[str], at: datetime) -> datetime | None:
    """Since when its checks have been silent; None while they speak, and while a person's word counts instead."""
    said: Observation | None = getattr(row, "observation", None)
    is_persons = row.public_id in held or row.status == ComponentStatus.MAINTENANCE
    if said is None or row.follows == Component.Follows.NOTHING or is_persons:
        return None
    return said.as_of if said.fresh_until < at else None


def component(row: Component, *, unknown_since: datetime | None = None) -> content.Component:
    """Uptime counts from the start date: what was before it is no part of the record."""
    intervals: Iterable[ComponentInterval] = getattr(row, "recent", ())
    start = datetime.combine(row.start_date, datetime.min.time(), UTC)
    counted = [one for one in intervals if one.ended_at is None or one.ended_at > start]
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
        stretches=tuple(content.Stretch(one.status, max(one.started_at, start), one.ended_at) for one in counted),
        unknown_since=unknown_since,
    )


def incident(row: PublicIncident) -> content.Incident:
    """A public incident with its published updates; load it by `with_published`."""
    assert row.first_published_at is not None
    published: Iterable[StatusUpdate] = getattr(row, "published")  # noqa: B009 - set by the prefetch
    touched: list[Component] = getattr(row, "touched")  # noqa: B009
    return content.Incident(
        number=row.pk,
        public_id=row.public_id,
        name=row.name,
        status=row.status,
        impact=row.impact,
        published_at=row.first_published_at,
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
