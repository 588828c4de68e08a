"""Write what a batch found, once; and tell the other wing when a check changed its state."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from checks.catalogue import window
from checks.catalogue.models import Batch, Check
from checks.catalogue.states import SILENT_PERIODS, SILENT_SECONDS, Rule, State
from checks.probes.outcome import words_for
from checks.rollups import buckets
from checks.runs import applying, observing, saving
from checks.runs.batch import Result
from checks.runs.models import FLAPPING, Flip
from checks.runs.surroundings import Surroundings
from incidents.alerts import actions as alerts
from incidents.alerts.signals import Signal
from incidents.drills import queries as drills
from opsportal import background, turns

DRILL = "drill"


@transaction.atomic
def write(token: UUID, results: Iterable[Result], *, at: datetime, rest: UUID | None = None) -> int:
    """Turn the results of one lease into buckets, states and flips; how many were written.

    Guarded twice: a token is written once, and a check whose lease was taken back is left alone. Safe to run twice.
    What is not among the results stays leased, under the token `rest`.
    """
    _, is_new = Batch.objects.get_or_create(token=token, defaults={"written_at": at})
    if not is_new:
        return 0
    found = {result.check_id: result for result in results}
    leased = list(Check.objects.select_for_update().filter(lease_token=token).order_by("pk"))
    checks = [check for check in leased if check.pk in found]
    if rest is not None:
        left = [check.pk for check in leased if check.pk not in found]
        Check.objects.filter(pk__in=left).update(lease_token=rest)
    applied = applying.apply(checks, found, Surroundings.read(checks, at))
    buckets.add_minutes(applied.counts)
    saving.save(checks)
    saving.bring_forward(applied.sooner)
    for flip in Flip.objects.bulk_create(applied.flips):
        background.after_commit("checks.deliver_flip", flip_id=flip.pk)
    return len(checks)


def deliver_flip(flip_id: int, *, at: datetime) -> None:
    """Turn a change of state into an alert, or end it, after what its check said before. Safe to run twice.

    Bells come in any order: an end heard before its beginning would be no news, and the beginning then an alert that
    nobody can end. The claim and the call share one transaction: when the other wing refuses, all stay for the sweep.
    """
    with transaction.atomic():
        asked = Flip.objects.undelivered().filter(pk=flip_id).values("check_ref")
        waiting = Flip.objects.undelivered().filter(check_ref__in=asked).order_by("at", "pk")
        flips = list(waiting.select_for_update(of=("self",)).select_related("check_ref"))
        Flip.objects.filter(pk__in=[flip.pk for flip in flips]).update(processed_at=at)
        # No data is no news: it neither fires nor ends an alert. Pausing is an act of a person, not a recovery.
        news = [flip for flip in flips if flip.new in (State.UNHEALTHY, State.FLAPPING, State.HEALTHY)]
        for flip in news:
            signal = _of_drill(flip) if flip.check_ref.kind == DRILL else _signal(flip)
            if signal is not None:
                alerts.receive(signal, at=at)
        if news and news[0].check_ref.component_id is not None and news[0].check_ref.kind != DRILL:
            observing.observe_component(news[0].check_ref.component_id, at=at)


def deliver_flips(*, at: datetime) -> None:
    """Deliver what nobody was woken for, oldest first; a check whose news is refused holds up no other's."""
    oldest = Flip.objects.undelivered().order_by("check_ref", "at", "pk").distinct("check_ref")
    waiting = Flip.objects.filter(pk__in=oldest.values("pk")).order_by("at", "pk").values_list("pk", flat=True)
    turns.each(list(waiting[:500]), lambda flip_id: deliver_flip(flip_id, at=at))


def _signal(flip: Flip) -> Signal:
    check = flip.check_ref
    title, detail = _words(flip)
    return Signal(
        dedup_key=check.dedup_key,
        source="check",
        title=title,
        detail=detail,
        domain_id=check.domain_id,
        severity=check.severity,
        is_firing=flip.new != State.HEALTHY,
        at=flip.at,
        reason=flip.reason,
        joins_domain=not check.has_own_incident,
        ends_by_hand=check.ends_by_hand,
        remind_hours=check.remind_hours,
    )


def _of_drill(flip: Flip) -> Signal | None:
    """The same news under the mark of what is played; None when no drill runs any more that could be."""
    playing, usual = drills.playing(), _signal(flip)
    if playing is None:
        return None if usual.is_firing else replace(usual, is_drill=True)
    title = f"DRILL: {playing.title}" if usual.is_firing else f"DRILL: {usual.title}"
    detail = f"{playing.label}. {usual.detail}".strip()
    return replace(
        usual, title=title, detail=detail, domain_id=playing.domain_id, severity=playing.severity, is_drill=True
    )


def _words(flip: Flip) -> tuple[str, str]:
    """Title and detail of the news."""
    check = flip.check_ref
    if flip.new == State.HEALTHY:
        return f"{check.name} passes again", ""
    if flip.reason == FLAPPING:
        said = f"{flip.failures} state changes within {check.flap_minutes} min."
        return f"{check.name} flaps", f"{said} No more alerts until it is stable for as long."
    return f"{check.name} fails: {words_for(flip.reason)}", f"{_why(flip)}, one every {check.every_seconds} s."


def _why(flip: Flip) -> str:
    check = flip.check_ref
    if check.rule == Rule.K_OF_N:
        return f"{check.fail_after} of the last {check.of_runs} runs failed"
    if check.rule == Rule.RATE:
        return f"At least {check.fail_share} % of the runs of {window.minutes_of(check)} min failed"
    return "1 run failed" if flip.failures == 1 else f"{flip.failures} runs in a row failed"


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
UPDATE checks_check SET state = 'insufficient_data', state_since = %(at)s, consecutive_ok = 0, recent = ''
WHERE state = 'healthy' AND lease_token IS NULL
  AND coalesce(last_run_at, created_at)
    < %(at)s - make_interval(secs => greatest(%(periods)s * every_seconds, %(seconds)s))
RETURNING id
"""


def forget_batches(*, at: datetime) -> None:
    """Tokens older than a day can no longer come back."""
    Batch.objects.filter(written_at__lt=at - timedelta(days=1)).delete()
