"""What was changed, by whom, what is frozen, and which version of a domain was good last."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import Http404
from django.urls import reverse

from incidents.changes.models import Change, ChangeQuerySet, ChangeStep, Freeze, Suspect
from incidents.changes.states import Kind, Result
from incidents.ownership.models import Domain
from incidents.response.models import Incident
from opsportal.models import User

PAGE = 50
EXPORTED = 20_000
_STEP = 1_000
# Of a chart's marks: how many are listed beside it, and how many have a stroke.
_LISTED, _STROKES = 12, 3_000
_DAY = timedelta(hours=24)
# How far back the list reaches, in days; 0 is everything.
DAYS = {1: "24 hours", 7: "7 days", 28: "28 days", 0: "All"}
USUAL_DAYS = 28
# In the filter, what concerns every domain.
HOUSE = "all-domains"


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; it lives in the URL and nowhere else. `before` is the key of a page."""

    kind: str = ""
    result: str = ""
    domain: str = ""
    days: int = USUAL_DAYS
    before: int | None = None

    def address(self, **changed: str | int) -> str:
        """The same filters as a query string with some changed; a page's key is never kept."""
        kept = {"kind": self.kind, "result": self.result, "domain": self.domain, "days": self.days}
        return "?" + urlencode({name: value for name, value in {**kept, **changed}.items() if value != ""})


@dataclass(frozen=True)
class Listing:
    """One page of the list. `before` is the key of the next page, None on the last."""

    rows: list[Change]
    suspects: set[int]
    before: int | None
    total: int
    lately: int
    lately_suspect: int


def listing(filters: Filters, person: User, *, at: datetime) -> Listing:
    """Newest first, planned ones of days to come on top."""
    wanted = narrowed(filters, at=at).with_domain().newest_first()
    rows = list(_below(wanted, filters.before)[: PAGE + 1])
    shown = rows[:PAGE]
    counts = Change.objects.aggregate(
        total=Count("pk"),
        lately=Count("pk", filter=Q(started_at__gt=at - _DAY, started_at__lte=at)),
        suspect=Count("pk", filter=Q(_is_suspect(person), started_at__gt=at - _DAY, started_at__lte=at)),
    )
    return Listing(
        rows=shown,
        suspects=suspected(shown, person),
        before=shown[-1].pk if len(rows) > PAGE else None,
        total=counts["total"],
        lately=counts["lately"],
        lately_suspect=counts["suspect"],
    )


def narrowed(filters: Filters, *, at: datetime | None = None) -> ChangeQuerySet:
    """The changes that the filters let through."""
    wanted: ChangeQuerySet = Change.objects.all()
    if filters.kind:
        wanted = wanted.filter(kind=filters.kind)
    if filters.result:
        wanted = wanted.filter(result=filters.result)
    if filters.domain == HOUSE:
        wanted = wanted.filter(domain=None)
    elif filters.domain:
        wanted = wanted.filter(domain__slug=filters.domain)
    if filters.days and at is not None:
        wanted = wanted.filter(started_at__gt=at - timedelta(days=filters.days))
    return wanted


