"""What alerts need with time: mutes end, what still fires then gets its room, and reminders while it fires."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce

from incidents.alerts import actions, mutes
from incidents.alerts.models import Alert, AlertQuerySet
from incidents.alerts.mutes import Mute
from incidents.response import standing
from incidents.response.models import Incident
from opsportal import turns
from opsportal.outbox.actions import tell_operators

_BATCH = 100


def sweep(*, at: datetime) -> None:
    """Idempotent; safe to run concurrently."""
    mutes.end_due(at=at)
    # In this order: what surfaces now is reminded of in the same sweep, if it is time.
    turns.all_of(partial(_surface_all, at), partial(_remind_all, at))


def _surface_all(at: datetime) -> None:
    unmuted = _heard(Alert.objects.muted().filter(recovered_at=None), at).order_by("pk")[:_BATCH]
    turns.each(unmuted, lambda alert: actions.surface(alert, at=at))


def _remind_all(at: datetime) -> None:
    turns.each(_due(at), lambda alert: _remind(alert, at))


def _heard(alerts: AlertQuerySet, at: datetime) -> AlertQuerySet:
    """Those under no mute; asked before the list is cut, so that what is muted takes nobody's place."""
    active = Mute.objects.active(at)
    of_key = active.filter(dedup_key=OuterRef("dedup_key")).exclude(dedup_key="")
    return alerts.filter(~Exists(of_key), ~Exists(active.filter(domain=OuterRef("domain"))))


def _due(at: datetime) -> list[Alert]:
    said_at = Coalesce("reminded_at", "fired_at")
    repeated = _heard(Alert.objects.firing(), at).filter(remind_hours__gt=0).annotate(said_at=said_at)
    oldest_first = repeated.filter(said_at__lte=at - timedelta(hours=1)).order_by("said_at", "pk")
    found = oldest_first.select_related("incident", "domain")
    return [one for one in found if (one.reminded_at or one.fired_at) + timedelta(hours=one.remind_hours) <= at]


@transaction.atomic
def _remind(alert: Alert, at: datetime) -> None:
    """Once a period, whoever comes first; periods that nobody was there for are not made up for.

    A closed room is left in peace: what still fires then stands on the list of alerts.
    """
    claimed = Alert.objects.firing().filter(pk=alert.pk, reminded_at=alert.reminded_at).update(reminded_at=at)
    if not claimed or alert.incident_id is None:
        return
    # As it is now, until the message is queued: a security incident's says no title.
    room = Incident.objects.select_for_update(no_key=True).get(pk=standing.standing(alert.room).pk)
    if room.is_closed:
        return
    hours = int((at - alert.fired_at) / timedelta(hours=1))
    title = "an alert" if room.nature == Incident.Nature.SECURITY else alert.title
    state = "passes again, and waits for a person to end it" if alert.recovered_at else f"still fires after {hours} h"
    tell_operators(
        # By the hour, not by the number of the period: another period would come upon numbers that were used.
        key=f"alert:{alert.pk}:reminder:{hours}",
        subject=f"{room.warning}{room.label} {title}: {state}",
        body=f"{alert.domain.name}.\n{settings.BASE_URL}{room.get_absolute_url()}",
        at=at,
        because=f"a reminder every {alert.remind_hours} h while it fires",
    )
