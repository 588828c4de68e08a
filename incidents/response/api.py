"""Incidents for programs: read them, page by page."""

from datetime import datetime
from typing import Literal

from ninja import Query, Router, Schema

from incidents.response import listing, queries
from incidents.response.models import Incident
from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.pages import PageOf, PageQuery, cut

router = Router(tags=["Incidents"])
READ = Scoped("incidents:read")


class IncidentOut(Schema):
    """One incident as it stands."""

    number: int
    label: str
    title: str
    summary: str
    severity: Literal["SEV-1", "SEV-2", "SEV-3"]
    severity_confirmed: bool
    status: Literal["investigating", "identified", "monitoring", "resolved"]
    domain: str
    declared_by: str | None
    acknowledged_by: str | None
    impact_started_at: datetime
    detected_at: datetime
    declared_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None

    @staticmethod
    def resolve_domain(incident: Incident) -> str:
        return incident.domain.slug

    @staticmethod
    def resolve_declared_by(incident: Incident) -> str | None:
        return incident.declared_by.username if incident.declared_by else None

    @staticmethod
    def resolve_acknowledged_by(incident: Incident) -> str | None:
        return incident.acknowledged_by.username if incident.acknowledged_by else None


class IncidentQuery(PageQuery):
    """What the list is narrowed to."""

    status: Literal["", "open", "investigating", "identified", "monitoring", "resolved"] = ""
    severity: Literal["", "SEV-1", "SEV-2", "SEV-3"] = ""
    domain: str = ""


@router.get(
    "/incidents",
    response=PageOf[IncidentOut],
    auth=READ,
    summary="List incidents",
)
def list_incidents(request: ApiRequest, query: Query[IncidentQuery]) -> dict[str, object]:
    """Newest first. `status=open` means every status but resolved."""
    filters = listing.Filters(status=query.status, severity=query.severity, domain=query.domain)
    page = cut(
        listing.newest(filters, request.auth.user),
        by=["-number"],
        query=query,
        purpose={"list": "incidents", "by": filters},
    )
    return {"items": page.rows, "next": page.next}


@router.get(
    "/incidents/{int:number}",
    response=IncidentOut,
    auth=READ,
    summary="Read an incident",
)
def read_incident(request: ApiRequest, number: int) -> Incident:
    """The incident that people call INC-<number>."""
    return queries.incident_or_404(number, request.auth.user)
