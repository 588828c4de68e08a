"""Full-text search over this wing, ranked by PostgreSQL and bounded."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import Case, Q, TextField, Value, When
from django.db.models.functions import Concat

from incidents.ownership.models import Domain
from incidents.postmortems.models import Postmortem, PostmortemQuerySet
from incidents.postmortems.vectors import REPORT
from incidents.response import words
from incidents.response.models import Incident, TimelineText
from incidents.response.states import Kind
from incidents.response.vectors import BODY, CONFIG, HEAD
from incidents.runbooks import queries as runbooks
from incidents.runbooks.models import Runbook
from incidents.runbooks.vectors import RUNBOOK
from opsportal.models import User

LONGEST = words.LONGEST
_INCIDENTS, _TEXTS, _REPORTS, _RUNBOOKS, _TOP, _TOP_RUNBOOKS = 20, 20, 10, 10, 6, 4
# Ranking reads a hit's words again: of very common words, the newest hits are ranked.
_RANKED = 500
_OPEN, _CLOSE = "\x02", "\x03"
# What Markdown says with signs; around a hit they would only be noise: "[lower the limits](/settings/limits/)".
_SIGNS = re.compile(r"\*\*|`+|\[(?=[^\]]*\]\()|\]\([^)\s]*\)?")


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
class FoundReport:
    """A post-mortem and the words around the hit."""

    report: Postmortem
    pieces: list[Piece]


@dataclass(frozen=True)
class FoundRunbook:
    """A runbook and the words around the hit."""

    runbook: Runbook
    pieces: list[Piece]


@dataclass(frozen=True)
class Results:
    """Hits by kind, the best first."""

    incidents: list[Incident]
    texts: list[Found]
    reports: list[FoundReport]
    runbooks: list[FoundRunbook]
    domains: list[Domain]

    @property
    def total(self) -> int:
        found = (self.incidents, self.texts, self.reports, self.runbooks, self.domains)
        return sum(len(one) for one in found)


def search(typed: str, person: User) -> Results:
    """Incidents by title and summary, timelines, reports and runbooks by their words, domains by name.

    Every source is ranked by PostgreSQL over its newest hits. A further one gets an expression in a vectors.py, an
    index for it in its models, and a function here.
    """
    typed = typed.strip()[: words.LONGEST]
    if not typed:
        return Results([], [], [], [], [])
    query = words.question(typed)
    return Results(
        incidents(typed, query, _INCIDENTS, person),
        _texts(query, person),
        _reports(query, person),
        _runbooks(query),
        _domains(typed),
    )


def top(typed: str, person: User) -> list[Incident]:
    """The few best incidents, while somebody still types."""
    return incidents(typed, words.question(typed), _TOP, person) if typed else []


def top_runbooks(typed: str) -> list[Runbook]:
    """The few best runbooks, while somebody still types."""
    return ranked_runbooks(words.question(typed), _TOP_RUNBOOKS) if typed else []


def incidents(typed: str, query: SearchQuery, limit: int, person: User) -> list[Incident]:
    """The best of what this person may see, by title and summary; a number such as INC-12 comes first."""
    newest = words.heads(query).visible_to(person).order_by("-number").values("pk")[:_RANKED]
    wanted = Q(pk__in=newest)
    if (number := words.number_in(typed)) is not None:
        wanted |= Q(number=number)
    exact = Case(When(number=number or 0, then=1), default=0)
    found = Incident.objects.visible_to(person).filter(wanted).annotate(exact=exact, rank=SearchRank(HEAD, query))
    return list(found.select_related("domain").order_by("-exact", "-rank", "-number")[:limit])


def _texts(query: SearchQuery, person: User) -> list[Found]:
    # The words of a tick are the checklist's own, the same in every incident.
    hidden = Incident.objects.hidden_from(person)
    spoken = words.texts(query).exclude(event__kind=Kind.CHECKLIST).exclude(event__incident__in=hidden)
    newest = spoken.order_by("-event_id").values("pk")[:_RANKED]
    hits = TimelineText.objects.filter(pk__in=newest).annotate(rank=SearchRank(BODY, query))
    best = hits.select_related("event__incident").order_by("-rank", "-event_id")[:_TEXTS]
    return [
        Found(one.event.incident, one.event_id, one.event.occurred_at, pieces(one.headline))
        for one in best.annotate(headline=_headline("body", query))
    ]


def _reports(query: SearchQuery, person: User) -> list[FoundReport]:
    """What earlier incidents taught; drafts count, since the team writes them for the team."""
    newest = reports_with(query).visible_to(person).order_by("-pk").values("pk")[:_RANKED]
    hits = Postmortem.objects.filter(pk__in=newest).annotate(rank=SearchRank(REPORT, query))
    best = hits.select_related("incident").order_by("-rank", "-pk")[:_REPORTS]
    told = Concat("summary", Value(" "), "root_cause", Value(" "), "mitigation", output_field=TextField())
    heads = dict(best.annotate(headline=_headline(told, query)).values_list("pk", "headline"))
    return [FoundReport(one, pieces(heads[one.pk])) for one in best]


def _runbooks(query: SearchQuery) -> list[FoundRunbook]:
    """What to do; all that are in use, since anybody may read them."""
    best = ranked_runbooks(query, _RUNBOOKS)
    mine = Runbook.objects.filter(pk__in=[one.pk for one in best])
    heads = dict(mine.annotate(headline=_headline("body", query)).values_list("pk", "headline"))
    return [FoundRunbook(one, pieces(plain(heads[one.pk]))) for one in best]


def ranked_runbooks(query: SearchQuery, limit: int) -> list[Runbook]:
    """Title before tokens before text."""
    hits = runbooks.with_words(query).annotate(rank=SearchRank(RUNBOOK, query)).select_related("domain")
    return list(hits.defer("body").order_by("-rank", "pk")[:limit])


def reports_with(query: SearchQuery) -> PostmortemQuerySet:
    """Reports whose words answer."""
    found: PostmortemQuerySet = Postmortem.objects.alias(words=REPORT).filter(words=query)
    return found


def _headline(text: "str | Concat", query: SearchQuery) -> SearchHeadline:
    return SearchHeadline(text, query, config=CONFIG, start_sel=_OPEN, stop_sel=_CLOSE, max_words=30, min_words=12)


def _domains(typed: str) -> list[Domain]:
    like = Q(name__icontains=typed) | Q(primary__icontains=typed) | Q(backup__icontains=typed)
    return list(Domain.objects.filter(like).order_by("position")[:10])


def plain(markdown: str) -> str:
    """A stretch of a runbook without the signs of Markdown; it may begin or end within a link."""
    return _SIGNS.sub("", markdown)


def pieces(headline: str) -> list[Piece]:
    """Cut a headline at its marks, so that the template can escape it: "a \\x02b\\x03" is a, then b as a hit."""
    found = []
    for stretch in headline.split(_OPEN):
        hit, closed, rest = stretch.partition(_CLOSE)
        found += [Piece(hit, is_hit=True), Piece(rest, is_hit=False)] if closed else [Piece(stretch, is_hit=False)]
    return [one for one in found if one.text]
