"""Freezes: who asks for one, what they hold up, and what is said then."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from incidents.changes.models import Freeze
from incidents.changes.states import HELD_BY_FREEZE
from incidents.ownership.models import Domain
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.outbox import actions as outbox
from opsportal.privacy import guard


@transaction.atomic
def add_window(
    domain: Domain | None,
    *,
    reason: str,
    starts_at: datetime,
    ends_at: datetime | None,
    time_zone: str = "UTC",
    by: User,
    at: datetime,
) -> Freeze:
    """Hold changes up until an end, or until it is lifted; None is the whole house. It is told by a zone's clock."""
    reason = _reason(reason)
    if ends_at is not None and ends_at <= max(starts_at, at):
        raise Refused("FREEZE_OVER", "It would end before it begins, or has ended already. Choose a later end.")
    freeze = Freeze.objects.create(
        domain=domain,
        reason=reason,
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=time_zone,
        made_at=at,
        made_by=by,
    )
    audit.record("freeze.add", by=by.username, object=freeze.where, reason=reason)
    _tell_begin(freeze, by.username, at=at)
    return freeze


@transaction.atomic
def lift(freeze: Freeze, *, reason: str, by: User, at: datetime) -> Freeze:
    """Let changes through again, and why."""
    freeze = Freeze.objects.select_for_update(of=("self",)).select_related("domain").get(pk=freeze.pk)
    if freeze.lifted_at is not None or (freeze.ends_at is not None and freeze.ends_at <= at):
        raise Refused("FREEZE_OVER", "This freeze is over already.")
    freeze.lifted_at, freeze.lifted_by, freeze.lifted_because = at, by, _reason(reason)
    freeze.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
    audit.record("freeze.lift", by=by.username, object=freeze.where, reason=freeze.lifted_because)
    _tell_end(freeze, by.username, at=at)
    return freeze


def freeze(domain: Domain | None, reason: str, *, at: datetime) -> Freeze:
    """Hold changes up because a rule of the house says so: a spent error budget. Safe to run twice."""
    budget = Freeze.objects.filter(domain=domain, cause=Freeze.Cause.BUDGET, lifted_at=None)
    if (found := budget.first()) is not None:
        return found
    try:
        with transaction.atomic():
            made = Freeze.objects.create(
                domain=domain, cause=Freeze.Cause.BUDGET, reason=_reason(reason), starts_at=at, made_at=at
            )
            _tell_begin(made, "A spent budget", at=at)
            return made
    except IntegrityError:  # another worker said it in the same moment
        return budget.get()


@transaction.atomic
def unfreeze(domain: Domain | None, reason: str, *, at: datetime) -> bool:
    """End what `freeze` began; windows of people stay. Safe to run twice."""
    budget = Freeze.objects.filter(domain=domain, cause=Freeze.Cause.BUDGET, lifted_at=None)
    found = budget.select_for_update(of=("self",)).select_related("domain").first()
    if found is None:
        return False
    found.lifted_at, found.lifted_because = at, _reason(reason)
    found.save(update_fields=["lifted_at", "lifted_because"])
    _tell_end(found, "The budget", at=at)
    return True


def require_open(kind: str, domain: Domain | None, *, moment: datetime, override: str) -> bool:
    """Refuse a change that a freeze holds up at that moment, unless a reason overrides it; True when one does."""
    if kind not in HELD_BY_FREEZE:
        return False
    found = _holding(domain, moment)
    if found is None:
        return False
    if not override:
        raise Refused("FROZEN", sentence(found))
    return True


def sentence(freeze: Freeze) -> str:
    """What somebody reads who is held up by it."""
    return (
        f"Changes are frozen for {freeze.where} {_until(freeze)}: {freeze.reason.rstrip('.')}. "
        "A rollback passes; anything else needs an override with a reason."
    )


def ending(freeze: Freeze, *, at: datetime) -> str:
    """What is true for the domain once this one is lifted: others may hold it still, or it had not begun."""
    if freeze.starts_at > at:
        return f"The freeze planned for {freeze.where} is off"
    if (other := _holding(freeze.domain, at)) is not None:
        return f"One freeze less for {freeze.where}; still frozen: {other.where} {_until(other)}"
    return f"Changes are allowed again for {freeze.where}"


def _holding(domain: Domain | None, moment: datetime) -> Freeze | None:
    return Freeze.objects.select_related("domain").holding(moment).touching(domain).soonest_first().first()


def _until(freeze: Freeze) -> str:
    return f"until {freeze.ends_at.astimezone(UTC):%-d %b %H:%M} UTC" if freeze.ends_at else "until it is lifted"


def _tell_begin(freeze: Freeze, who: str, *, at: datetime) -> None:
    """The ops channel hears it once, also of a window that is still to come."""
    begins = "are" if freeze.starts_at <= at else f"will from {freeze.starts_at.astimezone(UTC):%-d %b %H:%M} UTC be"
    _tell(freeze, "begins", f"Changes {begins} frozen for {freeze.where}", sentence(freeze), who, at=at)


def _tell_end(freeze: Freeze, who: str, *, at: datetime) -> None:
    """The ops channel hears it once. Nobody shall begin a change on its word that another freeze refuses."""
    was = "planned" if freeze.starts_at > at else "frozen"
    body = f"{freeze.lifted_because.rstrip('.')}. It was {was} because: {freeze.reason}"
    _tell(freeze, "ends", ending(freeze, at=at), body, who, at=at)


def _tell(freeze: Freeze, what: str, subject: str, body: str, who: str, *, at: datetime) -> None:
    outbox.tell_operators(
        key=f"freeze:{freeze.pk}:{what}",
        subject=subject,
        body=f"{body}\n{settings.BASE_URL}{reverse('incidents:changes')}",
        at=at,
        because=f"{who} {'freezes changes' if what == 'begins' else 'lifts a freeze'}",
    )


def _reason(text: str) -> str:
    return guard.require_words(text)[:200]
