"""What the screens show: the list, one runbook with its versions and uses, and which runbooks answer to words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Count, Q
from django.http import Http404
from django.urls import reverse

from incidents.ownership.models import Domain
from incidents.runbooks import arriving, links, reading
from incidents.runbooks.links import Links
from incidents.runbooks.models import STALE_AFTER, OutsideLink, Runbook, RunbookQuerySet, RunbookUse, RunbookVersion
from incidents.runbooks.reading import Reading
from incidents.runbooks.vectors import CONFIG, RUNBOOK
from incidents.week_sections import Section

SHOWN_USES, NAMED, NEAR, ALIKE = 8, 5, 3, 3
_WORD = re.compile(r"[a-z0-9_]{2,60}")
HOUSE = "house"
# What the list can be narrowed to, in words; without one it shows what is in use.
SHOWS = {
    "stale": "Stale",
    "failing": "Failed in use",
    "dead": "Dead links",
    "newer": "Newer text",
    "retired": "Retired",
}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; it lives in the URL."""

    show: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Row:
    """A runbook of the list with the numbers of its uses."""

    runbook: Runbook
    is_stale: bool
    uses: int
    worked: int
    # The text of its last use did not work whole; the portal has a newer text.
    is_failing: bool
    is_offered: bool


@dataclass(frozen=True)
class Listing:
    """The list with the numbers of its chips, by what they show."""

    rows: list[Row]
    numbers: dict[str, int]

    @property
    def total(self) -> int:
        return self.numbers[""]

    @property
    def stale(self) -> int:
        return self.numbers["stale"]

    @property
    def retired(self) -> int:
        return self.numbers["retired"]


@dataclass(frozen=True)
class Sheet:
    """One runbook as its page shows it."""

    runbook: Runbook
    reading: Reading
    links: Links
    is_stale: bool
    # Ended ones, newest first, and those that go on.
    uses: list[RunbookUse]
    going: list[RunbookUse]
    counts: dict[str, int]
    # Links outside with what answered there, None for one that is new; the newer text of the portal.
    outside: list[tuple[str, OutsideLink | None]]
    is_offered: bool

    @property
    def dead(self) -> list[str]:
        """Every link that leads nowhere."""
        return [*self.links.dead, *(url for url, one in self.outside if one is not None and one.is_dead)]

    @property
    def used(self) -> int:
        return sum(self.counts.get(one, 0) for one in RunbookUse.SAID)


@dataclass(frozen=True)
class Answer:
    """A runbook that is offered, and why."""

    runbook: Runbook
    why: str


def listing(filters: Filters, *, at: datetime) -> Listing:
    """A fixed number of queries, however many there are: dozens, so there are no pages."""
    current, offers = Runbook.objects.current(), arriving.offers()
    failing = set(current.failing().values_list("pk", flat=True))
    shows = {
        "": current,
        "stale": current.stale(at),
        "failing": current.filter(pk__in=failing),
        "dead": current.with_dead_links(),
        "newer": current.filter(pk__in=offers),
        "retired": Runbook.objects.exclude(retired_at=None),
    }
    wanted = shows[filters.show]
    if filters.domain:
        wanted = wanted.filter(domain=None) if filters.domain == HOUSE else wanted.filter(domain__slug=filters.domain)
    said, worked = Q(uses__result__in=RunbookUse.SAID), Q(uses__result=RunbookUse.Result.WORKED)
    used = {"used": Count("uses", filter=said), "worked": Count("uses", filter=worked)}
    rows = [
        Row(
            one,
            one.is_stale(at),
            getattr(one, "used"),  # noqa: B009 - annotations, which mypy does not know
            getattr(one, "worked"),  # noqa: B009
            one.pk in failing,
            one.pk in offers,
        )
        for one in wanted.with_people().by_title().annotate(**used)
    ]
    counted = Runbook.objects.aggregate(
        retired=Count("pk", filter=~Q(retired_at=None)),
        total=Count("pk", filter=Q(retired_at=None)),
        dead=Count("pk", filter=Q(retired_at=None, dead_links__gt=0)),
        stale=Count("pk", filter=Q(retired_at=None) & (Q(verified_at=None) | Q(verified_at__lt=at - STALE_AFTER))),
    )
    return Listing(rows, {"": counted.pop("total"), "failing": len(failing), "newer": len(offers), **counted})


def runbook_or_404(slug: str) -> Runbook:
    found = Runbook.objects.with_people().filter(slug=slug).first()
    if found is None:
        raise Http404(f"runbook {slug}")
    return found


def sheet(runbook: Runbook, *, at: datetime) -> Sheet:
    """The text as steps, its links, and what became of it."""
    read = reading.read(runbook.body)
    grouped = runbook.uses.values_list("result").annotate(number=Count("pk")).order_by("result")
    uses = RunbookUse.objects.filter(runbook=runbook).with_people().newest_first()
    looked = links.look(read.links)
    asked = {one.url: one for one in OutsideLink.objects.filter(url__in=looked.outside)} if looked.outside else {}
    return Sheet(
        runbook=runbook,
        reading=read,
        links=looked,
        outside=[(url, asked.get(url)) for url in looked.outside],
        is_offered=arriving.offered(runbook) is not None,
        is_stale=runbook.is_stale(at),
        uses=list(uses.ended()[:SHOWN_USES]),
        going=list(uses.going().select_related("runbook")[:SHOWN_USES]),
        counts=dict(grouped),
    )


