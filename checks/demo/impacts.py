"""What the demo's incidents hit, by their titles, and how long it had hurt when somebody declared them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import Incident, ScopeArea
from incidents.response import impact
from opsportal.models import User


@dataclass(frozen=True)
class Hit:
    """Areas, the bucket of the share, versions, and the minutes from the first harm to the declaration."""

    areas: tuple[str, ...]
    share: str
    began: int
    versions: str = ""


HITS = {
    "Ingest answers 503 for one request in five": Hit(("Ingest",), "below_50", 6),
    "Dashboard charts load for ever": Hit(("Dashboard",), "below_10", 41, "web 8.2"),
    "Ingest outage after certificate change": Hit(("Ingest", "API"), "all", 3),
    "API p95 above two seconds": Hit(("API", "DB"), "above_50", 12, "api 5.11"),
    "Help centre shows old articles": Hit(("Dashboard",), "above_50", 190),
    "Payment events arrive twelve minutes late": Hit(("Notifications",), "below_50", 14),
    "Sign-in fails for one person in ten": Hit(("Auth",), "below_10", 22),
    "Ingest surge, writes throttled": Hit(("Ingest",), "below_50", 5),
    "API down in one region": Hit(("API", "Auth"), "below_50", 2),
    "Payment event signatures refused": Hit(("Notifications",), "below_50", 17),
    "Dashboard blank after release": Hit(("Dashboard",), "all", 4, "web 8.4"),
    "Readiness flaps on the API": Hit(("API", "DB"), "below_1", 33),
    "Exports feed empty": Hit(("API",), "below_10", 75, "api 5.13"),
    "Payment intake times out": Hit(("API", "DB"), "below_50", 8),
    "Geo enrichment backlog": Hit(("Geo",), "above_50", 48),
    "EU card payments failing at checkout": Hit(("API", "Notifications"), "below_50", 6, "checkout 3.9"),
    "Notifications up to 12 minutes late": Hit(("Notifications", "Redis"), "above_50", 15),
}


def write(incident: Incident, *, by: User, at: datetime) -> None:
    """Say what it hits, and put right when it began: it is declared once somebody has noticed."""
    hit = HITS.get(incident.title)
    if hit is None:
        return
    areas, seen = ScopeArea.objects.filter(name__in=hit.areas), impact.of(incident).mark
    impact.write(incident, scope=areas, share=hit.share, versions=hit.versions, by=by, at=at, seen=seen)
    began, reason = incident.declared_at - timedelta(minutes=hit.began), "The graphs show it from this minute on."
    impact.correct_time(incident, "impact_started_at", to=began, reason=reason, by=by, at=at)
