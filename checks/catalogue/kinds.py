"""The kinds of checks: for each its probe, its form and its words. Add a kind by adding a row to the table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checks.catalogue.forms import data, lines, metrics, network, own
from checks.catalogue.forms.base import SpecForm
from checks.probes import (
    database,
    dns,
    http,
    json_metrics,
    limit_guard,
    portal,
    prometheus,
    tcp,
    tls,
)
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


def _line(spec: Spec) -> str:
    return f"{spec.get('host', '')} port {spec.get('port', '')}"


def _limit(spec: Spec) -> str:
    what = {"body": "largest body", "batch": "longest list", "rate": "rate"}.get(str(spec.get("mode")), "limit")
    plan = f" of plan {spec['plan']}" if spec.get("plan") else ""
    return f"{what}{plan} at {_http_target(spec)}"


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
        "limit_guard",
        "Limit",
        "A body, a list or a rate that is too large is still refused.",
        limit_guard.probe,
        network.LimitGuardForm,
        _limit,
    ),
    Kind(
        "prometheus",
        "Prometheus",
        "A number that Prometheus knows stays within bounds, or near its baseline.",
        prometheus.probe,
        metrics.PrometheusForm,
        _http_target,
    ),
    Kind(
        "json_metrics",
        "JSON numbers",
        "Numbers of an aggregate endpoint stay within their bounds.",
        json_metrics.probe,
        metrics.JsonMetricsForm,
        _http_target,
    ),
    Kind("tcp", "TCP", "A port accepts a connection.", tcp.probe, lines.TcpForm, _line),
    Kind("tls", "TLS", "A certificate is trusted and good for long enough.", tls.probe, lines.TlsForm, _line),
    Kind(
        "dns",
        "DNS",
        "A name has the records it should.",
        dns.probe,
        lines.DnsForm,
        lambda spec: f"{spec.get('record', '')} of {spec.get('name_asked', '')}",
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
