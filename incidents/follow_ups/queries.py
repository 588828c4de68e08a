"""What is promised, by whom, and what is late."""

from dataclasses import dataclass
from datetime import date

from django.http import Http404

from incidents.follow_ups.models import FollowUp, FollowUpQuerySet
from incidents.follow_ups.states import State
from incidents.ownership.models import Domain
from incidents.response.models import Incident
from opsportal.models import User

LIST_PAGE = 50
SHOWS = {"unfinished": "To do", "overdue": "Overdue", "all": "All"}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; it lives in the URL. `after` is the id that the next page starts behind."""

    show: str = "unfinished"
    type: str = ""
    domain: str = ""
    owner: str = ""
    page: int = 1


@dataclass(frozen=True)
class Listing:
    """One page of the list with the numbers of its chips."""

    rows: list[FollowUp]
    unfinished: int
    overdue: int
    total: int
    has_more: bool


@dataclass(frozen=True)
class Left:
    """What one incident left to do, and what earlier ones of its domain left undone."""

    own: list[FollowUp]
    overdue: list[FollowUp]


def listing(filters: Filters, *, on: date, person: User) -> Listing:
    """The soonest first; only what this person may see."""
    everything = FollowUp.objects.visible_to(person)
    start = (filters.page - 1) * LIST_PAGE
    rows = list(_narrowed(everything, filters, on).soonest_first()[start : start + LIST_PAGE + 1])
    return Listing(
        rows=rows[:LIST_PAGE],
        unfinished=everything.unfinished().count(),
        overdue=everything.overdue(on).count(),
        total=everything.count(),
        has_more=len(rows) > LIST_PAGE,
    )


def _narrowed(everything: FollowUpQuerySet, filters: Filters, on: date) -> FollowUpQuerySet:
    wanted = everything.with_incident()
    if filters.show == "overdue":
        wanted = wanted.overdue(on)
    elif filters.show != "all":
        wanted = wanted.unfinished()
    if filters.type:
        wanted = wanted.filter(type=filters.type)
    if filters.domain:
        wanted = wanted.filter(incident__domain__slug=filters.domain)
    return wanted.filter(owner=filters.owner) if filters.owner else wanted


def left_by(incident: Incident, *, on: date, person: User) -> Left:
    """Its own follow-ups, and the overdue ones of earlier incidents of the same domain."""
    return Left(
        own=of(incident),
        overdue=list(
            FollowUp.objects.visible_to(person)
            .with_incident()
            .overdue(on)
            .for_domain(incident.domain)
            .filter(incident__number__lt=incident.number)
            .soonest_first()[:LIST_PAGE]
        ),
    )


def of(incident: Incident) -> list[FollowUp]:
    """Everything that an incident left, the soonest first."""
    return list(FollowUp.objects.filter(incident=incident).soonest_first())


def overdue(on: date) -> list[FollowUp]:
    """What is late at all, the longest first: for the weekly review."""
    return list(FollowUp.objects.with_incident().overdue(on).soonest_first())


def follow_up_or_404(pk: int, person: User) -> FollowUp:
    found = FollowUp.objects.visible_to(person).with_incident().select_related("created_by").filter(pk=pk).first()
    if found is None:
        raise Http404(f"FU-{pk}")
    return found


def incident_or_404(number: int, person: User) -> Incident:
    """The incident, unless it is none that this person may see."""
    found = Incident.objects.visible_to(person).select_related("domain").filter(number=number).first()
    if found is None:
        raise Http404(f"INC-{number}")
    return found


def domains() -> list[Domain]:
    """What the list can be narrowed to, in the order of the matrix."""
    return list(Domain.objects.order_by("position", "name"))


def is_overdue(follow_up: FollowUp, on: date) -> bool:
    """True when its day has passed: the same rule as in `overdue`."""
    if follow_up.state == State.OPEN:
        return follow_up.due_on < on
    return follow_up.state == State.DONE and follow_up.retest_on is not None and follow_up.retest_on < on
