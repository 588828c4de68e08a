"""Full text: how words that somebody types become a question to PostgreSQL."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from incidents.response.models import Incident, IncidentQuerySet, TimelineText
from incidents.response.vectors import BODY, CONFIG, HEAD

LONGEST = 200
_UNKNOWN = re.compile(r"[^\w\s\"'@#.,:/+-]+")
_MINUS = re.compile(r"(?:\s|(?<=\"))[-\s]*-[-\s]*")
_LAST = re.compile(r"(?:^|\s)(\w{2,40})$")


def question(words: str) -> SearchQuery:
    """As search engines read it: quotes keep together, a minus leaves out, `or`; the last word may be only begun."""
    words = _plain(words)
    whole = SearchQuery(words, search_type="websearch", config=CONFIG)
    last = _LAST.search(words)
    if last is None or words.count('"') % 2 or last[1].lower() == "or":
        return whole
    begun = SearchQuery(f"'{last[1]}':*", search_type="raw", config=CONFIG)
    before = words[: last.start(1)].strip()
    if before and not before.lower().endswith(" or"):
        begun = SearchQuery(before, search_type="websearch", config=CONFIG) & begun
    return whole | begun


def _plain(words: str) -> str:
    """Words, quotes, single minus signs: on a pile of them PostgreSQL gives up ("tsquery stack too small")."""
    known = _UNKNOWN.sub(" ", words[:LONGEST])
    return _MINUS.sub(" -", f" {known}").strip()


def number_in(words: str) -> int | None:
    """12 for INC-12, inc-12 and 12."""
    number = words.strip().upper().removeprefix("INC-")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else None


def heads(query: SearchQuery) -> IncidentQuerySet:
    """Incidents whose title or summary answers."""
    found: IncidentQuerySet = Incident.objects.alias(head=HEAD).filter(head=query)
    return found


def texts(query: SearchQuery) -> "QuerySet[TimelineText]":
    """Words of timelines that answer."""
    return TimelineText.objects.alias(words=BODY).filter(words=query)


def matching(incidents: IncidentQuerySet, words: str) -> IncidentQuerySet:
    """Those whose title, summary or timeline holds the words, or whose number they are."""
    query = question(words)
    found = Q(pk__in=heads(query).values("pk").union(texts(query).values("event__incident")))
    if (number := number_in(words)) is not None:
        found |= Q(number=number)
    return incidents.filter(found)
