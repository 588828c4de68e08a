"""What probes may use of this portal: the guard of its settings, its own address, its figures, its environment."""

import os
from collections.abc import Iterable, Mapping

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


def figures(names: Iterable[str]) -> dict[str, float | None]:
    """The named figures as they are now; names nobody offers are left out. Asks the database."""
    return {name: health_figures.read(name) for name in set(names) & set(health_figures.names())}


def context(http: HttpClient, read: Mapping[str, float | None]) -> Context:
    """The context of one batch, with figures that were read before it."""
    return Context(client=http, figures=read, dsn=dsn)


def dsn(name: str) -> str:
    """The connection string behind a name; an alias stands in, as everywhere."""
    return env.text(name) or os.environ.get(name, "")
