"""Facts of the impact: what is hit, how much, which versions, and the times. No names, only buckets.

The old and new of the events are a contract: `scope API, DB`, `share below_10`, `versions 4.2`, `mitigated 2026-…`,
and of a corrected time `impact_started_at 2026-11-21T03:12:00Z` before and after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from incidents.response import timeline
from incidents.response.models import Incident, ScopeArea, TimelineEvent
from incidents.response.states import Kind, Status
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard

_VALUE = 140
# The times that a person may correct; all others are when somebody did something here.
TIMES = {
    "impact_started_at": "Impact began",
    "detected_at": "Detected",
    "mitigated_at": "Mitigated",
    "resolved_at": "Resolved",
}
_NOT_YET = {
    "mitigated_at": ("NOT_MITIGATED", "It is not mitigated yet. Say so first."),
    "resolved_at": ("NOT_RESOLVED", "The incident still runs. Resolve it first."),
}


@dataclass(frozen=True)
class Impact:
    """What is hit, in words; names of areas stand in the order of the list."""

    scope: tuple[str, ...] = ()
    share: str = ""
    versions: str = ""

    @property
    def mark(self) -> str:
        """What a form carries to know that nobody changed it meanwhile."""
        return "|".join((",".join(self.scope), self.share, self.versions))

    @property
    def told(self) -> dict[str, str]:
        """Each fact as the timeline writes it."""
        facts = {"scope": ", ".join(self.scope), "share": self.share, "versions": self.versions}
        return {what: value[:_VALUE] for what, value in facts.items()}


def of(incident: Incident) -> Impact:
    """As it stands."""
    areas = incident.scope.order_by("position", "name").values_list("name", flat=True)
    return Impact(tuple(areas), incident.affected_share, incident.affected_versions)


@transaction.atomic
def write(
    incident: Incident, *, scope: Iterable[ScopeArea], share: str, versions: str, by: User, at: datetime, seen: str
) -> list[TimelineEvent]:
    """Say what is hit; one event for each fact that is another now. `seen` is the mark of what they saw."""
    incident = _locked(incident)
    before = of(incident)
    if before.mark != seen:
        raise Conflict(
            "IMPACT_CHANGED", "Somebody else wrote down the impact meanwhile. Look at theirs, then send yours."
        )
    if share not in set(Incident.Share):
        raise Refused("SHARE_UNKNOWN", "Choose one of the shares.")
    guard.require_clean(versions)
    incident.scope.set(scope)
    incident.affected_share, incident.affected_versions = Incident.Share(share), versions.strip()
    incident.save(update_fields=["affected_share", "affected_versions"])
    after = of(incident).told
    changed = [(what, old, after[what]) for what, old in before.told.items() if old != after[what]]
    if not changed:
        raise Refused("IMPACT_UNCHANGED", "Nothing is different from what stands there.")
    return [
        timeline.record(incident, Kind.IMPACT, by=by, at=at, old=f"{what} {old}".strip(), new=f"{what} {new}".strip())
        for what, old, new in changed
    ]


@transaction.atomic
def mitigate(incident: Incident, *, by: User, at: datetime, occurred_at: datetime | None = None) -> TimelineEvent:
    """Say that it stopped hurting; later the time is only corrected."""
    incident = _locked(incident)
    moment = occurred_at or at
    if incident.mitigated_at is not None:
        raise Refused("ALREADY_MITIGATED", "It is mitigated already. Correct the time if it is wrong.")
    require_order(incident, {"mitigated_at": moment}, at=at)
    incident.mitigated_at = moment
    incident.save(update_fields=["mitigated_at"])
    return timeline.record(
        incident, Kind.IMPACT, by=by, at=at, new=f"mitigated {written(moment)}", occurred_at=occurred_at
    )


@transaction.atomic
def correct_time(incident: Incident, what: str, *, to: datetime, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Put a time right: the timeline keeps the old one, the new one and why."""
    incident = _locked(incident)
    if what not in TIMES:
        raise Refused("TIME_UNKNOWN", "Only the times of impact, detection, mitigation and end are corrected.")
    old: datetime | None = getattr(incident, what)
    if old is None:
        raise Refused(*_NOT_YET[what])
    if not reason.strip():
        raise Refused("REASON_MISSING", "Say why the time is another one.")
    if to == old:
        raise Refused("TIME_UNCHANGED", "That is the time that stands there.")
    require_order(incident, {what: to}, at=at)
    setattr(incident, what, to)
    incident.save(update_fields=[what])
    return timeline.record(
        incident, Kind.CORRECTION, by=by, at=at, text=reason.strip(),
        old=f"{what} {written(old)}", new=f"{what} {written(to)}",
    )  # fmt: skip


def require_order(incident: Incident, changed: dict[str, datetime], *, at: datetime) -> None:
    """Refuse times that cannot be: began, then detected, then declared; mitigated after it began, before it ended.

    It ends after it was last reopened, and before it was closed.
    """
    began, detected = (changed.get(name, getattr(incident, name)) for name in ("impact_started_at", "detected_at"))
    mitigated = changed.get("mitigated_at", incident.mitigated_at)
    if any(moment > at for moment in changed.values()):
        raise Refused("TIME_IN_FUTURE", "That time has not come yet. Say when it happened, in UTC.")
    if not began <= detected <= incident.declared_at:
        raise Refused("TIMES_OUT_OF_ORDER", "It begins, somebody notices, then it is declared: keep that order.")
    if mitigated is not None and mitigated < began:
        raise Refused("TIMES_OUT_OF_ORDER", "It cannot be mitigated before it began.")
    ended = changed.get("resolved_at", incident.resolved_at)
    if ended is None:
        return
    if detected > ended or (mitigated is not None and mitigated > ended):
        raise Refused("TIMES_OUT_OF_ORDER", "It is resolved when it is detected and mitigated, or later.")
    if "resolved_at" in changed:
        _require_last_end(incident, ended)


def _require_last_end(incident: Incident, ended: datetime) -> None:
    reopenings = incident.timeline.filter(kind=Kind.STATUS, old=Status.RESOLVED).order_by("-id")
    reopened_at = reopenings.values_list("occurred_at", flat=True).first()
    if reopened_at is not None and ended < reopened_at:
        raise Refused("TIMES_OUT_OF_ORDER", "It was reopened after that. Say when it was over for the last time.")
    if incident.closed_at is not None and ended > incident.closed_at:
        raise Refused("TIMES_OUT_OF_ORDER", "It is closed when it is resolved or later.")


def proposed_mitigation(incident: Incident) -> datetime | None:
    """When it went to Monitoring, while nobody has said that it is mitigated; else nothing to propose."""
    if incident.mitigated_at is not None or incident.status not in (Status.MONITORING, Status.RESOLVED):
        return None
    moves = incident.timeline.filter(kind=Kind.STATUS, new__in=(Status.MONITORING, Status.RESOLVED))
    return moves.order_by("-recorded_at", "-id").values_list("occurred_at", flat=True).first()


def written(moment: datetime) -> str:
    """2026-11-21T03:12:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _locked(incident: Incident) -> Incident:
    return Incident.objects.select_for_update().get(pk=incident.pk)
