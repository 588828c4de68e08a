"""What each public page shows, worked out before any template sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from gettext import NullTranslations
from itertools import groupby

from incidents.statuspage import bars, documents, language, looks, rollup
from incidents.statuspage.content import Affected, Component, Content, Incident, Link, Update
from incidents.statuspage.looks import Look

PAST_DAYS = 7
CARD_UPDATES = 5
WATCHED = "An incident is being watched"


@dataclass(frozen=True)
class Frame:
    """What stands around every page. A page that cannot change by itself has no `as_of`."""

    name: str
    url: str
    css: str
    icon: str
    as_of: datetime | None
    logo: str = ""
    links: tuple[Link, ...] = ()
    footer: str = ""
    language: str = "en"

    @property
    def origin(self) -> str:
        """Scheme and host, for programs that want whole addresses."""
        return self.url.removesuffix("/status")

    @property
    def above(self) -> list[Link]:
        return [one for one in self.links if one.place == "header"]

    @property
    def below(self) -> list[Link]:
        return [one for one in self.links if one.place == "footer"]


@dataclass(frozen=True)
class Change:
    """One component in an update: from which status to which."""

    name: str
    old: Look
    new: Look


@dataclass(frozen=True)
class Entry:
    """An update with what it changed; only the newest one of an open incident still promises anything.

    A promise whose time has passed `is_late`.
    """

    update: Update
    changes: tuple[Change, ...]
    next_update_at: datetime | None
    is_late: bool = False

    @property
    def word(self) -> str:
        return looks.word_of(self.update.status)


@dataclass(frozen=True)
class Card:
    """An incident as readers see it. `hidden` counts older updates that only its own page shows."""

    incident: Incident
    look: Look
    entries: tuple[Entry, ...]
    hidden: int
    components: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Span:
    """Days in a row that were not well and all alike; of a single day `last` is None."""

    first: date
    last: date | None
    look: Look


@dataclass(frozen=True)
class Line:
    """A component with its ninety days. Coordinates: six units a day, 28 high, notches cut from the top.

    `uptime` is empty without data. `spans` are the days that were not well, the newest first.
    """

    component: Component
    look: Look
    marks: tuple[tuple[str, str], ...]
    sentence: str
    uptime: str
    spans: tuple[Span, ...] = ()

    @property
    def is_well(self) -> bool:
        return self.component.status == rollup.OPERATIONAL and self.component.unknown_since is None


@dataclass(frozen=True)
class Group:
    """Components under one heading."""

    name: str
    lines: tuple[Line, ...]
    affected: int


@dataclass(frozen=True)
class PastDay:
    """A day of the recent past: what ended on it, and what went on over its midnight."""

    on: date
    incidents: tuple[Card, ...]
    ongoing: tuple[Incident, ...]


@dataclass(frozen=True)
class Index:
    """The first page."""

    headline: str
    sentence: str
    look: Look
    next_update_at: datetime | None
    is_late: bool
    open: tuple[Card, ...]
    groups: tuple[Group, ...]
    legend: tuple[Look, ...]
    past: tuple[PastDay, ...]
    formula: str = bars.FORMULA
    days: int = bars.DAYS

    @property
    def small(self) -> str:
        """The headline within a sentence."""
        return self.headline.lower()


def index(content: Content, *, at: datetime) -> Index:
    """Verdict first, then what is open, then every component, then the last days."""
    overall = documents.overall(content)
    headline, look = overall.description.capitalize(), looks.INDICATOR[overall.indicator]
    if overall == rollup.UNKNOWN:
        look = looks.UNKNOWN
    if content.open_incidents and overall == rollup.ALL_WELL:
        headline, look = WATCHED, looks.IMPACT["none"]
    promised = min((one.next_update_at for one in content.open_incidents if one.next_update_at), default=None)
    return Index(
        headline=headline,
        sentence=_sentence(content, at),
        look=look,
        next_update_at=promised,
        is_late=_is_late(promised, at),
        open=tuple(card(content, one, limit=CARD_UPDATES, at=at) for one in content.open_incidents),
        groups=tuple(_groups(content, at)),
        legend=(*looks.COMPONENT.values(), looks.NO_DATA),
        past=tuple(_past(content, at)),
    )


def card(content: Content, incident: Incident, *, limit: int | None, at: datetime) -> Card:
    """An incident with its newest updates; all of them when there is no limit."""
    shown = incident.updates if limit is None else incident.updates[:limit]
    promises = [incident.next_update_at, *[None] * len(shown)]
    found = (content.component(public_id) for public_id in incident.component_ids)
    return Card(
        incident=incident,
        look=looks.IMPACT[incident.impact] if incident.is_open else looks.RESOLVED,
        entries=tuple(
            Entry(update, tuple(map(change, update.affected)), due, _is_late(due, at))
            for update, due in zip(shown, promises, strict=False)
        ),
        hidden=len(incident.updates) - len(shown),
        components=(*(component.full_name for component in found if component), *incident.former),
        language=content.look.language,
    )


def _is_late(due: datetime | None, at: datetime) -> bool:
    return due is not None and due <= at


def change(affected: Affected) -> Change:
    return Change(affected.name, looks.COMPONENT[affected.old_status], looks.COMPONENT[affected.new_status])


def _sentence(content: Content, at: datetime) -> str:
    """Which components are not as they should be: "API and Ingest are affected. Export is unknown since 02:10 UTC." """
    words = language.of(content.look.language)
    names = [one.name for one in content.components if one.status not in (rollup.OPERATIONAL, rollup.MAINTENANCE)]
    affected = words.ngettext("{} is affected.", "{} are affected.", len(names)).format(listed(names, words))
    silent = [
        words.gettext("{name} is unknown since {moment}.").format(
            name=one.name, moment=_since(one.unknown_since, at, words)
        )
        for one in content.components
        if one.unknown_since
    ]
    return " ".join([*([affected] if names else []), *silent])


def _since(since: datetime, at: datetime, words: NullTranslations = language.ENGLISH) -> str:
    """
    >>> _since(datetime(2026, 11, 21, 2, 10, tzinfo=UTC), datetime(2026, 11, 21, 3, 0, tzinfo=UTC))
    '02:10 UTC'
    """
    since, is_today = since.astimezone(UTC), since.astimezone(UTC).date() == at.astimezone(UTC).date()
    return f"{since:%H:%M} UTC" if is_today else language.moment(since, words)


def listed(names: list[str], words: NullTranslations = language.ENGLISH) -> str:
    """
    >>> listed(["API", "Ingest", "Dashboard"])
    'API, Ingest and Dashboard'
    """
    *first, last = names or [""]
    return words.gettext("{} and {}").format(", ".join(first), last) if first else last


def _groups(content: Content, at: datetime) -> Iterable[Group]:
    on_page = [one for one in content.components if not one.is_hidden]
    words = language.of(content.look.language)
    for name, members in groupby(on_page, key=lambda one: one.group_name):
        lines = tuple(_line(component, at, words) for component in members)
        yield Group(name, lines, sum(not line.is_well for line in lines))


def _line(component: Component, at: datetime, words: NullTranslations) -> Line:
    bar = bars.days(component.stretches, at=at, records=component.records)
    share = bars.uptime(bar)
    return Line(
        component=component,
        look=_look(component, at, words),
        marks=tuple(_marks(bars.runs(bar))),
        sentence=bars.sentence(component.name, bar, words),
        uptime="" if share is None else _per_cent(share, words),
        spans=tuple(_spans(bar))[::-1],
    )


def _spans(bar: Sequence[bars.Day]) -> Iterable[Span]:
    for run in bars.runs(bar):
        if run.status != rollup.OPERATIONAL:
            first, last = bar[run.first].on, bar[run.first + run.length - 1].on
            yield Span(first, last if last != first else None, looks.of_day(run.status))


def _per_cent(share: float, words: NullTranslations) -> str:
    whole, part = f"{share:.2f}".split(".")
    return words.gettext("{whole}.{part} %").format(whole=whole, part=part)


def _look(component: Component, at: datetime, words: NullTranslations) -> Look:
    """What nobody has looked at for too long is not said to be as it was."""
    if component.unknown_since is None:
        return looks.COMPONENT[component.status]
    moment = _since(component.unknown_since, at, words)
    return replace(looks.UNKNOWN, word=words.gettext("Unknown since {}").format(moment))


def _marks(runs: Iterable[bars.Run]) -> Iterable[tuple[str, str]]:
    """(class, path) of each status: one dashed stroke draws all its days, another cuts the notches.

    The dashes come from the stylesheet: 4.4 units of bar, 1.6 of gap. A day without data is a stub.
    """
    found: dict[str, str] = {}
    for run in runs:
        look = looks.of_day(run.status)
        x, width = run.first * 6, run.length * 6
        stroke = f"M{x} {23 if run.status is None else 14}h{width - 1.6:g}"
        found[f"bar bar--{look.kind}"] = found.get(f"bar bar--{look.kind}", "") + stroke
        found["cut"] = found.get("cut", "") + "".join(f"M{x} {4.5 + 6 * n:g}h{width}" for n in range(look.notches))
    notches = found.pop("cut", "")
    return [*found.items(), *([("cut", notches)] if notches else [])]


def _past(content: Content, at: datetime) -> Iterable[PastDay]:
    """The last days, today first; an incident stands on the day on which it ended, and is named on those before."""
    today = at.astimezone(UTC).date()
    for back in range(PAST_DAYS):
        on = today - timedelta(days=back)
        met = [one for one in content.incidents if one.published_at.astimezone(UTC).date() <= on]
        ended = (one for one in met if one.resolved_at and one.resolved_at.astimezone(UTC).date() == on)
        ongoing = (
            one for one in met if one.is_open or (one.resolved_at and one.resolved_at.astimezone(UTC).date() > on)
        )
        yield PastDay(on, tuple(card(content, one, limit=1, at=at) for one in ended), tuple(ongoing))
