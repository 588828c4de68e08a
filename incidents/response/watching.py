"""Who is told of an incident's turns without a part in it."""

from datetime import datetime

from django.conf import settings

from incidents.response.models import Incident, Watcher
from opsportal.models import Delivery, User
from opsportal.outbox.actions import enqueue, tell_operators
from opsportal.roles import Role


def watch(incident: Incident, *, by: User, at: datetime) -> None:
    """Be told from now on. Safe to say twice."""
    Watcher.objects.get_or_create(incident=incident, person=by, defaults={"since": at})


def unwatch(incident: Incident, *, by: User) -> None:
    """Be told no more. Safe to say twice."""
    Watcher.objects.filter(incident=incident, person=by).delete()


def watches(person: User, incident: Incident) -> bool:
    return Watcher.objects.filter(incident=incident, person=person).exists()


def announce(incident: Incident, *, key: str, what: str, because: str, at: datetime) -> None:
    """The ops channel: what happened in the portal's own words and the room's link; whoever watches gets it by mail.

    Not a word that somebody typed: the room has those.
    """
    subject = f"{incident.warning}{incident.label} {what}"
    body = f"{settings.BASE_URL}{incident.get_absolute_url()}"
    priority = Delivery.Priority.WRITTEN
    tell_operators(key=key, subject=subject, body=body, at=at, because=because, priority=priority)
    if not settings.EMAIL_CONFIGURED:
        return
    for person in _readers(incident):
        enqueue(
            key=f"{key}:watcher:{person.pk}", event=key, channel=Delivery.Channel.EMAIL, destination=person.email,
            subject=subject, body=body, at=at, because=f"You watch {incident.label}", priority=priority,
        )  # fmt: skip


def _readers(incident: Incident) -> list[User]:
    """Watchers with an address that is not told anyway, and who may see the incident."""
    people = User.objects.filter(pk__in=incident.watchers.values("person"), is_active=True).exclude(email="")
    if incident.nature == Incident.Nature.SECURITY:
        people = people.exclude(role=Role.VIEWER)
    return [one for one in people.order_by("pk") if one.email not in settings.ALERT_EMAIL]
