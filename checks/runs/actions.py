"""Write what a batch found, once; and tell the other wing when a check changed its state."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from checks.catalogue.models import Batch, Check
from checks.catalogue.states import SILENT_PERIODS, SILENT_SECONDS, State
from checks.probes.outcome import words_for
from checks.rollups import buckets
from checks.runs import observing
from checks.runs.batch import Result
from checks.runs.evaluate import Standing, Thresholds, next_standing
from checks.runs.models import Flip
from incidents.alerts import actions as alerts
from incidents.alerts.signals import Signal
from opsportal import background


@transaction.atomic
def write(token: UUID, results: Iterable[Result], *, at: datetime) -> int:
    """Turn the results of one lease into buckets, states and flips; how many were written.

    Guarded twice: a token is written once, and a check whose lease was taken back is left alone. Safe to run twice.
    """
    _, is_new = Batch.objects.get_or_create(token=token, defaults={"written_at": at})
    if not is_new:
        return 0
    found = {result.check_id: result for result in results}
    checks = list(Check.objects.select_for_update().filter(lease_token=token, pk__in=found).order_by("pk"))
    pairs = [(check, found[check.pk]) for check in checks]
    buckets.add_minutes(buckets.counts_of(check.pk, at, result.outcome) for check, result in pairs)
    flips = [flip for check, result in pairs if (flip := _apply(check, result, at)) is not None]
    _save(checks)
    for flip in Flip.objects.bulk_create(flips):
        background.after_commit("checks.deliver_flip", flip_id=flip.pk)
    return len(pairs)


def _apply(check: Check, result: Result, at: datetime) -> Flip | None:
    """Move the check to where this result leads; a Flip when its state changes. Unknown moves nothing."""
    check.lease_token = check.lease_until = None
    outcome = result.outcome
    if outcome is None:
        return None
    now = Standing(State(check.state), check.consecutive_fail, check.consecutive_ok)
    after = next_standing(now, ok=outcome.ok, thresholds=Thresholds(check.fail_after, check.ok_after))
    check.consecutive_fail, check.consecutive_ok = after.fails, after.passes
    check.last_run_at, check.last_ok = at, outcome.ok
    check.last_error = outcome.error.value if outcome.error else ""
    check.last_latency_ms, check.last_value = outcome.latency_ms, outcome.value
    if after.state is now.state:
        return None
    check.state, check.state_since = after.state, at
    return Flip(check_ref=check, at=at, old=now.state, new=after.state, reason=check.last_error, failures=after.fails)


_SAVE = """
UPDATE checks_check AS c SET lease_token = NULL, lease_until = NULL, state = n.state, state_since = n.state_since,
  consecutive_fail = n.fails, consecutive_ok = n.passes, last_run_at = n.run_at, last_ok = n.ok, last_error = n.error,
  last_latency_ms = n.latency, last_value = n.value
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::int[], %s::timestamptz[], %s::bool[],
            %s::text[], %s::float8[], %s::float8[])
  AS n (id, state, state_since, fails, passes, run_at, ok, error, latency, value)
WHERE c.id = n.id
"""
_SAVED = (
    "pk",
    "state",
    "state_since",
    "consecutive_fail",
    "consecutive_ok",
    "last_run_at",
    "last_ok",
    "last_error",
    "last_latency_ms",
    "last_value",
)


def _save(checks: list[Check]) -> None:
    """One statement for the whole batch; the rows are locked already."""
    if not checks:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [[_plain(getattr(check, name)) for check in checks] for name in _SAVED])


def _plain(value: object) -> object:
    return value.value if isinstance(value, State) else value


def deliver_flip(flip_id: int, *, at: datetime) -> None:
    """Turn a change of state into an alert, or end it. Safe to run twice.

    The claim and the call share one transaction: when the other wing refuses, the flip stays undelivered for the sweep.
    """
    with transaction.atomic():
        if not Flip.objects.filter(pk=flip_id, processed_at=None).update(processed_at=at):
            return
        flip = Flip.objects.select_related("check_ref").get(pk=flip_id)
        # No data is no news: it neither fires nor ends an alert. Pausing is an act of a person, not a recovery.
        if flip.new in (State.UNHEALTHY, State.HEALTHY):
            alerts.receive(_signal(flip), at=at)
            if flip.check_ref.component_id is not None:
                observing.observe_component(flip.check_ref.component_id, at=at)


def deliver_flips(*, at: datetime) -> None:
    """Deliver what nobody was woken for, oldest first."""
    for flip_id in Flip.objects.undelivered().order_by("at", "pk").values_list("pk", flat=True)[:500]:
        deliver_flip(flip_id, at=at)


def _signal(flip: Flip) -> Signal:
    check, is_firing = flip.check_ref, flip.new == State.UNHEALTHY
    title = f"{check.name} fails: {words_for(flip.reason)}" if is_firing else f"{check.name} passes again"
    detail = f"{flip.failures} runs in a row failed, one every {check.every_seconds} s." if is_firing else ""
    return Signal(
        dedup_key=f"check:{check.key}",
        source="check",
        title=title,
        detail=detail,
        domain_id=check.domain_id,
        severity=check.severity,
        is_firing=is_firing,
        at=flip.at,
        reason=flip.reason,
    )


@transaction.atomic
def admit_silence(*, at: datetime) -> int:
    """A check that passed and has had no result for long says so instead of staying green; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, {"periods": SILENT_PERIODS, "seconds": SILENT_SECONDS, "at": at})
        silent = [row[0] for row in cursor.fetchall()]
    Flip.objects.bulk_create(
        Flip(
            check_ref_id=check_id,
            at=at,
            old=State.HEALTHY,
            new=State.INSUFFICIENT_DATA,
            reason="no_result",
            processed_at=at,
        )
        for check_id in silent
    )
    return len(silent)


_SILENT = """
UPDATE checks_check SET state = 'insufficient_data', state_since = %(at)s, consecutive_ok = 0
WHERE state = 'healthy' AND lease_token IS NULL
  AND coalesce(last_run_at, created_at)
    < %(at)s - make_interval(secs => greatest(%(periods)s * every_seconds, %(seconds)s))
RETURNING id
"""


def forget_batches(*, at: datetime) -> None:
    """Tokens older than a day can no longer come back."""
    Batch.objects.filter(written_at__lt=at - timedelta(days=1)).delete()
