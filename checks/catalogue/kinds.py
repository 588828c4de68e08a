"""The kinds of checks: for each its probe, its form and its words. Add a kind by adding a row to the table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checks.catalogue.forms import data, network, own
from checks.catalogue.forms.base import SpecForm
from checks.probes import database, http, portal
from checks.probes.context import Probe
from opsportal.errors import Refused

Spec = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One way of looking at something."""

    slug: str
    title: str
    purpose: str
    probe: Probe
    form: type[SpecForm]
    target: Callable[[Spec], str]
    """What is watched, in words for the settings; never an address with a query."""


def _http_target(spec: Spec) -> str:
    address = str(spec.get("url", "")).partition("?")[0]
    return address.replace("portal:", "this portal, ")


_TABLE = (
    Kind(
        "http",
        "HTTP",
        "An address answers with the right status, text and speed.",
        http.probe,
        network.HttpForm,
        _http_target,
    ),
    Kind(
        "database",
        "Database",
        "A PostgreSQL database accepts a connection and answers.",
        database.probe,
        data.DatabaseForm,
        lambda spec: f"database in {spec.get('dsn_env', '')}",
    ),
    Kind(
        "portal",
        "Portal",
        "A number the portal says about itself stays below its ceiling.",
        portal.probe,
        own.PortalForm,
        lambda spec: str(spec.get("figure", "")).replace("_", " "),
    ),
)
KINDS = {kind.slug: kind for kind in _TABLE}


def kind(slug: str) -> Kind:
    """The kind by its word; an unknown one is refused with the list of those there are."""
    if slug not in KINDS:
        raise Refused("UNKNOWN_KIND", f"There is no check kind {slug!r}. Known kinds: {', '.join(sorted(KINDS))}.")
    return KINDS[slug]
