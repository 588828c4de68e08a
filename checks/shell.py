"""What this wing shows beside its navigation entries and says about its own health."""

from datetime import timedelta

from django.db.models import Min
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from checks.catalogue.models import Check, CheckQuerySet, State
from checks.catalogue.states import WANTS_A_LOOK
from checks.rollups import queries as rollups
from incidents.obligations import places
from incidents.obligations.models import Obligation
from incidents.obligations.places import Place
from opsportal import health_figures, shell
from opsportal.models import JobClaim, User


def _needing_attention(_: User) -> CheckQuerySet:
    return Check.objects.filter(state__in=WANTS_A_LOOK)


def scheduler_lateness_seconds() -> float:
    """How long the most overdue check has been waiting; 0 when none is due."""
    row = Check.objects.enabled().filter(next_due__lte=Now()).aggregate(late=Now() - Min("next_due"))
    return row["late"].total_seconds() if row["late"] else 0.0


def _silence(job: str) -> float | None:
    """Seconds since a job was last finished; None before the first time."""
    done_at = JobClaim.objects.filter(name=job).values_list("done_at", flat=True).first()
    return None if done_at is None else max(0.0, (timezone.now() - done_at).total_seconds())


def worker_silence_seconds() -> float | None:
    """Of the workers' queue `default`: the roll-up is finished each minute."""
    return _silence("checks.roll_up")


def slow_worker_silence_seconds() -> float | None:
    """Of the workers' queue `checks_slow`: it ticks every five seconds."""
    return _silence("checks.tick_slow")


def _by_state() -> dict[str, float]:
    found = Check.objects.as_shown(timezone.now()).count_by_state()
    return {state.value: float(found.get(state.value, 0)) for state in State}


def _coverage_percent() -> float | None:
    """Of the whole house; planned work was not asked for. None while nothing was."""
    return rollups.of_hour(timezone.now() - timedelta(hours=1)).coverage


def _review(week: str) -> str:
    return reverse("checks:review", args=[week])


def register() -> None:
    """Called once, when the app is ready."""
    places.register(
        Obligation.Kind.WEEKLY_REVIEW,
        Place(_review, remind_before=timedelta(hours=24), again_after=timedelta(hours=1)),
    )
    shell.register_count("checks:list", _needing_attention, words="need attention")
    health_figures.add(
        "scheduler_lateness_seconds", scheduler_lateness_seconds, "How long the most overdue check has been waiting."
    )
    health_figures.add(
        "worker_silence_seconds", worker_silence_seconds, "Time since the workers' queue `default` was last heard."
    )
    health_figures.add(
        "slow_worker_silence_seconds",
        slow_worker_silence_seconds,
        "Time since the workers' queue `checks_slow` was last heard.",
    )
    health_figures.add_each("checks", "state", _by_state, "Checks by the state that screens show, paused ones too.")
    health_figures.add(
        "checks_coverage_percent", _coverage_percent, "Slots of the last closed hour that were run, of those asked for."
    )
