"""Take in news of trouble: one alert a run of trouble, one open incident a key, whatever arrives at the same time."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Coalesce

from incidents.alerts.models import Alert
from incidents.alerts.mutes import Mute
from incidents.alerts.signals import Signal
from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.response import standing, timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Severity
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

TITLE_CHARACTERS = 160
# Alerts of one domain within this time belong together, if they may.
TOGETHER = timedelta(minutes=15)
_TOKEN = re.compile(r"[a-z][a-z0-9_]{1,39}")


@transaction.atomic
def receive(signal: Signal, *, at: datetime | None = None) -> Alert | None:
    """Turn news into an alert and its incident, or end the alert. Idempotent by dedup key; None when it is no news.

    `at` is when it arrived, if that is later than the moment it was seen. What may not be stored is taken out of the
    words: a machine cannot be asked to write again, and an alert must not be lost.
    """
    _hold(signal.dedup_key, is_drill=signal.is_drill)
    newest = _newest(signal.dedup_key)
    arrived_at = max(at or signal.at, signal.at)
    if signal.is_firing:
        return _fire(signal, newest, arrived_at)
    return _recover(signal, newest, arrived_at)


@transaction.atomic
def acknowledge(alert: Alert, *, by: User, at: datetime) -> Alert:
    """Say that somebody has it; the alert's incident is acknowledged with it."""
    alert = Alert.objects.select_for_update(no_key=True).get(pk=alert.pk)
    if alert.acknowledged_at is not None:
        raise Refused("ALREADY_ACKNOWLEDGED", "Somebody has acknowledged this alert already.")
    if alert.incident_id is None:
        raise Refused("MUTED", "This alert is muted. End the mute first.")
    alert.acknowledged_at, alert.acknowledged_by = at, by
    alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
    incident = standing.standing(Incident.objects.get(pk=alert.incident_id))
    if incident.is_open and incident.acknowledged_at is None:
        response.acknowledge(incident, by=by, at=at)
    else:
        timeline.record(incident, Kind.ALERT, by=by, at=at, new="acknowledged", text=alert.title)
    return alert


@transaction.atomic
def end(alert: Alert, *, by: User, at: datetime) -> Alert:
    """Say that it is over, for what waits for a person after it passed again."""
    alert = Alert.objects.select_for_update(no_key=True).get(pk=alert.pk)
    if alert.resolved_at is not None:
        raise Refused("ALREADY_ENDED", "This alert has ended already.")
    if alert.recovered_at is None:
        raise Refused("STILL_FIRES", "It has not passed again yet. It can be ended when it has.")
    alert.resolved_at = at
    alert.save(update_fields=["resolved_at"])
    audit.record("alert.end", by=by.username, object=alert.dedup_key)
    if alert.incident is not None:
        text = f"{alert.title}: ended by hand"
        timeline.record(standing.standing(alert.incident), Kind.ALERT, by=by, at=at, new="ended", text=text)
    return alert


@transaction.atomic
def surface(alert: Alert, *, at: datetime) -> None:
    """Give a muted alert that still fires its room: its mute is over. Safe to run twice.

    What passed again meanwhile and waits for a person gets none: the list says so, and it is ended there.
    """
    _hold(alert.dedup_key, is_drill=alert.is_drill)
    found = Alert.objects.select_for_update(no_key=True).filter(pk=alert.pk, resolved_at=None, incident=None).first()
    if found is None or found.recovered_at is not None:
        return
    found.incident = _room(found, None, at)
    found.save(update_fields=["incident"])
    _tell(found, "firing", at=at, occurred_at=found.fired_at, text=f"{found.title}. {found.detail}".strip())


def hold_drill() -> None:
    """No alert of a drill comes, ends or is acknowledged until the commit: for whoever works on its room next."""
    _lock("drill")
    list(Alert.objects.select_for_update(no_key=True).filter(is_drill=True, resolved_at=None).order_by("pk"))


def hold(dedup_keys: Iterable[str]) -> None:
    """Nothing under these keys comes, ends or is acknowledged until the commit: for whoever ends many.

    All keys, then all alerts, then their rooms. One key after the other would hold the room of the first while it waits
    for the next alert, which somebody acknowledges who waits for that room.
    """
    keys = sorted(set(dedup_keys))
    unresolved = Alert.objects.filter(dedup_key__in=keys, resolved_at=None)
    if unresolved.filter(is_drill=True).exists():
        _lock("drill")
    for key in keys:
        _lock(key)
    found = unresolved.select_for_update(no_key=True, of=("self",)).select_related("incident").order_by("pk")
    rooms = {standing.standing(alert.incident).pk for alert in found if alert.incident is not None}
    list(Incident.objects.select_for_update(of=("self",)).filter(pk__in=rooms).order_by("pk"))


