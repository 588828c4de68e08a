"""Make and change rotas, stand in, take it, be away: what a person does with the calendar."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.text import slugify

from incidents.oncall import queries
from incidents.oncall.models import Override, Rotation, RotationMember, RotationPlan
from incidents.oncall.shifts import moment
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.moments import require_plausible
from opsportal.outbox.actions import tell_operators
from opsportal.privacy import guard
from opsportal.roles import Role

Turn = RotationPlan.Turn
Kind = Override.Kind
LONGEST_COVER = timedelta(days=56)
_HOURS = {Turn.DAILY: 24, Turn.WEEKLY: 168}
_CHANGED = "Somebody else changed this rota while you were typing. Nothing was saved; both are here."


@dataclass(frozen=True)
class Rule:
    """What a plan says: whose turn it is, in which order, how long and by which clock. `hours` empty means all day."""

    people: tuple[User, ...]
    turn: str
    turn_hours: int
    first_on: date
    handover_at: time
    time_zone: str
    days: str = "1111111"
    hours: tuple[time, time] | None = None


@transaction.atomic
def define(name: str, rule: Rule, *, by: User, at: datetime) -> Rotation:
    """Begin a rota: its first turn begins at the first hand-over."""
    name = _named(name)
    slug = _free_slug(name)
    rotation = Rotation.objects.create(slug=slug, name=name, position=min(Rotation.objects.count(), 9_999))
    since = min(at, moment(datetime.combine(rule.first_on, rule.handover_at), rule.time_zone))
    _plan(rotation, rule, since=since, by=by, at=at)
    audit.record("rota.define", by=by.username, object=slug, reason=_told(rule))
    return rotation


@transaction.atomic
def change(
    rotation: Rotation, name: str, rule: Rule, *, since: datetime, seen: int, by: User, at: datetime
) -> Rotation:
    """Let another rule hold from `since` on, now at the earliest: who was on call before stays as it was.

    `seen` is the version the person edited; another one is a Conflict. Plans that were to begin later are replaced.
    """
    rotation = _locked(rotation)
    if rotation.version != seen:
        raise Conflict("ROTA_CHANGED", _CHANGED)
    rotation.name = _named(name, but=rotation)
    rotation.version += 1
    rotation.save(update_fields=["name", "version"])
    since = max(since, at)
    rotation.plans.filter(since__gte=since).delete()
    _plan(rotation, rule, since=since, by=by, at=at)
    audit.record(
        "rota.change", by=by.username, object=rotation.slug, reason=f"from {since:%Y-%m-%d %H:%M} {_told(rule)}"
    )
    return rotation


@transaction.atomic
def end(rotation: Rotation, *, by: User, at: datetime) -> None:
    """Nobody is on call by it any more; its past stays. A handle that leads to it has to be given to another first."""
    rotation = _locked(rotation)
    handles = list(rotation.holders.order_by("handle").values_list("handle", flat=True))
    if handles:
        raise Refused("ROTA_IN_USE", f"{', '.join(handles)} leads to this rota. Give it to somebody else first.")
    rotation.ended_at = at
    rotation.save(update_fields=["ended_at"])
    audit.record("rota.end", by=by.username, object=rotation.slug)


@transaction.atomic
def stand_in(
    rotation: Rotation, person: User, *, starts_at: datetime, ends_at: datetime, reason: str, by: User, at: datetime
) -> Override:
    """Put somebody over the turns for a while; it ends by itself."""
    return _override(rotation, Kind.COVER, person, (starts_at, ends_at), reason, by=by, at=at)


@transaction.atomic
def be_away(
    rotation: Rotation, *, starts_at: datetime, ends_at: datetime, reason: str, by: User, at: datetime
) -> Override:
    """Leave the shift empty for a while: a gap that is known, and that somebody may cover."""
    return _override(rotation, Kind.AWAY, None, (starts_at, ends_at), reason, by=by, at=at)


@transaction.atomic
def take(rotation: Rotation, *, until: datetime, reason: str, by: User, at: datetime) -> Override:
    """Be on call from this moment on; the ops channel, and so the person before, hears it at once."""
    rotation = _locked(rotation)
    people = queries.active_people()
    shift = queries.shift_of(rotation, people, at)
    before = people[shift.person] if shift and shift.person else None
    if before == by:
        raise Refused("TAKEN_ALREADY", f"You are on call for {rotation.name} already.")
    taken = _override(rotation, Kind.TAKEN, by, (at, until), reason, by=by, at=at)
    tell_operators(
        key=f"oncall:taken:{taken.pk}",
        subject=f"{by.username} takes {rotation.name}",
        body=f"From now until {until:%a %-d %b %H:%M} UTC, instead of {before or 'nobody'}. {reason}",
        at=at,
        because="Somebody took a shift",
    )
    return taken


@transaction.atomic
def call_off(override: Override, *, by: User, at: datetime) -> None:
    """End it now; one that has not begun is as if it had never been."""
    _locked(override.rotation)
    override = Override.objects.select_for_update(of=("self",)).select_related("rotation").get(pk=override.pk)
    if override.cancelled_at is not None or override.ends_at <= at:
        raise Refused("OVERRIDE_OVER", "This has ended already.")
    if override.starts_at < at:
        override.ends_at = at
    else:
        override.cancelled_at, override.cancelled_by = at, by
    override.save(update_fields=["ends_at", "cancelled_at", "cancelled_by"])
    audit.record("override.end", by=by.username, object=override.rotation.slug, reason=_span(override))


def _override(
    rotation: Rotation,
    kind: str,
    person: User | None,
    span: tuple[datetime, datetime],
    reason: str,
    *,
    by: User,
    at: datetime,
) -> Override:
    rotation, (starts_at, ends_at) = _locked(rotation), span
    for one in span:
        require_plausible(one)
    if ends_at <= max(starts_at, at):
        raise Refused("OVERRIDE_SPAN", "Choose an end in the future and after the beginning.")
    if ends_at - starts_at > LONGEST_COVER:
        raise Refused("OVERRIDE_LONG", "Eight weeks at most; for longer, change the rota.")
    if not reason.strip():
        raise Refused("REASON_MISSING", "Say why; the team reads it.")
    if person is not None:
        _require_able(person)
    guard.require_clean(reason)
    # What has been is not rewritten: who was on call is a fact that incidents refer to.
    made = Override.objects.create(
        rotation=rotation, kind=kind, person=person, starts_at=max(starts_at, at), ends_at=ends_at,
        reason=reason.strip(), created_by=by, created_at=at,
    )  # fmt: skip
    told = f"{person.username if person else 'nobody'} {_span(made)}. {reason}"
    audit.record(f"override.{kind}", by=by.username, object=rotation.slug, reason=told)
    return made


def _locked(rotation: Rotation) -> Rotation:
    found = Rotation.objects.select_for_update().get(pk=rotation.pk)
    if found.ended_at is not None:
        raise Refused("ROTA_ENDED", "This rota has ended.")
    return found


def _plan(rotation: Rotation, rule: Rule, *, since: datetime, by: User, at: datetime) -> None:
    _require_whole(rule)
    plan = RotationPlan(
        rotation=rotation,
        since=since,
        time_zone=rule.time_zone,
        handover_at=rule.handover_at,
        first_on=rule.first_on,
        turn=rule.turn,
        turn_hours=_HOURS.get(Turn(rule.turn), rule.turn_hours),
        days=rule.days,
        covers_from=rule.hours[0] if rule.hours else None,
        covers_until=rule.hours[1] if rule.hours else None,
        created_by=by,
        created_at=at,
    )
    plan.save()
    members = [RotationMember(plan=plan, position=place, person=one) for place, one in enumerate(rule.people)]
    RotationMember.objects.bulk_create(members)


def _require_whole(rule: Rule) -> None:
    if not rule.people:
        raise Refused("ROTA_EMPTY", "Name at least one person.")
    for person in rule.people:
        _require_able(person)
    if rule.time_zone not in available_timezones():
        raise Refused("ROTA_ZONE", f"There is no time zone {rule.time_zone[:64]}.")
    if "1" not in rule.days:
        raise Refused("ROTA_NEVER", "Choose at least one day of the week.")
    if rule.turn == Turn.CUSTOM and not 4 <= rule.turn_hours <= 56 * 24:
        raise Refused("ROTA_TURN", "A turn lasts between 4 hours and 56 days.")


def _require_able(person: User) -> None:
    """Whoever is called must be able to act."""
    if not person.has_role(Role.RESPONDER):
        raise Refused("PERSON_CANNOT_ACT", f"{person.username} may not act on incidents: on call are responders.")


def _named(name: str, *, but: Rotation | None = None) -> str:
    name = " ".join(name.split())
    guard.require_clean(name)
    if Rotation.objects.filter(name__iexact=name).exclude(pk=but.pk if but else 0).exists():
        raise Refused("ROTA_NAME", "There is a rota of this name. Choose another.")
    return name


def _free_slug(name: str) -> str:
    base = slugify(name)[:32] or "rota"
    taken = set(Rotation.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(one for one in (base, *(f"{base}-{number}" for number in range(2, 1_000))) if one not in taken)


def _told(rule: Rule) -> str:
    order = ", ".join(one.username for one in rule.people)
    return f"{rule.turn} at {rule.handover_at:%H:%M} {rule.time_zone}: {order}"


def _span(override: Override) -> str:
    return f"{override.starts_at:%Y-%m-%d %H:%M} to {override.ends_at:%Y-%m-%d %H:%M} UTC"
