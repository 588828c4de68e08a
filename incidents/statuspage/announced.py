"""What readers are told of planned work at a moment: people's words, and the sentences that follow from the window.

Beginning and end need no job and no row: once their moment has passed, the next build says so.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from incidents.statuspage import rollup, windows
from incidents.statuspage.content import Affected, Update
from incidents.statuspage.ids import stable_id
from incidents.statuspage.windows import Window

BEGUN = "The work has begun. We say here when it is done."
DONE = "The work is done."
OWN_WORDS = (BEGUN, DONE)
_USUAL, _WORK = rollup.OPERATIONAL, rollup.MAINTENANCE
# From which status to which each word moves the components.
_MOVES = {
    windows.SCHEDULED: (_USUAL, _USUAL),
    windows.IN_PROGRESS: (_USUAL, _WORK),
    windows.VERIFYING: (_WORK, _WORK),
    windows.COMPLETED: (_WORK, _USUAL),
    windows.CANCELLED: (_USUAL, _USUAL),
}


def updates(
    public_id: str, window: Window, said: Iterable[Update], *, components: Iterable[tuple[str, str]], at: datetime
) -> tuple[Update, ...]:
    """Everything said until now, newest first; `components` are (public id, full name)."""
    rows = [*by_itself(public_id, window, at), *said]
    named = tuple(components)
    found = sorted(rows, key=lambda one: (one.published_at, list(windows.WORDS).index(one.status)), reverse=True)
    return tuple(
        _with_components(one, named, is_first=one.status != _before(found, place)) for place, one in enumerate(found)
    )


def last_change(window: Window, changed_at: datetime, at: datetime) -> datetime:
    """When readers last saw something change: by a person, or because a moment of the window has passed."""
    if window.cancelled_at is not None:
        return changed_at
    return max([changed_at, *(one for one in (window.starts_at, window.closes_at) if one <= at)])


def by_itself(public_id: str, window: Window, at: datetime) -> Iterator[Update]:
    """The sentences of a beginning and an end that nobody had to say."""
    if window.cancelled_at is not None or at < window.starts_at:
        return
    yield _sentence(public_id, windows.IN_PROGRESS, BEGUN, window.starts_at)
    if window.ended_at is None and at >= window.ends_at:
        yield _sentence(public_id, windows.COMPLETED, DONE, window.ends_at)


def _sentence(public_id: str, status: str, body: str, said_at: datetime) -> Update:
    return Update(stable_id(public_id, status), status, body, said_at, None)


def _before(newest_first: list[Update], place: int) -> str:
    return newest_first[place + 1].status if place + 1 < len(newest_first) else ""


def _with_components(update: Update, components: tuple[tuple[str, str], ...], *, is_first: bool) -> Update:
    """The first word of a status moves the components; more words in it leave them where they are."""
    old, new = _MOVES[update.status]
    rows = tuple(Affected(code, name, old if is_first else new, new) for code, name in components)
    return Update(update.public_id, update.status, update.body, update.published_at, None, rows)
