"""Planned work as readers see it: what runs, what comes, and a page for each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from incidents.statuspage import announced, language, looks, pages
from incidents.statuspage.content import Content, Maintenance, Update
from incidents.statuspage.looks import Look
from incidents.statuspage.pages import Entry

# On the first page: what begins within two weeks, and not more of it than a reader takes in.
SOON = timedelta(days=14)
SHOWN = 4


@dataclass(frozen=True)
class Work:
    """One maintenance with its look and its words, newest first."""

    maintenance: Maintenance
    look: Look
    entries: tuple[Entry, ...]
    components: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Shown:
    """What the first page says of planned work; `more` counts what only the list has."""

    running: tuple[Work, ...]
    upcoming: tuple[Work, ...]
    more: int


@dataclass(frozen=True)
class Listed:
    """The page of all planned work."""

    running: tuple[Work, ...]
    upcoming: tuple[Work, ...]
    past: tuple[Work, ...]


def on_index(content: Content, *, at: datetime) -> Shown:
    upcoming = [one for one in content.maintenances if one.is_upcoming]
    shown = [one for one in _next_ones(upcoming) if one.window.starts_at <= at + SOON][:SHOWN]
    return Shown(_running(content), tuple(work(content, one) for one in shown), len(upcoming) - len(shown))


def _next_ones(upcoming: Iterable[Maintenance]) -> Iterator[Maintenance]:
    """Of what comes again, the next time alone."""
    met: set[int] = set()
    for one in upcoming:
        if one.series is None or one.series not in met:
            yield one
        met |= {one.series} if one.series is not None else set()


def listed(content: Content, *, past: int = 20) -> Listed:
    over = [one for one in content.told_maintenances if not one.is_running and not one.is_upcoming]
    return Listed(
        _running(content),
        tuple(work(content, one) for one in content.maintenances if one.is_upcoming),
        tuple(work(content, one) for one in over[:past]),
    )


def work(content: Content, planned: Maintenance) -> Work:
    found = (content.component(public_id) for public_id in planned.component_ids)
    return Work(
        maintenance=planned,
        look=looks.MAINTENANCE[planned.status],
        entries=tuple(_entry(content, update) for update in planned.updates),
        components=tuple(component.full_name for component in found if component),
        language=content.look.language,
    )


def _entry(content: Content, update: Update) -> Entry:
    """A person's words stay; the sentences that the window writes by itself are the page's own."""
    if update.body in announced.OWN_WORDS:
        update = replace(update, body=language.of(content.look.language).gettext(update.body))
    return Entry(update, tuple(map(pages.change, update.affected)), None)


def _running(content: Content) -> tuple[Work, ...]:
    return tuple(work(content, one) for one in content.maintenances if one.is_running)
