"""An incident that is over and that readers never heard of, published afterwards: with its true times, and saying so.

The record of its components is corrected with it: intervals are split, and days that were written get a second row.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Status
from incidents.statuspage import day_records, drafts, record, rollup
from incidents.statuspage.actions import require_may_be_public, require_publisher, show_after_commit
from incidents.statuspage.models import Component, ComponentStatus, PublicIncident, StatusUpdate
from incidents.statuspage.stretches import better_than
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

LONGEST = timedelta(days=14)
Draft = StatusUpdate.State


@transaction.atomic
def publish_afterwards(
    incident: Incident,
    *,
    title: str,
    body: str,
    began_at: datetime,
    ended_at: datetime,
    components: Mapping[str, str],
    by: User,
    at: datetime,
) -> PublicIncident:
    """Tell readers what was, once it is over; `components` maps public ids to how they stood between the two moments.

    No subscriber gets a message. A draft that waits is thrown away.
    """
    incident = Incident.objects.select_for_update(of=("self",)).select_related("domain").get(pk=incident.pk)
    by.refresh_from_db(fields=["role", "is_active"])
    require_publisher(by, incident)
    require_may_be_public(incident)
    public, _ = PublicIncident.objects.get_or_create(incident=incident, defaults={"name": title, "created_at": at})
    require_never_public(incident, public)
    _require_sound(title, body, began_at, ended_at, components, at)
    rows = list(Component.objects.select_for_update().in_order().filter(public_id__in=components))
    public.updates.filter(state=Draft.DRAFT).update(state=Draft.DISCARDED)
    public.name, public.status, public.impact = title, Status.RESOLVED, rollup.impact(components.values())
    public.began_at, public.resolved_at, public.monitoring_at = began_at, ended_at, None
    public.first_published_at = public.written_at = public.updated_at = at
    public.save()
    public.components.set(rows)
    update = public.updates.create(
        state=Draft.PUBLISHED, status=Status.RESOLVED, body=body, notify=False, drafted_by=by, published_by=by,
        published_at=at, affected_components=[_moved(one, components[one.public_id]) for one in rows],
    )  # fmt: skip
    for one in rows:
        status = components[one.public_id]
        record.lay_over(one, status, start=began_at, end=ended_at, over=better_than(status))
    day_records.correct(
        rows, start=began_at, end=ended_at, reason=f"{incident.label} was published afterwards", by=by, at=at
    )
    obligations.meet(Obligation.Kind.FIRST_PUBLIC_UPDATE, incident.label, at=at)
    timeline.record(incident, Kind.PUBLIC_UPDATE, by=by, at=at, old="", new=Status.RESOLVED, text=body)
    audit.record("status_update.publish_afterwards", by=by.username, object=f"{incident.label} {update.public_id}")
    show_after_commit(at)
    return public


def require_never_public(incident: Incident, public: PublicIncident | None) -> None:
    """Refuse what readers know already, and what still runs: that is told as it happens."""
    if public is not None and public.first_published_at is not None:
        raise Refused("PUBLIC_ALREADY", "Readers know of it already. Correct what they read instead.")
    if incident.is_open:
        raise Refused("STILL_OPEN", "It is not over. Publish an update now.")


def _moved(component: Component, status: str) -> dict[str, str]:
    """From how it stood to how it stands again."""
    return drafts.affected_row(component, ComponentStatus.OPERATIONAL) | {"old_status": status}


def _require_sound(
    title: str, body: str, began_at: datetime, ended_at: datetime, components: Mapping[str, str], at: datetime
) -> None:
    if not title.strip() or not body.strip():
        raise Refused("TEXT_MISSING", "Readers need a title and a text.")
    for words in (title, body):
        guard.require_public(words)
    if not components:
        raise Refused("COMPONENTS_MISSING", "Say which components were affected, and how.")
    if not timedelta(0) < ended_at - began_at <= LONGEST:
        raise Refused("TIMES_UNSOUND", f"The end comes after the beginning, at most {LONGEST.days} days later.")
    if ended_at > at:
        raise Refused("NOT_OVER", "The end lies ahead. Only what is over is published afterwards.")
