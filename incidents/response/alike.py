"""Looks like: incidents whose words are near to what somebody types, so that nobody declares twice."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank

from incidents.response import words
from incidents.response.models import Incident
from incidents.response.vectors import CONFIG, HEAD
from opsportal.models import User

SHOWN = 4
# Ranking reads a hit's words again: of very common words, the newest hits are ranked.
_RANKED = 300
_WORD = re.compile(r"\w{3,40}")


def alike(title: str, person: User) -> list[Incident]:
    """The few nearest by title and summary, open ones first; tests never, and none that are far off the best."""
    typed = list(dict.fromkeys(_WORD.findall(title[: words.LONGEST].lower())))[:12]
    if not typed:
        return []
    query = SearchQuery(" or ".join(typed), search_type="websearch", config=CONFIG)
    near = words.heads(query).visible_to(person).real()
    newest = near.order_by("-number").values("pk")[:_RANKED]
    ranked = Incident.objects.filter(pk__in=newest).annotate(rank=SearchRank(HEAD, query)).select_related("domain")
    best = list(ranked.order_by("-rank", "-number")[:SHOWN])
    ranks = [float(getattr(one, "rank")) for one in best]  # noqa: B009 - an annotation, which mypy does not know
    kept = [one for one, rank in zip(best, ranks, strict=True) if rank * 2 >= ranks[0]]
    return sorted(kept, key=lambda one: not one.is_open)
