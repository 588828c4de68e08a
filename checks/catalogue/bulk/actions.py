"""Do one act to many checks: all of them or none, and what is long in slices that survive a dead worker."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from checks.catalogue import actions
from checks.catalogue.bulk import queries
from checks.catalogue.bulk.acts import Act, Given
from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.bulk.queries import Hindered
from checks.catalogue.models import Check
from opsportal import background, turns
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.errors import Denied, Refused
from opsportal.models import User

# So many are done while the person waits; more are worked off in slices.
AT_ONCE, SLICE = 200, 100
# An act that stands still for so long lost its bell, or its worker.
PATIENCE = timedelta(seconds=15)
# Slices of one act in one sweep: with the broker away nothing else moves it.
_SWEPT = 10
_MOST_TOLD = 200


class BulkRefused(Refused):
    """Nothing was done; `hindered` has every check that cannot, and why."""

    def __init__(self, hindered: Sequence[Hindered]) -> None:
        first = ", ".join(f"{one.check.name} {one.sentence}" for one in hindered[:3])
        more = f", and {len(hindered) - 3:,} more" if len(hindered) > 3 else ""
        super().__init__("BULK_REFUSED", f"Nothing was done: {first}{more}.")
        self.hindered = hindered


@transaction.atomic
def begin(act: Act, ids: Iterable[int], given: Given, *, by: User, at: datetime) -> BulkAct:
    """Do it to all of them, or to none: BulkRefused names those that cannot.

    Up to AT_ONCE checks are done when this returns. More are worked off by a worker; what cannot be done any more when
    its turn comes is left alone and named.
    """
    if not by.has_role(act.role):
        raise Denied("ROLE", "Your role does not allow this.")
    checks = sorted(queries.chosen(ids), key=lambda one: one.pk)
    if not checks:
        raise Refused("NOTHING_CHOSEN", "Choose at least one check first.")
    if hindered := queries.hindered(act, checks):
        raise BulkRefused(hindered)
    begun = BulkAct.objects.create(
        act=act.slug,
        ids=[check.pk for check in checks],
        total=len(checks),
        until=given.until,
        reason=given.reason,
        domain=given.domain,
        is_daily=given.is_daily,
        created_by=by,
        source=audit.door(),
        created_at=at,
        worked_at=at,
    )
    if len(checks) > AT_ONCE:
        background.after_commit("checks.work_off", number=begun.pk)
        return begun
    if hindered := _do(begun, begun.ids, at):  # somebody was quicker
        raise BulkRefused(hindered)
    return begun


@transaction.atomic
def work_off(number: int, *, at: datetime) -> bool:
    """Do the next slice; True while more is left. Idempotent; safe to run concurrently."""
    begun = (
        BulkAct.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("created_by", "domain")
        .filter(pk=number, ended_at=None)
        .first()
    )
    if begun is None:
        return False
    with audit.coming_by(AuditEvent.Source(begun.source)):
        hindered = _do(begun, begun.ids[:SLICE], at)
    told = [[one.check.key, one.sentence] for one in hindered]
    begun.refused = [*begun.refused, *told][:_MOST_TOLD]
    begun.save(update_fields=["refused"])
    return bool(begun.ids)


def work_off_all(*, at: datetime) -> int:
    """Go on with acts that stand still, because a worker died or no bell rang; how many slices. Safe to run twice."""
    return sum(turns.each(queries.standing_still(at - PATIENCE), lambda number: _go_on(number, at=at)))


def _go_on(number: int, *, at: datetime) -> int:
    for done in range(1, _SWEPT + 1):
        if not work_off(number, at=at):
            return done
    return _SWEPT


def _do(begun: BulkAct, ids: list[int], at: datetime) -> list[Hindered]:
    """The act on each of these, which are the first of those left; those that said no."""
    act, given, hindered = begun.what, begun.given, list[Hindered]()
    if act.ends_alerts:
        actions.hold(ids)
    checks = Check.objects.filter(pk__in=ids).order_by("pk")
    for check in checks:
        try:
            with transaction.atomic():
                act.apply(check, given, begun.created_by, at)
        except Refused as refusal:
            hindered.append(Hindered(check, act.cannot(check) or refusal.sentence.rstrip(".")))
    begun.ids = begun.ids[len(ids) :]
    begun.done += len(checks) - len(hindered)
    begun.worked_at = at
    begun.ended_at = None if begun.ids else at
    begun.save(update_fields=["ids", "done", "worked_at", "ended_at"])
    if act.wakes:
        actions.wake()
    return hindered
