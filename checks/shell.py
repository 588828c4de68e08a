"""What this wing shows beside its navigation entries and says about its own health."""

from django.db.models import Min
from django.db.models.functions import Now

from checks.catalogue.models import Check, CheckQuerySet, State
from opsportal import health_figures, shell
from opsportal.models import User


def _needing_attention(_: User) -> CheckQuerySet:
    return Check.objects.filter(state__in=[State.UNHEALTHY, State.FLAPPING, State.INSUFFICIENT_DATA])


def scheduler_lateness_seconds() -> float:
    """How long the most overdue check has been waiting; 0 when none is due."""
    row = Check.objects.enabled().filter(next_due__lte=Now()).aggregate(late=Now() - Min("next_due"))
    return row["late"].total_seconds() if row["late"] else 0.0


def register() -> None:
    """Called once, when the app is ready."""
    shell.register_count("checks:list", _needing_attention, words="need attention")
    health_figures.add("scheduler_lateness_seconds", scheduler_lateness_seconds)
