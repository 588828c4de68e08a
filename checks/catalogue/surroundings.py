"""What probes may use of this portal: the guard of its settings, its own address, what it knows."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from checks.probes.client import HttpClient
from checks.probes.context import Context
from incidents.changes import queries as changes
from opsportal import env, health_figures
from opsportal.network import Guard


def guard() -> Guard:
    """Where checks may go; PROBE_ALLOWED_INTERNAL opens single doors to the inside."""
    return Guard.from_list(settings.PROBE_ALLOWED_INTERNAL)


def client() -> HttpClient:
    """A new HTTP client for the running event loop; the caller closes it."""
    return HttpClient(guard(), portal_url=settings.INTERNAL_URL)


@dataclass(frozen=True)
class Known:
    """What was read for a batch before it ran."""

    figures: Mapping[str, float | None]
    artifacts: Mapping[str, str]


def known(specs: Iterable[Mapping[str, Any]]) -> Known:
    """What these checks need of the database, as it is now; names nobody offers are left out."""
    specs = list(specs)
    names = {str(one["figure"]) for one in specs if "figure" in one} & set(health_figures.names())
    domains = {str(one["artifact_of"]) for one in specs if "artifact_of" in one}
    return Known(
        figures={name: health_figures.read(name) for name in names},
        artifacts=changes.last_good_artifacts(domains) if domains else {},
    )


def context(http: HttpClient, read: Known, *, is_trial: bool = False) -> Context:
    """The context of one batch, with what was read before it."""
    return Context(
        client=http,
        figures=read.figures,
        artifacts=read.artifacts,
        variable=variable,
        environment=environment,
        folders=tuple(settings.PROBE_FOLDERS),
        is_trial=is_trial,
    )


def variable(name: str) -> str:
    """What the environment holds under a name; an alias stands in, as everywhere."""
    return env.text(name) or os.environ.get(name, "")


def environment(name: str) -> str:
    """The value behind a name; what the portal made up for itself was not set by anybody."""
    return "" if name in env.words("OPSPORTAL_DECIDED") else variable(name)