def everything(filters: Filters, *, at: datetime) -> Iterator[Change]:
    """The same in small steps, up to a bound: an export never holds all of them."""
    rows, below = narrowed(filters, at=at).with_domain().newest_first(), None
    for _ in range(EXPORTED // _STEP):
        step = list(_below(rows, below)[:_STEP])
        yield from step
        if len(step) < _STEP:
            return
        below = step[-1].pk


def _below(rows: ChangeQuerySet, key: int | None) -> ChangeQuerySet:
    """What comes after that row in the order of the list."""
    last = Change.objects.filter(pk=key).first() if key else None
    if last is None:
        return rows
    return rows.filter(Q(started_at__lt=last.started_at) | Q(started_at=last.started_at, pk__lt=last.pk))


def _is_suspect(person: User) -> Exists:
    return Exists(Suspect.objects.filter(change=OuterRef("pk"), incident__in=Incident.objects.visible_to(person)))


def suspected(changes: list[Change], person: User) -> set[int]:
    """Which of them an incident suspects that this person may see."""
    seen = Suspect.objects.filter(change__in=changes, incident__in=Incident.objects.visible_to(person))
    return set(seen.values_list("change", flat=True))


def change_or_404(pk: int) -> Change:
    found = Change.objects.with_domain().select_related("takes_back").filter(pk=pk).first()
    if found is None:
        raise Http404(f"CHG-{pk}")
    return found


def steps(change: Change) -> list[ChangeStep]:
    """Its history, oldest first."""
    return list(change.steps.select_related("by").order_by("id"))


def suspecting(change: Change, person: User) -> list[Incident]:
    """The incidents that suspect it, newest first; only what this person may see."""
    return list(Incident.objects.visible_to(person).filter(suspects__change=change).newest_first())


def next_planned(at: datetime) -> Change | None:
    """The planned change that is to begin soonest, late ones first."""
    planned = Change.objects.with_domain().filter(result=Result.PLANNED, started_at__gt=at - _DAY)
    return planned.order_by("started_at", "id").first()


def changes_between(domain: Domain | None, start: datetime, end: datetime, *, most: int | None = None) -> list[Change]:
    """What began in that time in the domain or in the whole house, oldest first: marks for a chart. No planned ones.

    Of more than `most` the newest.
    """
    begun = Change.objects.touching(domain).between(start, end).exclude(result=Result.PLANNED)
    return list(begun.order_by("-started_at", "-id")[:most])[::-1]


@dataclass(frozen=True)
class Good:
    """The newest deploy of a domain that held."""

    change: Change
    domain: str


def last_good() -> list[Good]:
    """Of each domain, in the order of the matrix; the whole house last. What to go back to."""
    newest = Change.objects.good().order_by("domain", "-started_at", "-id").distinct("domain")
    found = Change.objects.filter(pk__in=newest.values("pk")).select_related("domain")
    rows = found.order_by("domain__position", "domain__name", "id")
    return [Good(one, one.where) for one in rows]


def last_good_artifacts(slugs: Iterable[str]) -> dict[str, str]:
    """The version of the newest deploy that held, by domain; those without one are left out. One query."""
    held = Change.objects.good().exclude(artifact="").filter(domain__slug__in=slugs)
    newest = held.order_by("domain", "-started_at", "-id").distinct("domain")
    return dict(newest.values_list("domain__slug", "artifact"))


def last_good_before(change: Change) -> Change | None:
    """What its place ran before it: the deploy of the same domain that held and began earlier."""
    earlier = Change.objects.good().filter(domain=change.domain, started_at__lt=change.started_at)
    return earlier.exclude(pk=change.pk).newest_first().first()


def rollback_address(bad: Change, good: Change | None) -> str:
    """The form that tells of taking it back, with what is known filled in."""
    known = {
        "kind": Kind.ROLLBACK,
        "takes_back": bad.pk,
        "domain": bad.domain.slug if bad.domain else "",
        "artifact": good.artifact if good is not None and bad.kind == Kind.DEPLOY else "",
        "what": f"Roll back {bad.label}",
        "result": Result.SUCCEEDED,
    }
    return f"{reverse('incidents:change_new')}?{urlencode({name: value for name, value in known.items() if value})}"


def undone_by(rollback: Change) -> list[Change]:
    """What a rollback took back: what it names, and the deploys since the version that it went back to.

    Of a version that nobody told of, the newest deploy that held is the one it replaces.
    """
    if rollback.kind != Kind.ROLLBACK:
        return []
    named = [rollback.takes_back] if rollback.takes_back and rollback.takes_back.may_be_taken_back else []
    if not rollback.artifact:
        return named
    held = Change.objects.good().filter(domain=rollback.domain, started_at__lte=rollback.started_at).newest_first()
    goal = held.filter(artifact=rollback.artifact).first()
    newer = held.exclude(artifact=rollback.artifact).exclude(pk__in=[one.pk for one in named])
    since = list(newer.filter(started_at__gt=goal.started_at)) if goal else ([] if named else list(newer[:1]))
    return named + since


def standing_freezes(at: datetime) -> list[Freeze]:
    """Those that hold now and those to come, soonest first."""
    return list(Freeze.objects.standing(at).select_related("domain", "made_by").soonest_first())


def freeze_or_404(pk: int) -> Freeze:
    found = Freeze.objects.select_related("domain").filter(pk=pk).first()
    if found is None:
        raise Http404(f"freeze {pk}")
    return found


def domains() -> list[Domain]:
    """What a change can be about, in the order of the matrix."""
    return list(Domain.objects.order_by("position", "name"))


def labels(changes: ChangeQuerySet) -> "QuerySet[Change, str]":
    """CHG-12 and so on, as a question of its own."""
    label: Concat = Concat(Value("CHG-"), Cast("pk", CharField()), output_field=CharField())
    return changes.annotate(subject=label).values_list("subject", flat=True)


@dataclass(frozen=True)
class Begun:
    """What began in a stretch of time, oldest first: moments of all, up to a bound that no eye could count, and the
    newest as rows for the list beside a chart."""

    moments: list[datetime]
    newest: list[Change]


def begun(domain: Domain | None, start: datetime, end: datetime) -> Begun:
    """Of a domain what touches it, of none everything; what is only planned has not begun."""
    rows = Change.objects.exclude(result=Result.PLANNED).filter(started_at__gte=start, started_at__lt=end)
    rows = (rows.touching(domain) if domain is not None else rows).newest_first()
    return Begun(list(rows.values_list("started_at", flat=True)[:_STROKES])[::-1], list(rows[:_LISTED])[::-1])
