"""The kinds of checks: for each its probe, its form and its words. Add a kind by adding a row to the table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.forms import ChoiceField, Field, ModelChoiceField

from checks.catalogue.forms import ages, data, lines, metrics, network, own, reports, stores
from checks.catalogue.forms.base import SpecForm
from checks.jobs import queries as jobs
from checks.probes import (
    age,
    database,
    dns,
    drill,
    env_contract,
    heartbeat,
    http,
    json_metrics,
    limit_guard,
    portal,
    prometheus,
    query_benchmark,
    sql_aggregate,
    tcp,
    tls,
    token_report,
)
from checks.probes import stores as stores_probe
from checks.probes.context import Probe
from checks.rollups import queries as rollups
from incidents.drills import queries as drills
from opsportal.errors import Refused

Spec = dict[str, Any]


class Asked(Protocol):
    """A check that is about to run."""

    @property
    def check_id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def spec(self) -> Mapping[str, Any]: ...


Reads = Callable[[Sequence[Asked], datetime], Mapping[int, object]]


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
    measures: Callable[[Spec], str] = lambda spec: ""
    """The name of the number it keeps; its unit is the end of the name, as with the portal's figures."""
    reads: Reads | None = None
    """What it has to know before the batch, by the check's number."""
    is_slow: bool = False
    """It may take many seconds, so it runs on a queue of its own and holds nobody up."""
    silence: str = ""
    """What it means when a run finds neither good nor bad."""
    is_told: bool = False
    """Its job reports by itself, at an address or with a key that belong to the check."""
    is_heavy: bool = False
    """A run costs whoever answers it much, so it runs in its own slots only."""
    is_timed: bool = True
    """How long its runs take says something; of the others nobody waits for answers."""


def _http_target(spec: Spec) -> str:
    address = str(spec.get("url", "")).partition("?")[0]
    return address.replace("portal:", "this portal, ")


def _line(spec: Spec) -> str:
    return f"{spec.get('host', '')} port {spec.get('port', '')}"


def _limit(spec: Spec) -> str:
    what = {"body": "largest body", "batch": "longest list", "rate": "rate"}.get(str(spec.get("mode")), "limit")
    plan = f" of plan {spec['plan']}" if spec.get("plan") else ""
    return f"{what}{plan} at {_http_target(spec)}"


def _heard(asked: Sequence[Asked], _: datetime) -> Mapping[int, object]:
    return jobs.heard(one.check_id for one in asked)


def _last_success(asked: Sequence[Asked], _: datetime) -> Mapping[int, object]:
    """Of the job that another check hears of."""
    keys = {one.check_id: str(one.spec["report"]) for one in asked if one.spec.get("report")}
    found = jobs.last_successes(keys.values())
    return {check_id: found[key] for check_id, key in keys.items() if key in found}


def _week_before(asked: Sequence[Asked], at: datetime) -> Mapping[int, object]:
    return rollups.totals([one.check_id for one in asked], at - timedelta(days=8), at - timedelta(days=1))


def _flags(asked: Sequence[Asked], _: datetime) -> Mapping[int, object]:
    """What a drill that runs asks these to fail with."""
    flag = drills.flag()
    return {one.check_id: flag for one in asked} if flag else {}


def _age_target(spec: Spec) -> str:
    where = {
        "report": f"the last success of {spec.get('report', '')}",
        "file": f"files {spec.get('pattern', '')}",
        "address": f"Last-Modified of {str(spec.get('url', '')).partition('?')[0]}",
    }
    return where.get(str(spec.get("source")), "")


