"""Who is on call: for a handle, a domain and the house, at any moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Prefetch, Q

from incidents.oncall.models import Holder, Override, Rotation, RotationMember, RotationPlan
from incidents.oncall.shifts import Cover, Plan, Shift, at_moment
from incidents.oncall.who import Found, Held, How, Rota, find
from incidents.ownership.models import Contact, Domain
from opsportal.models import User

# No turn is longer, so a cover or a plan farther away changes nothing of a shift at the moment.
LONGEST = timedelta(days=57)
PRIMARY, SECONDARY = "primary-on-call", "secondary-on-call"


@dataclass(frozen=True, slots=True)
class Who:
    """Who answers for a handle: a person or None, by which way, why in words, and until when that is true."""

    handle: str
    person: User | None
    how: How
    why: str
    until: datetime | None = None
    rota: str = ""

    @property
    def name(self) -> str:
        """The person's name; empty when nobody answers."""
        return self.person.username if self.person else ""

    @property
    def is_fallback(self) -> bool:
        return self.how is How.BACKUP


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is called for a domain or the house, and who after them. Either may have nobody."""

    slug: str
    name: str
    first: Who
    backup: Who

    @property
    def is_weak(self) -> bool:
        """Nobody answers, nobody comes after them, or it is the same person twice."""
        people = (self.first.person, self.backup.person)
        return None in people or people[0] == people[1]


@dataclass(frozen=True)
class Desk:
    """Everything that the question "who?" needs, read once; then it answers for as many handles as a screen has."""

    at: datetime
    held: dict[str, Held]
    people: dict[int, User]
    domains: list[Domain]
    contacts: dict[str, str]

    def who(self, handle: str) -> Who:
        """Who answers for a handle now; behind an empty shift stands the backup that the matrix has for it."""
        names = [one.backup for one in self.domains if one.primary == handle]
        if handle == self.contacts.get(PRIMARY):
            names.append(self.contacts.get(SECONDARY, ""))
        return self._who(handle, names)

    def on_call(self, domain: Domain) -> OnCall:
        """Who is called for a domain; an empty primary falls to the backup, too."""
        return self._pair(domain.slug, domain.name, domain.primary, domain.backup)

    def house(self) -> OnCall:
        """Who is called for the house: its primary and its secondary contact."""
        return self._pair("", "All domains", self.contacts.get(PRIMARY, ""), self.contacts.get(SECONDARY, ""))

    def _pair(self, slug: str, name: str, primary: str, backup: str) -> OnCall:
        first, second = self._who(primary, [backup]), self._who(backup, [])
        if first.person is None and second.person is not None:
            why = f"{first.why}, so the backup {backup}"
            first = Who(primary, second.person, How.BACKUP, why, second.until, second.rota)
        return OnCall(slug, name, first, second)

    def _who(self, handle: str, backups: list[str]) -> Who:
        found = find(handle, self._held(handle), self.at, lambda: self._backup(handle, backups))
        person = self.people[found.person] if found.person is not None else None
        return Who(found.handle, person, found.how, found.why, found.until, found.rota)

    def _held(self, handle: str) -> Held | None:
        """The row of the handle; without one a person of that very name holds it."""
        if handle in self.held:
            return self.held[handle]
        named = next((one.pk for one in self.people.values() if f"@{one.username}" == handle), None)
        return Held(person=named) if named else None

    def _backup(self, handle: str, backups: list[str]) -> Found | None:
        """The first backup that answers, without a backup of its own: two empty rotas must not ask each other."""
        names = [one for one in backups if one and one != handle]
        answers = (find(one, self._held(one), self.at, lambda: None) for one in names)
        return next((one for one in answers if one.is_held), None)


def desk(at: datetime) -> Desk:
    """Read once who holds what. A handful of queries, however many handles are asked for."""
    people = active_people()
    rows = list(Holder.objects.order_by("handle").values_list("handle", "person", "rotation"))
    rotas = rotas_between(at, at, people) if any(rotation for _, _, rotation in rows) else {}
    held = {
        handle: Held(person if person in people else None, rotas.get(rotation) if rotation else None)
        for handle, person, rotation in rows
    }
    contacts = dict(Contact.objects.order_by("position").values_list("slug", "handle"))
    return Desk(at, held, people, list(Domain.objects.order_by("position", "name")), contacts)


def is_set_up() -> bool:
    """Has the house begun to say who is on call? Before that every handle leads to nobody."""
    return Holder.objects.exists() or Rotation.objects.exists()


def active_people() -> dict[int, User]:
    """Those who can be called, by number."""
    return {one.pk: one for one in User.objects.filter(is_active=True).order_by("pk")}


def who(handle: str, at: datetime) -> Who:
    """Who answers for a handle at a moment: a person or None, and why."""
    return desk(at).who(handle)


def on_call(domain: Domain, at: datetime) -> OnCall:
    """Who is called for a domain at a moment, and who after them."""
    return desk(at).on_call(domain)


def on_call_house(at: datetime) -> OnCall:
    """Who is called for the house at a moment, and who after them."""
    return desk(at).house()


def rotas_between(since: datetime, until: datetime, people: Iterable[int]) -> dict[int, Rota]:
    """The rotas in use by number, with all that shapes the shifts of the span. `people` are those who can be called."""
    active = frozenset(people)
    covers = Override.objects.standing().touching(since - LONGEST, until + LONGEST).order_by("pk")
    rotations = Rotation.objects.filter(Q(ended_at=None) | Q(ended_at__gt=until)).order_by("position", "name")
    found = rotations.prefetch_related(
        Prefetch("plans", RotationPlan.objects.order_by("since")),
        Prefetch("plans__members", RotationMember.objects.order_by("position")),
        Prefetch("overrides", covers, to_attr="standing"),
    )
    return {one.pk: _rota(one, active) for one in found}


def shift_of(rotation: Rotation, people: Iterable[int], at: datetime) -> Shift | None:
    """The shift that runs at this moment; None when the rota is not covered at this hour."""
    rota = rotas_between(at, at, people).get(rotation.pk)
    return at_moment(rota.plans, rota.covers, at) if rota else None


def _rota(rotation: Rotation, active: frozenset[int]) -> Rota:
    standing: list[Override] = rotation.standing  # type: ignore[attr-defined]
    return Rota(
        rotation.slug,
        rotation.name,
        tuple(_plan(one, active) for one in rotation.plans.all()),
        tuple(Cover(one.pk, _called(one.person_id, active), one.starts_at, one.ends_at) for one in standing),
        {one.pk: one.reason for one in standing},
    )


def _plan(plan: RotationPlan, active: frozenset[int]) -> Plan:
    is_all_day = plan.covers_from is None or plan.covers_until is None
    return Plan(
        zone=plan.time_zone,
        first=datetime.combine(plan.first_on, plan.handover_at),
        length=timedelta(hours=plan.turn_hours),
        people=tuple(_called(one.person_id, active) for one in plan.members.all()),
        since=plan.since,
        days=frozenset(day for day, mark in enumerate(plan.days) if mark == "1"),
        hours=None if is_all_day else (plan.covers_from or time.min, plan.covers_until or time.min),
    )


def _called(person: int | None, active: frozenset[int]) -> int | None:
    """Nobody in the place of a person who may not sign in any more: that is a gap, not a shift."""
    return person if person in active else None
