"""Reads of the audit log: the screen's rows, the export's, and what the chains were found to be."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.http import QueryDict

from opsportal.audit.models import AuditEvent
from opsportal.seals.chains import all_chains
from opsportal.seals.models import Seal

SHOWN = 50
EXPORTED = 100_000
PERIODS = {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30), "all": None}
PERIOD_WORDS = {"24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days", "all": "Since the beginning"}
USUAL_PERIOD = "30d"
VERIFY = "chain.verify"
_ACT = re.compile(r"[a-z0-9_.]{1,64}")
_STEP = 1_000


@dataclass(frozen=True)
class Filters:
    """What the address asks for. `act` is an act such as user.role, or its family such as user."""

    words: str = ""
    actor: str = ""
    act: str = ""
    result: str = ""
    source: str = ""
    period: str = USUAL_PERIOD

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        """What is not understood is left out, so that an old link still shows something."""
        period, result, act = query.get("time", ""), query.get("result", ""), query.get("act", "")
        source = query.get("source", "")
        return cls(
            words=query.get("q", "").strip()[:100],
            actor=query.get("actor", "").strip()[:64],
            act=act if _ACT.fullmatch(act) else "",
            result=result if result in AuditEvent.Result.values else "",
            source=source if source in AuditEvent.Source.values else "",
            period=period if period in PERIODS else USUAL_PERIOD,
        )

    def address(self, **changes: str) -> str:
        """The same filters as a query string, with these changed."""
        mine = {"q": self.words, **self._named()}
        return urlencode({name: value for name, value in {**mine, **changes}.items() if value})

    @property
    def spoken(self) -> str:
        """For the line that this reading leaves; the words that were looked for are not repeated."""
        asked = " ".join(f"{name}={value}" for name, value in self._named().items() if value)
        return (asked + (" and words" if self.words else ""))[:128]

    def _named(self) -> dict[str, str]:
        """All but the words, by their names in the address."""
        mine = {"actor": self.actor, "act": self.act, "result": self.result, "source": self.source}
        return {**mine, "time": self.period}


@dataclass(frozen=True)
class ChainState:
    """What the last verification of one chain found."""

    name: str
    token: str
    at: datetime | None
    is_whole: bool
    seals: int
    sealed_at: datetime | None
    head: str


@dataclass(frozen=True)
class Day:
    """The last 24 hours in numbers."""

    acts: int
    denied: int
    view_as: int
    links: int


def matching(filters: Filters) -> QuerySet[AuditEvent]:
    """The rows of the filters, newest first."""
    rows = AuditEvent.objects.order_by("-id")
    period = PERIODS[filters.period]
    if period:
        rows = rows.filter(at__gte=Now() - period)
    if filters.actor:
        rows = rows.filter(actor=filters.actor)
    if filters.act:
        rows = rows.filter(Q(act=filters.act) | Q(act__startswith=f"{filters.act}."))
    if filters.result:
        rows = rows.filter(result=filters.result)
    if filters.source:
        rows = rows.filter(source=filters.source)
    for word in filters.words.split()[:5]:
        rows = rows.filter(_holds(word))
    return rows


def _holds(word: str) -> Q:
    return Q(actor__icontains=word) | Q(act__icontains=word) | Q(object__icontains=word) | Q(reason__icontains=word)


def page(filters: Filters, *, before: int | None) -> tuple[list[AuditEvent], int | None]:
    """One page, and the key of the next when there is more. By key: rows that arrive meanwhile shift nothing."""
    rows = matching(filters)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: SHOWN + 1])
    return found[:SHOWN], found[SHOWN - 1].pk if len(found) > SHOWN else None


def everything(filters: Filters) -> Iterator[AuditEvent]:
    """All rows for an export, up to a bound, in small queries, so that nothing is held open meanwhile."""
    rows, last, left = matching(filters), None, EXPORTED
    while left > 0:
        batch = list((rows.filter(id__lt=last) if last else rows)[: min(_STEP, left)])
        yield from batch
        if len(batch) < _STEP:
            return
        last, left = batch[-1].pk, left - len(batch)


def chain_states() -> list[ChainState]:
    """Each chain with its last verification and its newest seal."""
    return [_chain_state(chain.name) for chain in all_chains()]


def acts_by(names: Iterable[str], since: datetime, until: datetime) -> tuple[int, int]:
    """How many acts these did, and how many of them did any; coming and going is none. Counts, for a sheet that people
    read who may not read the log.
    """
    rows = AuditEvent.objects.filter(at__gt=since, at__lte=until, actor__in=names, result=AuditEvent.Result.OK)
    rows = rows.exclude(act__startswith="sign_")
    found = rows.aggregate(acts=Count("pk"), people=Count("actor", distinct=True))
    return found["acts"], found["people"]


def acts_of(act: str, since: datetime, until: datetime) -> int:
    """How often something was done."""
    return AuditEvent.objects.filter(act=act, at__gt=since, at__lte=until).count()


def chains_whole() -> dict[str, float]:
    """1 for each chain whose last walk found it whole, 0 for one that is broken; none before its first."""
    return {chain.name: float(chain.is_whole) for chain in chain_states() if chain.at}


def last_verification(name: str) -> AuditEvent | None:
    """The line that the last walk over a chain left."""
    return AuditEvent.objects.filter(act=VERIFY, object=name).order_by("-id").first()


def _chain_state(name: str) -> ChainState:
    found = last_verification(name)
    seal = Seal.objects.filter(chain=name).order_by("-seq").first()
    return ChainState(
        name=name,
        token=found.reason if found else "",
        at=found.at if found else None,
        is_whole=found is None or found.result == AuditEvent.Result.OK,
        seals=seal.seq if seal else 0,
        sealed_at=seal.at if seal else None,
        head=f"{seal.digest[:4]} {seal.digest[4:8]}" if seal else "",
    )


def break_began(name: str) -> int:
    """The line that first said that this chain is broken, since it was last found whole."""
    found = AuditEvent.objects.filter(act=VERIFY, object=name).order_by("-id")
    whole = found.filter(result=AuditEvent.Result.OK).values_list("pk", flat=True).first() or 0
    first = found.filter(pk__gt=whole).values_list("pk", flat=True).last()
    assert first is not None, "asked before the break was written down"
    return first


def last_day() -> Day:
    """The numbers beside the list."""
    rows = AuditEvent.objects.filter(at__gte=Now() - timedelta(days=1))
    return Day(
        **rows.aggregate(
            acts=Count("pk"),
            denied=Count("pk", filter=Q(result=AuditEvent.Result.DENIED)),
            view_as=Count("pk", filter=Q(act="view_as.start", result=AuditEvent.Result.OK)),
            links=Count("pk", filter=Q(act="login_link.offer")),
        )
    )


def refused_strangers_last_minute() -> int:
    """How many lines people without an account have left in a minute."""
    return AuditEvent.objects.filter(
        at__gte=Now() - timedelta(minutes=1), actor="anonymous", result=AuditEvent.Result.DENIED
    ).count()