def uses_of(runbook: Runbook) -> list[RunbookUse]:
    """Every use, the newest first, as far back as anybody looks."""
    return list(RunbookUse.objects.filter(runbook=runbook).with_people().newest_first()[:200])


def use_or_404(runbook: Runbook, pk: int) -> RunbookUse:
    found = RunbookUse.objects.with_people().select_related("runbook").filter(runbook=runbook, pk=pk).first()
    if found is None:
        raise Http404(f"use {pk} of {runbook.slug}")
    return found


def versions_of(runbook: Runbook) -> list[RunbookVersion]:
    """Every text it had, the newest first."""
    return list(runbook.versions.select_related("by").defer("document").order_by("-number"))


def version_or_404(runbook: Runbook, number: int) -> RunbookVersion:
    found = runbook.versions.select_related("by").filter(number=number).first()
    if found is None:
        raise Http404(f"version {number} of {runbook.slug}")
    return found


def domains() -> list[Domain]:
    """What a runbook can be for, in the order of the matrix."""
    return list(Domain.objects.order_by("position", "name"))


def every_current() -> list[Runbook]:
    """All that are in use, for the export."""
    return list(Runbook.objects.current().select_related("domain").order_by("slug"))


def week_summary(start: datetime, end: datetime) -> Section:
    """What the weekly review says of runbooks: what nobody vouches for, what did not work, what leads nowhere."""
    current = Runbook.objects.current()
    ended = RunbookUse.objects.filter(ended_at__gte=start, ended_at__lt=end, result__in=RunbookUse.SAID)
    results = list(ended.values_list("result", flat=True))
    failing = sorted(current.failing().values_list("slug", flat=True))
    never = current.never_verified().count()
    counts = (
        (current.stale(end).count() - never, "not verified for 90 days"),
        (never, "never verified"),
        (current.with_dead_links().count(), "with dead links"),
        (len(arriving.offers()), "with a newer text of the portal to take or leave"),
    )
    lines = [f"{number} {words}" for number, words in counts if number]
    if results:
        lines.insert(0, f"Followed {len(results)} times, {results.count(RunbookUse.Result.WORKED)} worked")
    lines += [f"Did not work at its last use: {slug}" for slug in failing]
    return Section("Runbooks", tuple(lines), reverse("incidents:runbooks"), "All verified, none failed")


# --- which runbooks answer --------------------------------------------------------------------------------------------


def answering(texts: Iterable[str], domain: Domain | None = None) -> list[Answer]:
    """Runbooks whose tokens stand in the words of trouble, then those of its domain: one query."""
    words = _words(texts)
    named, near = [], []
    for one in Runbook.objects.current().select_related("domain").defer("body").by_title():
        hit = next((token for token in one.token_list if token in words), "")
        if hit:
            named.append(Answer(one, f"Answers {hit}"))
        elif domain is not None and one.domain_id == domain.pk:
            near.append(Answer(one, f"Of {domain}"))
    named.sort(key=lambda one: domain is None or one.runbook.domain_id not in (None, domain.pk))
    return [*named[:NAMED], *near[:NEAR]]


def by_token() -> dict[str, Runbook]:
    """The first runbook of each token, for lists that show one beside each row: one query."""
    found: dict[str, Runbook] = {}
    for one in Runbook.objects.current().exclude(tokens="").only("slug", "title", "tokens").by_title():
        for token in one.token_list:
            found.setdefault(token, one)
    return found


def first_for(texts: Iterable[str], known: dict[str, Runbook]) -> Runbook | None:
    """The runbook of the first known token in some words."""
    words = _words(texts)
    return next((one for token, one in known.items() if token in words), None)


def _words(texts: Iterable[str]) -> set[str]:
    """missing_env of "prod_config status=fail reason=missing_env"."""
    return {word for text in texts for word in _WORD.findall(text.lower())}


def alike(title: str) -> list[Runbook]:
    """The few whose words are near to what somebody types, and none that is far off the best."""
    typed = list(dict.fromkeys(re.findall(r"\w{3,40}", title[:200].lower())))[:12]
    if not typed:
        return []
    query = SearchQuery(" or ".join(typed), search_type="websearch", config=CONFIG)
    ranked = with_words(query).annotate(rank=SearchRank(RUNBOOK, query)).defer("body")
    best = list(ranked.order_by("-rank", "pk")[:ALIKE])
    ranks = [float(getattr(one, "rank")) for one in best]  # noqa: B009 - an annotation, which mypy does not know
    return [one for one, rank in zip(best, ranks, strict=True) if rank * 2 >= ranks[0]]


def with_words(query: SearchQuery) -> RunbookQuerySet:
    """Runbooks in use whose words answer."""
    found: RunbookQuerySet = Runbook.objects.current().alias(words=RUNBOOK).filter(words=query)
    return found