@transaction.atomic
def let_go(dedup_key: str, *, why: str, by: User, at: datetime) -> Alert | None:
    """End what its source will say nothing of any more; None when nothing fires. Safe to run twice.

    Nobody saw it recover and nothing says so: it has no time of recovery, and its room, which stays open, says why.
    """
    alert = _firing(dedup_key)
    if alert is None:
        return None
    unseen = "" if alert.recovered_at else " Nobody saw it recover."
    said = f"{why}.{unseen}"
    alert.resolved_at, alert.detail = at, f"{alert.detail} {said}".strip()
    alert.save(update_fields=["resolved_at", "detail"])
    _say_ended(alert, f"{alert.title}. {said}", why, by=by, at=at)
    return alert


@transaction.atomic
def keep_to(dedup_key: str, *, ends_by_hand: bool, remind_hours: int, by: User, at: datetime) -> None:
    """What fires follows its source's new rules; what waited for a person and need not any more is over."""
    alert = _firing(dedup_key)
    if alert is None:
        return
    alert.ends_by_hand, alert.remind_hours = ends_by_hand, remind_hours
    is_over = alert.recovered_at is not None and not ends_by_hand
    alert.resolved_at = at if is_over else None
    alert.save(update_fields=["ends_by_hand", "remind_hours", "resolved_at"])
    if is_over:
        why = "no person has to end it any more"
        _say_ended(alert, f"{alert.title}: passed again, and {why}", why, by=by, at=at)


def _firing(dedup_key: str) -> Alert | None:
    """What fires or waits under a key, held to the commit."""
    _hold(dedup_key, is_drill=Alert.objects.filter(dedup_key=dedup_key, resolved_at=None, is_drill=True).exists())
    newest = _newest(dedup_key)
    return newest if newest is not None and newest.resolved_at is None else None


def _say_ended(alert: Alert, text: str, why: str, *, by: User, at: datetime) -> None:
    audit.record("alert.end", by=by.username, object=alert.dedup_key, reason=why)
    if alert.incident is not None:
        timeline.record(standing.standing(alert.incident), Kind.ALERT, by=by, at=at, new="ended", text=text)


@transaction.atomic
def end_drill(*, at: datetime) -> int:
    """No alert of a drill fires any more; how many were ended. Safe to run twice."""
    hold_drill()
    firing = Alert.objects.filter(is_drill=True, resolved_at=None)
    return firing.update(resolved_at=at, recovered_at=Coalesce("recovered_at", Value(at)))


def _fire(signal: Signal, newest: Alert | None, at: datetime) -> Alert | None:
    if newest is None or (newest.resolved_at is not None and signal.at > newest.resolved_at):
        return _open(signal, newest, at)
    if newest.resolved_at is None and signal.at > newest.last_seen_at:
        newest.last_seen_at, newest.seen = signal.at, newest.seen + 1
        newest.save(update_fields=["last_seen_at", "seen"])
        _turn(newest, signal, at)
    return newest


def _turn(alert: Alert, signal: Signal, at: datetime) -> None:
    """A check speaks when its state changed, so another reason is news; other tools repeat themselves."""
    is_back = alert.recovered_at is not None
    if not is_back and (signal.source != "check" or token(signal.reason) == alert.reason):
        return
    alert.title, alert.detail = _clean(signal)
    alert.reason, alert.recovered_at = token(signal.reason), None
    alert.save(update_fields=["title", "detail", "reason", "recovered_at"])
    _tell(alert, "firing", at=at, occurred_at=signal.at, text=f"{alert.title}. {alert.detail}".strip())


def _open(signal: Signal, before: Alert | None, at: datetime) -> Alert:
    """A new run of trouble: in its room, or in none while it is muted."""
    title, detail = _clean(signal)
    alert = Alert(
        dedup_key=signal.dedup_key,
        source=signal.source,
        title=title,
        detail=detail,
        reason=token(signal.reason),
        domain=Domain.objects.get(pk=signal.domain_id),
        severity=signal.severity,
        fired_at=signal.at,
        last_seen_at=signal.at,
        joins_domain=signal.joins_domain,
        ends_by_hand=signal.ends_by_hand,
        remind_hours=signal.remind_hours,
        is_drill=signal.is_drill,
    )
    is_muted = Mute.objects.active(at).about(signal.dedup_key, signal.domain_id).exists()
    alert.incident = None if is_muted else _room(alert, before, at)
    alert.save(force_insert=True)
    _tell(alert, "firing", at=at, occurred_at=signal.at, text=f"{title}. {detail}".strip())
    return alert


