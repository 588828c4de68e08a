"""What probes may use of this portal: the guard of its settings, its own address, its figures, its environment."""

import os
from collections.abc import Iterable

from django.conf import settings

from checks.probes.client import HttpClient
from checks.probes.context import Context
from opsportal import env, health_figures
from opsportal.network import Guard


def guard() -> Guard:
    """Where checks may go; PROBE_ALLOWED_INTERNAL opens single doors to the inside."""
    return Guard.from_list(settings.PROBE_ALLOWED_INTERNAL)


def client() -> HttpClient:
    """A new HTTP client for the running event loop; the caller closes it."""
    return HttpClient(guard(), portal_url=settings.INTERNAL_URL)


def context(http: HttpClient, figures: Iterable[str]) -> Context:
    """The context of one batch, with the named figures read now."""
    known = set(health_figures.names())
    return Context(client=http, figures={name: health_figures.read(name) for name in set(figures) & known}, dsn=dsn)


def dsn(name: str) -> str:
    """The connection string behind a name; an alias stands in, as everywhere."""
    return env.text(name) or os.environ.get(name, "")
