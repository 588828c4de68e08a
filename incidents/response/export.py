"""Incidents as a table for a spreadsheet. What leaves passes the privacy guard once more: its rules may have grown."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from incidents.response.models import Incident
from opsportal.privacy import guard
from opsportal.spreadsheet import line

COLUMNS = (
    "incident", "title", "severity", "severity_peak", "status", "domain", "source", "declared_by", "acknowledged_by",
    "impact_started_at", "detected_at", "declared_at", "acknowledged_at", "resolved_at", "closed_at", "address",
)  # fmt: skip


def lines(incidents: Iterable[Incident], *, address: Callable[[str], str]) -> Iterator[str]:
    """Head and one line an incident, each as soon as it is known."""
    yield line(COLUMNS)
    for one in incidents:
        people = (one.declared_by, one.acknowledged_by)
        ends = (one.acknowledged_at, one.resolved_at, one.closed_at)
        times = (one.impact_started_at, one.detected_at, one.declared_at, *ends)
        yield line(
            (
                *(one.label, guard.redact(one.title, is_public=True), one.severity, one.severity_peak, one.status),
                *(one.domain.name, one.source, *(person.username if person else "" for person in people)),
                *(map(_written, times)),
                address(one.get_absolute_url()),
            )
        )


def _written(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
