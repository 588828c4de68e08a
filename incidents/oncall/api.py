"""Ownership and on-call for programs: who holds what, who is called now or at a moment, and whose shift it will be."""

from datetime import datetime, timedelta
from typing import Literal

from django.utils.timezone import now
from ninja import Query, Router, Schema
from pydantic import Field

from incidents.oncall import queries
from incidents.oncall.queries import OnCall, Who
from incidents.oncall.shifts import By, Shift, final
from incidents.oncall.who import Rota
from incidents.ownership import queries as ownership
from incidents.ownership.models import Domain, Place
from opsportal.api.access import ApiRequest, Scoped
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.moments import Moment

router = Router(tags=["Ownership and on-call"])
READ = Scoped("ownership:read")
LONGEST = timedelta(days=93)


class WhoOut(Schema):
    """Who answers for a handle: `person` is null when nobody does, `how` by which way, `why` in words."""

    handle: str
    person: str | None
    how: Literal["person", "shift", "override", "backup", "unheld"]
    why: str
    until: datetime | None
    rota: str | None

    @staticmethod
    def resolve_person(who: Who) -> str | None:
        return who.name or None

    @staticmethod
    def resolve_how(who: Who) -> str:
        return who.how.value

    @staticmethod
    def resolve_rota(who: Who) -> str | None:
        return who.rota or None


class OnCallOut(Schema):
    """Who is called for a domain, and who after them; `domain` is null for the house."""

    domain: str | None
    name: str
    first: WhoOut
    backup: WhoOut
    is_weak: bool = Field(description="Nobody answers, nobody comes after them, or it is the same person twice")

    @staticmethod
    def resolve_domain(one: OnCall) -> str | None:
        return one.slug or None


class ShiftOut(Schema):
    """A final shift; `person` is null for a gap."""

    person: str | None
    starts_at: datetime
    ends_at: datetime
    by: Literal["turn", "override"]


class RotaOut(Schema):
    """A rota by its slug."""

    slug: str
    name: str


class PlaceOut(Schema):
    """Where to look."""

    kind: Literal["logs", "metrics", "traces", "other"]
    name: str
    url: str
    note: str


class DomainOut(Schema):
    """One row of the matrix."""

    slug: str
    name: str
    primary: str
    backup: str
    contact: str
    services: str
    places: list[PlaceOut]


class ContactOut(Schema):
    """One of the house's contacts."""

    slug: str
    name: str
    handle: str
    note: str


class OwnershipOut(Schema):
    """The whole matrix; `places` are those of the whole house."""

    domains: list[DomainOut]
    contacts: list[ContactOut]
    places: list[PlaceOut]


class MomentQuery(Schema):
    """At which moment; now without one."""

    at: Moment | None = None


class SpanQuery(Schema):
    """From when to when; the next seven days without."""

    since: Moment | None = None
    until: Moment | None = None


@router.get("/ownership", response=OwnershipOut, auth=READ, summary="Read the ownership matrix")
def read_ownership(request: ApiRequest) -> dict[str, object]:
    """Domains with their handles, contacts and links, as they stand now."""
    places = ownership.places()
    return {
        "domains": [_domain(one, places) for one in ownership.matrix()],
        "contacts": ownership.contacts(),
        "places": [one for one in places if one.domain_id is None],
    }


@router.get("/oncall", response=list[OnCallOut], auth=READ, summary="Who is on call")
def list_on_call(request: ApiRequest, query: Query[MomentQuery]) -> list[OnCall]:
    """The house first, then each domain in the order of the matrix."""
    desk = queries.desk(query.at or now())
    return [desk.house(), *(desk.on_call(one) for one in desk.domains)]


@router.get("/oncall/handles/{handle}", response=WhoOut, auth=READ, summary="Who answers for a handle")
def read_handle(request: ApiRequest, handle: str, query: Query[MomentQuery]) -> Who:
    """With or without its @."""
    return queries.who(f"@{handle.removeprefix('@')}", query.at or now())


@router.get("/oncall/rotas", response=list[RotaOut], auth=READ, summary="List rotas")
def list_rotas(request: ApiRequest) -> list[Rota]:
    """Those in use."""
    at = now()
    return list(queries.rotas_between(at, at, ()).values())


@router.get("/oncall/rotas/{slug}/shifts", response=list[ShiftOut], auth=READ, summary="List final shifts")
def list_shifts(request: ApiRequest, slug: str, query: Query[SpanQuery]) -> list[dict[str, object]]:
    """Every shift that touches the span, whole, with overrides laid over the turns; 93 days at most."""
    since = query.since or now()
    until = query.until or since + timedelta(days=7)
    if not timedelta(0) < until - since <= LONGEST:
        raise Refused("SPAN_WRONG", f"Ask for a span of {LONGEST.days} days at most, its end behind its beginning.")
    people = queries.active_people()
    rota = next((one for one in queries.rotas_between(since, until, people).values() if one.slug == slug), None)
    if rota is None:
        raise Refused("ROTA_UNKNOWN", "There is no such rota in use.")
    return [_shift(one, people) for one in final(rota.plans, rota.covers, since, until)]


def _domain(domain: Domain, places: list[Place]) -> dict[str, object]:
    words = {name: getattr(domain, name) for name in ("slug", "name", "primary", "backup", "contact", "services")}
    return words | {"places": [one for one in places if one.domain_id == domain.pk]}


def _shift(shift: Shift, people: dict[int, User]) -> dict[str, object]:
    person = people[shift.person].username if shift.person else None
    by = "override" if shift.by is By.OVERRIDE else "turn"
    return {"person": person, "starts_at": shift.starts_at, "ends_at": shift.ends_at, "by": by}
