"""Jobs of the demo that report by themselves, and what the workers' environment must hold."""

from datetime import datetime, timedelta
from typing import Any

from checks.catalogue.models import Check, State
from checks.jobs.models import Job
from incidents.ownership.models import Domain

_AGE = timedelta(days=90)
# key, name, kind, domain, configuration
_CHECKS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("nightly-export", "Nightly export", "heartbeat", "backend", {"cron": "30 3 * * *", "time_zone": "UTC"}),
    ("nightly-backup", "Nightly backup", "token_report", "devops-sre", {"command": "backup", "number": "rows"}),
    (
        *("delivery-summary", "Summary of deliveries", "token_report", "payments"),
        {"command": "delivery_summary", "number": "second_touch"},
    ),
    ("worker-environment", "Environment of the workers", "env_contract", "devops-sre", {"names": "OPSPORTAL_DATA_DIR"}),
)


def load(at: datetime) -> list[Check]:
    """A heartbeat by a cron line, two token reports, and a name that the workers need; all of them fine."""
    export, backup, deliveries, contract = (_check(*row, at) for row in _CHECKS)
    night = at.replace(hour=3, minute=30, second=0, microsecond=0)
    began = night if night < at - timedelta(hours=1) else night - timedelta(days=1)
    ended = began + timedelta(seconds=94)
    _job(export, at, started_at=began, ok_at=ended, heard_at=ended, exit_code=0, duration_ms=94_000.0)
    heard = at - timedelta(hours=6)
    _job(backup, at, ok_at=heard, heard_at=heard, numbers={"tables": 71.0, "rows": 184_220.0})
    _job(
        deliveries, at, ok_at=heard, heard_at=heard, numbers={"second_touch": 0.31, "hold": 0.02, "suppression": 0.004}
    )
    return [export, backup, deliveries, contract]


def _check(key: str, name: str, kind: str, domain: str, spec: dict[str, Any], at: datetime) -> Check:
    return Check.objects.create(
        key=key,
        name=name,
        kind=kind,
        spec=spec,
        domain=Domain.objects.get(slug=domain),
        severity="SEV-3",
        state=State.HEALTHY,
        state_since=at - timedelta(days=2),
        fail_after=1,
        ok_after=1,
        next_due=at,
        created_at=at - _AGE,
    )


def _job(check: Check, at: datetime, **heard: Any) -> None:
    """What was heard of it last."""
    Job.objects.create(pk=check.pk, since=at - _AGE, status=Job.Status.OK, **heard)
