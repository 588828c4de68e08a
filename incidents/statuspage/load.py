"""The one place that reads rows for the public page: published updates of published incidents, nothing else.

The number of queries does not grow with the number of incidents.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch, Q

from incidents.statuspage import bars, content
from incidents.statuspage.models import (
    Component,
    ComponentInterval,
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
    components = Component.objects.in_use().in_order().prefetch_related(Prefetch("intervals", recent, to_attr="recent"))
    incidents = _with_published(PublicIncident.objects.published())
    return content.Content(
        page_id=row.public_id,
        name=row.name,
        url=f"{settings.BASE_URL}/status",
        time_zone=row.time_zone,
        read_at=at,
        components=tuple(component(one) for one in components),
        incidents=tuple(incident(one) for one in incidents.order_by("-first_published_at", "-id")),
    )


def component(row: Component) -> content.Component:
    intervals: Iterable[ComponentInterval] = getattr(row, "recent", ())
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
        stretches=tuple(content.Stretch(one.status, one.started_at, one.ended_at) for one in intervals),
    )


def incident(row: PublicIncident) -> content.Incident:
    """A public incident with its published updates; load it by `with_published`."""
    assert row.first_published_at is not None
    published: Iterable[StatusUpdate] = getattr(row, "published")  # noqa: B009 - set by the prefetch
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
        component_ids=tuple(one.public_id for one in getattr(row, "touched")),  # noqa: B009
        updates=tuple(update(one) for one in published),
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


def _with_published(incidents: PublicIncidentQuerySet) -> PublicIncidentQuerySet:
    updates = StatusUpdate.objects.filter(state=StatusUpdate.State.PUBLISHED).order_by("-published_at", "-id")
    return incidents.prefetch_related(
        Prefetch("updates", updates, to_attr="published"),
        Prefetch("components", Component.objects.in_order(), to_attr="touched"),
    )
