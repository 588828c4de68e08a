"""The timeline's seals; the words of an event are vouched for by the digest that the event keeps."""

from collections.abc import Sequence

from incidents.response.models import TimelineEvent, TimelineText
from incidents.response.timeline import digest
from opsportal.seals.chains import Chain, register


def spoiled(ids: Sequence[int]) -> set[int]:
    """Events, of those given, whose words are gone or other than those that were recorded."""
    events = TimelineEvent.objects.filter(pk__in=ids).exclude(text_digest="").values_list("pk", "text_digest")
    texts = TimelineText.objects.filter(event__in=ids).values_list("event_id", "salt", "body")
    words = {event: digest(salt, body) for event, salt, body in texts}
    return {event for event, recorded in events if words.get(event) != recorded}


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
    ),
    spoiled=spoiled,
)


def keep() -> None:
    """Called once, when the app is ready."""
    register(CHAIN)
