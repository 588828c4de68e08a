"""Silence for a while: news of one key, or of a domain, is kept and wakes nobody until the mute ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from django.db import models, transaction
from django.db.models import Q

from incidents.ownership.models import Domain
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.privacy.fields import GuardedTextField
from opsportal.questions import Asking, given, worded

# Under this name the audit log says what nobody did by hand.
SCHEDULER = "scheduler"


class MuteQuerySet(models.QuerySet["Mute"]):
    """Filters over mutes."""

    def active(self, at: datetime | models.Value) -> MuteQuerySet:
        return self.filter(ended_at=None, until__gt=at)

    def about(self, dedup_key: str, domain_id: int) -> MuteQuerySet:
        return self.filter(Q(dedup_key=dedup_key) | Q(domain=domain_id))


class Mute(models.Model):
    """Who silenced what, until when and why. It ends by itself, or a person ends it."""

    dedup_key = models.CharField(max_length=255, blank=True)
    domain = models.ForeignKey(Domain, null=True, on_delete=models.PROTECT, related_name="mutes")
    until = models.DateTimeField()
    reason = GuardedTextField(max_length=300)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Mute]] = MuteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(dedup_key="", domain__isnull=False) | (~Q(dedup_key="") & Q(domain=None)),
                name="mute_of_one_thing",
            )
        ]
        indexes = [
            # Read with each alert and on the screens: what is muted now.
            models.Index(fields=["until"], name="mute_active", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def what(self) -> str:
        """The key, or the domain's name."""
        return f"domain {self.domain.name}" if self.domain else self.dedup_key

    def covers(self, dedup_key: str, domain_id: int) -> bool:
        return self.domain_id == domain_id or (bool(self.dedup_key) and self.dedup_key == dedup_key)


@transaction.atomic
def mute(
    *, dedup_key: str = "", domain: Domain | None = None, until: datetime, reason: str, by: User, at: datetime
) -> Mute:
    """Let new alerts page nobody. What fires already stays in its incident and is not announced again."""
    if bool(dedup_key) == (domain is not None):
        raise Refused("MUTE_WHAT", "Mute one alert or one domain.")
    if until <= at:
        raise Refused("MUTE_OVER", "Choose an end in the future.")
    if not reason.strip():
        raise Refused("REASON_MISSING", "Say why it is muted.")
    guard.require_clean(reason)
    guard.require_clean(dedup_key)
    made = Mute.objects.create(
        dedup_key=dedup_key, domain=domain, until=until, reason=reason, created_by=by, created_at=at
    )
    audit.record("alert.mute", by=by.username, object=made.what, reason=f"until {until:%Y-%m-%d %H:%M} UTC. {reason}")
    return made


@transaction.atomic
def end(muted: Mute, *, by: User, at: datetime) -> None:
    """Hear it again from now on; what still fires gets its room within a minute."""
    if not Mute.objects.active(at).filter(pk=muted.pk).update(ended_at=at):
        raise Refused("MUTE_OVER", "This mute has ended already.")
    audit.record("alert.unmute", by=by.username, object=muted.what)


@transaction.atomic
def end_due(*, at: datetime) -> int:
    """End what has reached its end, and say so in the audit log; how many. Idempotent; safe to run concurrently."""
    over = Mute.objects.filter(ended_at=None, until__lte=at).select_related("domain").order_by("pk")
    found = list(over.select_for_update(skip_locked=True, of=("self",)))
    for one in found:
        one.ended_at = one.until
        one.save(update_fields=["ended_at"])
        audit.record("alert.unmute", by=SCHEDULER, object=one.what)
    return len(found)


class Heard(Protocol):
    """What may be muted: an alert's key in its domain."""

    @property
    def dedup_key(self) -> str: ...
    @property
    def domain_id(self) -> int: ...


def of(things: Iterable[Heard], at: datetime) -> list[Mute]:
    """What mutes any of these now, the soonest end first: as few rows as there are things, however much is muted."""
    named = list(things)
    of_keys = Q(dedup_key__in={one.dedup_key for one in named})
    found = Mute.objects.active(at).filter(of_keys | Q(domain__in={one.domain_id for one in named}))
    return list(found.select_related("domain", "created_by").order_by("until", "pk"))


@dataclass(frozen=True)
class Active:
    """What a screen shows of what is muted now, the soonest end first, and how much more there is."""

    shown: list[Mute]
    more: int


def active(at: datetime, *, most: int = 50) -> Active:
    """What is muted now; whole shops can be, and a page of thousands of lines serves nobody."""
    found = Mute.objects.active(at).select_related("domain", "created_by").order_by("until", "pk")
    shown = list(found[: most + 1])
    return Active(shown[:most], found.count() - most if len(shown) > most else 0)


@dataclass(frozen=True)
class Muted:
    """What is muted at a moment, for lists that ask of many alerts at once."""

    keys: frozenset[str]
    domains: frozenset[int]

    def covers(self, dedup_key: str, domain_id: int) -> bool:
        return domain_id in self.domains or dedup_key in self.keys

    @property
    def tag(self) -> str:
        """The same text while the same is muted."""
        return " ".join([*sorted(self.keys), *map(str, sorted(self.domains))])


def muted(at: datetime) -> Muted:
    """The keys and the domains, without their reasons."""
    return of_active(active_at(at).rows())


def active_at(at: datetime) -> Asking:
    """What `of_active` needs."""
    return _active().asking(at=at)


def of_active(found: Iterable[tuple[str, int | None]]) -> Muted:
    """The same from rows that were asked for beside others."""
    found = list(found)
    return Muted(frozenset(key for key, _ in found if key), frozenset(domain for _, domain in found if domain))


@worded
def _active() -> models.QuerySet[Mute, Any]:
    return Mute.objects.active(given("at")).values_list("dedup_key", "domain_id")


def covering(mutes: Iterable[Mute], dedup_key: str, domain_id: int) -> Mute | None:
    """The mute of these that a key of a domain stands under, the one that lasts longest."""
    found = [one for one in mutes if one.covers(dedup_key, domain_id)]
    return max(found, key=lambda one: one.until, default=None)