def _clean(signal: Signal) -> tuple[str, str]:
    return guard.cleaned(signal.title)[:TITLE_CHARACTERS], guard.cleaned(signal.detail)


def _room(alert: Alert, before: Alert | None, at: datetime) -> Incident:
    """Where this key's trouble goes on; else what its domain's alerts opened a moment ago; else a new one."""
    incident = _drill_room() if alert.is_drill else _open_incident(before)
    if incident is None and alert.joins_domain and not alert.is_drill:
        incident = _domain_room(alert, at)
    return incident or response.open_from_alert(
        title=alert.title,
        summary=alert.detail,
        severity=Severity(alert.severity),
        domain=alert.domain,
        at=at,
        detected_at=alert.fired_at,
        mode=Incident.Mode.DRILL if alert.is_drill else Incident.Mode.STANDARD,
    )


def _drill_room() -> Incident | None:
    """The room of the drill that runs: whatever fires in a drill belongs there, and nothing else does."""
    opened = Incident.objects.open().filter(mode=Incident.Mode.DRILL).newest_first().first()
    room = standing.locked(opened) if opened is not None else None
    return room if room is not None and room.is_open else None


def _domain_room(alert: Alert, at: datetime) -> Incident | None:
    """One outage, one room: but never one of a lesser severity, where worse news would go unheard."""
    _lock(f"domain:{alert.domain_id}")
    # A room that a check asked to have for itself.
    apart = Alert.objects.filter(incident=OuterRef("pk"), source="check", joins_domain=False)
    opened = (
        Incident.objects.open()
        .for_domain(alert.domain)
        .filter(
            source=Incident.Source.ALERT,
            nature=Incident.Nature.STANDARD,
            mode=Incident.Mode.STANDARD,
            declared_at__gte=at - TOGETHER,
            declared_at__lte=at,
            severity__lte=alert.severity,
        )
        .exclude(Exists(apart))
    )
    for incident in opened.newest_first()[:3]:
        room = standing.locked(incident)
        if room.is_open and room.nature == Incident.Nature.STANDARD:
            return room
    return None


def _recover(signal: Signal, newest: Alert | None, at: datetime) -> Alert | None:
    """The trouble ended by itself; the incident stays open until a person says that it is over."""
    if newest is None or newest.resolved_at is not None or signal.at < newest.last_seen_at:
        return None
    if newest.recovered_at is not None:
        return None
    newest.recovered_at = signal.at
    newest.resolved_at = None if newest.ends_by_hand else signal.at
    newest.save(update_fields=["recovered_at", "resolved_at"])
    minutes = max(1, round((signal.at - newest.fired_at).total_seconds() / 60))
    waits = ", a person ends the alert" if newest.ends_by_hand else ""
    text = f"{newest.title}: recovered after {minutes} min{waits}"
    _tell(newest, "recovered", at=at, occurred_at=signal.at, text=text)
    return newest


def token(reason: str) -> str:
    """A reason as a token, or nothing: from outside anything may come, and only tokens are kept."""
    return reason if _TOKEN.fullmatch(reason) and guard.judge(reason).word == "pass" else ""


def _tell(alert: Alert, what: str, *, at: datetime, occurred_at: datetime, text: str) -> None:
    if alert.incident is None:
        return
    source = timeline.Source.CHECK if alert.source == "check" else timeline.Source.ALERT
    room = standing.standing(alert.incident)
    # The room links to the check that speaks, or to the alert when another tool does.
    about = alert.dedup_key if alert.source == "check" else f"alert:{alert.pk}"
    timeline.record(room, Kind.ALERT, source=source, at=at, occurred_at=occurred_at, new=what, text=text, about=about)


def _open_incident(alert: Alert | None) -> Incident | None:
    """The room of the alert before, or the one that was merged into, locked, if it is still open."""
    room = standing.locked(alert.incident) if alert is not None and alert.incident is not None else None
    return room if room is not None and room.is_open else None


def _newest(dedup_key: str) -> Alert | None:
    return (
        Alert.objects.select_for_update(no_key=True, of=("self",))
        .select_related("incident")
        .filter(dedup_key=dedup_key)
        .order_by("-fired_at", "-id")
        .first()
    )


def _hold(dedup_key: str, *, is_drill: bool) -> None:
    """One at a time for a key, to the commit; news of other keys does not wait, but for that of one drill.

    Alerts are locked before their rooms, and so that a call may name them meanwhile: docs/decisions/0032.
    """
    if is_drill:
        _lock("drill")
    _lock(dedup_key)


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 730002))", [name])
