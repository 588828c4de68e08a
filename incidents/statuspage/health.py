"""How old the public page is: one of the numbers that the portal's own checks read."""

from django.conf import settings
from django.utils import timezone

from incidents.statuspage import writer
from opsportal import health_figures


def snapshot_age_seconds() -> float | None:
    """Seconds since the version that readers see was built; None before the first."""
    built_at = writer.built_at(settings.SNAPSHOT_DIR)
    return None if built_at is None else max(0.0, (timezone.now() - built_at).total_seconds())


def register() -> None:
    """Called once, when the app is ready."""
    words = "Age of the version of the public page that readers see."
    health_figures.add("snapshot_age_seconds", snapshot_age_seconds, words)
