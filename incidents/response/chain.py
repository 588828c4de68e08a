"""The timeline's seals; the words of an event are vouched for by the digest that the event keeps."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from incidents.response.models import Incident, TimelineEvent, TimelineText
from incidents.response.states import Kind
from incidents.response.timeline import digest
from opsportal.audit.models import AuditEvent
from opsportal.audit.queries import last_verification
from opsportal.seals.actions import unsealed
from opsportal.seals.chains import Chain, register


def spoiled(ids: Sequence[int]) -> set[int]:
    """Events, of those given, whose words are other than those recorded, or gone without a redaction that says so."""
    events = TimelineEvent.objects.filter(pk__in=ids).exclude(text_digest="").values_list("pk", "text_digest")
    texts = TimelineText.objects.filter(event__in=ids).values_list("event_id", "salt", "body")
    words = {event: digest(salt, body) for event, salt, body in texts}
    bad = {event for event, recorded in events if words.get(event) != recorded}
    return bad - _redacted(bad - words.keys())


def _redacted(ids: Set[int]) -> set[int]:
    """Those whose words were removed by an event of the timeline."""
    if not ids:
        return set()
    removals = TimelineEvent.objects.filter(kind=Kind.REDACTION, corrects__in=ids)
    return {event for event in removals.values_list("corrects", flat=True) if event is not None}


CHAIN = Chain(
    name="timeline",
    model=TimelineEvent,
    forms=(
        (
            *("id", "incident_id", "kind", "source", "actor_id", "occurred_at", "recorded_at"),
            *("old", "new", "text_digest"),
        ),
        (
            *("id", "incident_id", "kind", "source", "actor_id", "occurred_at", "recorded_at"),
            *("old", "new", "text_digest", "corrects_id", "check_back_at"),
        ),
        (
            *("id", "incident_id", "kind", "source", "actor_id", "occurred_at", "recorded_at"),
            *("old", "new", "text_digest", "corrects_id", "check_back_at", "about"),
        ),
    ),
    spoiled=spoiled,
)


@dataclass(frozen=True)
class Standing:
    """How many rows of one incident wait for their seal, and what the last verification of the chain found."""

    unsealed: int
    verified_at: datetime | None
    first_bad: str


def standing(incident: Incident) -> Standing:
    """Two queries and no walk: the chain is verified by a worker and by `timeline_verify`."""
    last = last_verification(CHAIN.name)
    waiting = unsealed(CHAIN).filter(incident=incident).count()
    first_bad = last.reason.rpartition("first_bad=")[2] if last and last.result != AuditEvent.Result.OK else ""
    return Standing(waiting, last.at if last else None, first_bad)


def keep() -> None:
    """Called once, when the app is ready."""
    register(CHAIN)
