"""What readers should hear beyond the page. Rooms above carry it to them; this room only says that there is news.

A call goes out in the transaction of the change itself, so news and change are kept or lost together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.statuspage import language, load, looks
from incidents.statuspage.models import StatusUpdate


@dataclass(frozen=True)
class News:
    """One thing to tell, in public words only.

    `key` is its identity (`status_update:<public id>`): the same key again is the same news. What shares a `topic` (an
    incident, a maintenance) is told in one message when it follows quickly. `path` is its page below BASE_URL;
    `component_ids` decide whom it reaches.
    """

    key: str
    topic: str
    title: str
    word: str
    text: str
    path: str
    component_ids: tuple[str, ...]
    at: datetime


listeners: list[Callable[[News], Any]] = []
takers_back: list[Callable[..., Any]] = []


def tell(news: News) -> None:
    """There is something to hear. Inside the transaction that made it; safe to say twice."""
    for listener in listeners:
        listener(news)


def take_back(key: str, *, at: datetime) -> None:
    """It was a mistake: whoever has not heard it yet shall not. Inside the transaction that took it off the page."""
    for taker in takers_back:
        taker(key, at=at)


def of_update(update: StatusUpdate, component_ids: Iterable[str], *, at: datetime) -> News:
    """An incident's update as a message: its words, what it changed, what it promises; in the page's language."""
    public, words, due = update.public_incident, load.words(), update.next_update_at
    changes = [
        f"{one.name}: {words.gettext(looks.COMPONENT[one.new_status].small)}"
        for one in load.affected(update.affected_components)
    ]
    promise = [words.gettext("Next update by {}.").format(language.moment(due, words))] if due else []
    return News(
        key=update.outbox_event,
        topic=f"incident:{public.public_id}",
        title=public.name,
        word=words.gettext(looks.word_of(update.status)),
        text="\n\n".join(part for part in (update.body, "\n".join(changes), *promise) if part),
        path=f"/status/incidents/{public.public_id}/",
        component_ids=tuple(component_ids),
        at=at,
    )