def _schedule(spec: Spec) -> str:
    if spec.get("cron"):
        return f"a job at {spec['cron']} ({spec.get('time_zone') or 'UTC'})"
    return f"a job every {spec.get('period_minutes') or heartbeat.PERIOD_MINUTES:g} min"


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
        is_heavy=True,
    ),
    Kind(
        "prometheus",
        "Prometheus",
        "A number that Prometheus knows stays within bounds, or near its baseline.",
        prometheus.probe,
        metrics.PrometheusForm,
        _http_target,
        silence="The volume is below its least, or fewer than two of the last four weeks have a number.",
    ),
    Kind(
        "json_metrics",
        "JSON numbers",
        "Numbers of an aggregate endpoint stay within their bounds.",
        json_metrics.probe,
        metrics.JsonMetricsForm,
        _http_target,
        silence="The volume is below its least.",
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
        "A PostgreSQL database accepts a connection, answers, and is in the state it should be in.",
        database.probe,
        data.DatabaseForm,
        lambda spec: f"database in {spec.get('dsn_env', '')}",
        measures=lambda spec: {"lag": "lag_ms", "query": "query_ms", "pool": "used_percent"}.get(
            str(spec.get("measure")), ""
        ),
    ),
    Kind(
        "sql_aggregate",
        "SQL aggregate",
        "One read-only query answers with one row of numbers, and one of them lies within bounds.",
        sql_aggregate.probe,
        data.SqlAggregateForm,
        lambda spec: f"{spec.get('column', '')} of a query in {spec.get('dsn_env', '')}",
        measures=lambda spec: str(spec.get("column", "")),
        silence="The volume is below its least, or the column is empty.",
        is_slow=True,
    ),
    Kind(
        "query_benchmark",
        "Query benchmark",
        "Named queries are as fast as agreed, and as last week.",
        query_benchmark.probe,
        data.QueryBenchmarkForm,
        lambda spec: f"named queries in {spec.get('dsn_env', '')}",
        measures=lambda spec: "p95_ms",
        reads=_week_before,
        is_slow=True,
    ),
    Kind(
        "redis",
        "Redis",
        "A Redis answers and has memory left.",
        stores_probe.probe_redis,
        stores.RedisForm,
        lambda spec: f"Redis in {spec.get('url_env', '')}",
        measures=lambda spec: "memory_percent",
    ),
    Kind(
        "celery_queue",
        "Celery queue",
        "A queue's backlog is short, and its oldest message young.",
        stores_probe.probe_celery_queue,
        stores.CeleryQueueForm,
        lambda spec: f"queue {spec.get('queue', '')} in {spec.get('url_env', '')}",
        measures=lambda spec: "backlog",
    ),
    Kind(
        "env_contract",
        "Environment",
        "Names that must be set are, and the posture is as agreed; values are never shown.",
        env_contract.probe,
        own.EnvContractForm,
        lambda spec: "the environment of the portal's workers",
        measures=lambda spec: "names_wrong",
        is_timed=False,
    ),
    Kind(
        "backup_age",
        "Backup",
        "The newest backup is not older than agreed.",
        age.probe,
        ages.BackupAgeForm,
        _age_target,
        measures=lambda spec: "age_hours",
        reads=_last_success,
        is_slow=True,
        is_timed=False,
    ),
    Kind(
        "restore_drill",
        "Restore test",
        "The newest restore test is not older than agreed.",
        age.probe,
        ages.RestoreDrillForm,
        _age_target,
        measures=lambda spec: "age_hours",
        reads=_last_success,
        is_slow=True,
        is_timed=False,
    ),
    Kind(
        "heartbeat",
        "Heartbeat",
        "A job reports that it began and ended; when it is silent for too long, that is the failure.",
        heartbeat.probe,
        reports.HeartbeatForm,
        _schedule,
        silence="Nothing was heard yet; the job's address is on the check's page once it is added.",
        reads=_heard,
        is_told=True,
        is_timed=False,
    ),
    Kind(
        "token_report",
        "Token report",
        "A job hands in the token line it ends with: status, reason and numbers.",
        token_report.probe,
        reports.TokenReportForm,
        lambda spec: f"the line {spec.get('command') or 'of any job'}",
        silence="No report came yet, or the last one said that there was too little to judge.",
        measures=lambda spec: str(spec.get("number", "")),
        reads=_heard,
        is_told=True,
        is_timed=False,
    ),
    Kind(
        "portal",
        "Portal",
        "A number the portal says about itself stays below its ceiling.",
        portal.probe,
        own.PortalForm,
        lambda spec: str(spec.get("figure", "")).replace("_", " "),
        silence="The portal has not measured this yet.",
        measures=lambda spec: str(spec.get("figure", "")),
        is_timed=False,
    ),
    Kind(
        "drill",
        "Drill",
        "Fails while the flag of a drill is up, so that detection and alerting run for real.",
        drill.probe,
        own.DrillForm,
        lambda spec: "the flag of drills",
        reads=_flags,
        is_timed=False,
    ),
)
KINDS = {kind.slug: kind for kind in _TABLE}
# What the target says already, without what stands behind a question mark.
_IN_THE_TARGET = {"url"}


def facts(slug: str, spec: Spec) -> list[tuple[str, str]]:
    """A configuration as its form says it: label and value of what is set, in the form's order."""
    if slug not in KINDS:
        return []
    form = KINDS[slug].form
    said = [name for name in form.spec_fields if name in spec and name not in _IN_THE_TARGET]
    return [(str(form.base_fields[name].label), _said(form.base_fields[name], spec[name])) for name in said]


def _said(field: Field, value: Any) -> str:
    """A choice by its words, a number without needless zeros, headers one a line."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(field, ChoiceField) and not isinstance(field, ModelChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    return str(value)


def kind(slug: str) -> Kind:
    """The kind by its word; an unknown one is refused with the list of those there are."""
    if slug not in KINDS:
        raise Refused("UNKNOWN_KIND", f"There is no check kind {slug!r}. Known kinds: {', '.join(sorted(KINDS))}.")
    return KINDS[slug]
