"""Take in news of trouble: one alert a run of trouble, one open incident a key, whatever arrives at the same time."""

import re
from datetime import datetime

from django.db import connection, transaction

from incidents.alerts.models import Alert
from incidents.alerts.signals import Signal
from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.response import standing, timeline
from incidents.response.models import Incident
from incidents.response.states import Kind
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

TITLE_CHARACTERS = 160
_TOKEN = re.compile(r"[a-z][a-z0-9_]{1,39}")


@transaction.atomic
def receive(signal: Signal, *, at: datetime | None = None) -> Alert | None:
    """Turn news into an alert and its incident, or end the alert. Idempotent by dedup key; None when it is no news.

    `at` is when it arrived, if that is later than the moment it was seen. What may not be stored is taken out of the
    words: a machine cannot be asked to write again, and an alert must not be lost.
    """
    _lock(signal.dedup_key)
    newest = _newest(signal.dedup_key)
    arrived_at = max(at or signal.at, signal.at)
    if signal.is_firing:
        return _fire(signal, newest, arrived_at)
    return _recover(signal, newest, arrived_at)


@transaction.atomic
def acknowledge(alert: Alert, *, by: User, at: datetime) -> Alert:
    """Say that somebody has it; the alert's incident is acknowledged with it."""
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    if alert.acknowledged_at is not None:
        raise Refused("ALREADY_ACKNOWLEDGED", "Somebody has acknowledged this alert already.")
    alert.acknowledged_at, alert.acknowledged_by = at, by
    alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
    incident = standing.standing(Incident.objects.get(pk=alert.incident_id))
    if incident.is_open and incident.acknowledged_at is None:
        response.acknowledge(incident, by=by, at=at)
    else:
        timeline.record(incident, Kind.ALERT, by=by, at=at, new="acknowledged", text=alert.title)
    return alert


def _fire(signal: Signal, newest: Alert | None, at: datetime) -> Alert | None:
    if newest is None or (newest.resolved_at is not None and signal.at > newest.resolved_at):
        return _open(signal, newest, at)
    if newest.resolved_at is None and signal.at > newest.last_seen_at:
        newest.last_seen_at, newest.seen = signal.at, newest.seen + 1
        newest.save(update_fields=["last_seen_at", "seen"])
    return newest


def _open(signal: Signal, before: Alert | None, at: datetime) -> Alert:
    """A new run of trouble: in the room that this key opened, or where that went on; in a new one when that is over."""
    title, detail = guard.cleaned(signal.title)[:TITLE_CHARACTERS], guard.cleaned(signal.detail)
    domain = Domain.objects.get(pk=signal.domain_id)
    incident = _open_incident(before)
    if incident is None:
        incident = response.open_from_alert(
            title=title, summary=detail, severity=signal.severity, domain=domain, at=at, detected_at=signal.at
        )
    alert = Alert.objects.create(
        dedup_key=signal.dedup_key,
        source=signal.source,
        title=title,
        detail=detail,
        reason=token(signal.reason),
        domain=domain,
        severity=signal.severity,
        incident=incident,
        fired_at=signal.at,
        last_seen_at=signal.at,
    )
    _tell(alert, "firing", at=at, occurred_at=signal.at, text=f"{title}. {detail}".strip())
    return alert


def _recover(signal: Signal, newest: Alert | None, at: datetime) -> Alert | None:
    """The trouble ended by itself; the incident stays open until a person says that it is over."""
    if newest is None or newest.resolved_at is not None or signal.at < newest.last_seen_at:
        return None
    newest.resolved_at = signal.at
    newest.save(update_fields=["resolved_at"])
    minutes = max(1, round((signal.at - newest.fired_at).total_seconds() / 60))
    _tell(newest, "recovered", at=at, occurred_at=signal.at, text=f"{newest.title}: recovered after {minutes} min")
    return newest


def token(reason: str) -> str:
    """A reason as a token, or nothing: from outside anything may come, and only tokens are kept."""
    return reason if _TOKEN.fullmatch(reason) and guard.judge(reason).word == "pass" else ""


def _tell(alert: Alert, what: str, *, at: datetime, occurred_at: datetime, text: str) -> None:
    source = timeline.Source.CHECK if alert.source == "check" else timeline.Source.ALERT
    room = standing.standing(alert.incident)
    # The room links to the check that speaks, or to the alert when another tool does.
    about = alert.dedup_key if alert.source == "check" else f"alert:{alert.pk}"
    timeline.record(room, Kind.ALERT, source=source, at=at, occurred_at=occurred_at, new=what, text=text, about=about)


def _open_incident(alert: Alert | None) -> Incident | None:
    """The room of the alert before, or the one that was merged into, locked, if it is still open."""
    room = standing.locked(alert.incident) if alert is not None else None
    return room if room is not None and room.is_open else None


def _newest(dedup_key: str) -> Alert | None:
    return (
        Alert.objects.select_for_update(of=("self",))
        .select_related("incident")
        .filter(dedup_key=dedup_key)
        .order_by("-fired_at", "-id")
        .first()
    )


def _lock(dedup_key: str) -> None:
    """One at a time for a key, to the commit; news of other keys does not wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 730002))", [dedup_key])
