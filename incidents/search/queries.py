"""Full-text search over this wing, ranked by PostgreSQL and bounded."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector
from django.db.models import Q

from incidents.ownership.models import Domain
from incidents.response.models import Incident, TimelineText
from incidents.response.states import Kind

_INCIDENTS, _TEXTS = 20, 20
_OPEN, _CLOSE = "\x02", "\x03"


@dataclass(frozen=True)
class Piece:
    """A stretch of a hit's words; the words that were looked for are marked."""

    text: str
    is_hit: bool


@dataclass(frozen=True)
class Found:
    """One hit in a timeline: where, when, and the words around it."""

    incident: Incident
    event_id: int
    at: datetime
    pieces: list[Piece]


@dataclass(frozen=True)
class Results:
    """Hits by kind, the best first."""

    incidents: list[Incident]
    texts: list[Found]
    domains: list[Domain]

    @property
    def total(self) -> int:
        return len(self.incidents) + len(self.texts) + len(self.domains)


def search(words: str) -> Results:
    """Incidents by title and summary, timelines by their words, domains by name or handle; none for no words."""
    words = words.strip()[:200]
    if not words:
        return Results([], [], [])
    query = SearchQuery(words, search_type="websearch", config="english")
    return Results(_incidents(words, query), _texts(query), _domains(words))


def _incidents(words: str, query: SearchQuery) -> list[Incident]:
    vector = SearchVector("title", weight="A", config="english") + SearchVector("summary", weight="B", config="english")
    wanted = Q(vector=query)
    if (number := words.upper().removeprefix("INC-")).isdecimal() and len(number) < 9:
        wanted |= Q(number=int(number))
    ranked = Incident.objects.annotate(vector=vector, rank=SearchRank(vector, query)).filter(wanted)
    return list(ranked.select_related("domain").order_by("-rank", "-number")[:_INCIDENTS])


def _texts(query: SearchQuery) -> list[Found]:
    vector = SearchVector("body", config="english")
    headline = SearchHeadline(
        "body", query, config="english", start_sel=_OPEN, stop_sel=_CLOSE, max_words=30, min_words=12
    )
    # The words of a tick are the checklist's own, the same in every incident.
    spoken = TimelineText.objects.exclude(event__kind=Kind.CHECKLIST)
    hits = spoken.annotate(vector=vector, rank=SearchRank(vector, query)).filter(vector=query)
    best = hits.select_related("event__incident").order_by("-rank", "-event_id")[:_TEXTS]
    return [
        Found(one.event.incident, one.event_id, one.event.occurred_at, pieces(one.headline))
        for one in best.annotate(headline=headline)
    ]


def _domains(words: str) -> list[Domain]:
    like = Q(name__icontains=words) | Q(primary__icontains=words) | Q(backup__icontains=words)
    return list(Domain.objects.filter(like).order_by("position")[:10])


def pieces(headline: str) -> list[Piece]:
    """Cut a headline at its marks, so that the template can escape it: "a \\x02b\\x03" is a, then b as a hit."""
    found = []
    for stretch in headline.split(_OPEN):
        hit, closed, rest = stretch.partition(_CLOSE)
        found += [Piece(hit, is_hit=True), Piece(rest, is_hit=False)] if closed else [Piece(stretch, is_hit=False)]
    return [one for one in found if one.text]
