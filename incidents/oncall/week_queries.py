"""The week on the screen: rows of shifts, the gaps ahead, who comes next, and who is on call now."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.urls import reverse

from incidents.oncall import grid, queries
from incidents.oncall.models import Holder, Override
from incidents.oncall.queries import OnCall
from incidents.oncall.shifts import By, Gap, Shift, final, gaps, moment
from incidents.oncall.who import Rota
from incidents.ownership.marks import Mark
from opsportal.models import User

AHEAD = timedelta(days=7)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One shift in words. `override` is what can be called off, with its reason and its kind."""

    name: str
    starts_at: datetime
    ends_at: datetime
    is_now: bool
    is_gap: bool
    override: Override | None = None

    @property
    def css(self) -> str:
        """Classes of the cell: now, over, gap."""
        marks = (("now", self.is_now and not self.is_gap), ("over", bool(self.override)), ("gap", self.is_gap))
        return " ".join(name for name, is_so in marks if is_so)


@dataclass(frozen=True, slots=True)
class Cell:
    """Half days beside each other with what lies there."""

    width: int
    lines: tuple[Line, ...]

    @property
    def css(self) -> str:
        return self.lines[0].css if len(self.lines) == 1 else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One rota in the week."""

    slug: str
    name: str
    handles: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What happens in the next days: somebody takes over, or nobody does."""

    at: datetime
    slug: str
    rota: str
    name: str
    ends_at: datetime
    is_gap: bool


@dataclass(frozen=True)
class Week:
    """Everything that the calendar shows."""

    monday: date
    begins_at: datetime
    days: tuple[datetime, ...]
    today: int
    rows: tuple[Row, ...]
    ahead: tuple[Ahead, ...]
    standing: tuple[Override, ...]
    now: tuple[OnCall, ...]

    @property
    def gap(self) -> Ahead | None:
        """The next one."""
        return next((one for one in self.ahead if one.is_gap), None)

    @property
    def overrides(self) -> int:
        return len(self.standing)

    @property
    def gaps(self) -> int:
        return sum(one.is_gap for one in self.ahead)

    @property
    def number(self) -> int:
        """The week's number by ISO 8601."""
        return self.monday.isocalendar().week

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def before(self) -> date:
        return self.monday - _WEEK

    @property
    def after(self) -> date:
        return self.monday + _WEEK


def week(monday: date, at: datetime) -> Week:
    """The week from that Monday, its days beginning when most rotas hand over."""
    desk = queries.desk(at)
    opens = datetime.combine(monday, time(0), UTC)
    rotas = queries.rotas_between(opens - _WEEK, opens + 2 * _WEEK, desk.people)
    begins_at = opens + timedelta(hours=_usual_hour(rotas.values(), opens))
    handles = _handles()
    overrides = {one.pk: one for one in _overrides(begins_at, begins_at + _WEEK)}
    rows = tuple(
        Row(rota.slug, rota.name, handles.get(key, ""), _cells(rota, begins_at, at, desk.people, overrides))
        for key, rota in rotas.items()
    )
    return Week(
        monday=monday,
        begins_at=begins_at,
        days=tuple(begins_at + timedelta(days=number) for number in range(7)),
        today=(at - begins_at).days if begins_at <= at < begins_at + _WEEK else -1,
        rows=rows,
        ahead=ahead(at, desk.people),
        standing=tuple(overrides.values()),
        now=(desk.house(), *(desk.on_call(one) for one in desk.domains)),
    )


def ahead(at: datetime, people: dict[int, User], *, days: timedelta = AHEAD) -> tuple[Ahead, ...]:
    """Who takes over and where nobody does, in the next days, in order."""
    until = at + days
    found: list[Ahead] = []
    for rota in queries.rotas_between(at, until, people).values():
        shifts = final(rota.plans, rota.covers, at, until)
        found += [_gap(rota, one) for one in gaps(shifts, at, until)]
        before = None
        for one in shifts:
            if one.person and one.starts_at > at and one.person != before:
                name = people[one.person].username
                found.append(Ahead(one.starts_at, rota.slug, rota.name, name, one.ends_at, is_gap=False))
            before = one.person
    return tuple(sorted(found, key=lambda one: (one.at, one.rota)))


def _gap(rota: Rota, gap: Gap) -> Ahead:
    return Ahead(gap.starts_at, rota.slug, rota.name, "", gap.ends_at, is_gap=True)


def _cells(
    rota: Rota, begins_at: datetime, at: datetime, people: dict[int, User], overrides: dict[int, Override]
) -> tuple[Cell, ...]:
    shifts = final(rota.plans, rota.covers, begins_at, begins_at + _WEEK)
    return tuple(
        Cell(one.width, tuple(_line(shift, at, people, overrides) for shift in one.shifts))
        for one in grid.cells(shifts, begins_at)
    )


def _line(shift: Shift, at: datetime, people: dict[int, User], overrides: dict[int, Override]) -> Line:
    name = people[shift.person].username if shift.person else "Gap"
    override = overrides.get(shift.key) if shift.by is By.OVERRIDE else None
    return Line(name, shift.starts_at, shift.ends_at, shift.holds(at), shift.person is None, override)


def _overrides(since: datetime, until: datetime) -> list[Override]:
    rows = Override.objects.standing().touching(since, until).filter(rotation__ended_at=None)
    return list(rows.select_related("person", "created_by", "rotation").order_by("pk"))


def _handles() -> dict[int, str]:
    """The handles that lead to each rota, as words."""
    found: dict[int, list[str]] = {}
    pairs = Holder.objects.exclude(rotation=None).order_by("handle").values_list("rotation", "handle")
    for rotation, handle in pairs:
        found.setdefault(rotation or 0, []).append(handle)
    return {key: ", ".join(handles) for key, handles in found.items()}


def _usual_hour(rotas: Iterable[Rota], opens: datetime) -> int:
    """The hour in UTC at which most rotas hand over in this week; 8 without any."""
    hours: Counter[int] = Counter()
    for rota in rotas:
        plan = next((one for one in reversed(rota.plans) if one.since <= opens + _WEEK), None)
        if plan is not None:
            hours[moment(datetime.combine(opens.date(), plan.first.time()), plan.zone).hour] += 1
    return hours.most_common(1)[0][0] if hours else 8


def marks(at: datetime) -> list[Mark]:
    """Who is on call for each domain, as a cell of the matrix; amber where nobody is or nobody comes after them."""
    desk = queries.desk(at)
    return [_mark(desk.on_call(one)) for one in desk.domains]


def contact_marks(at: datetime) -> list[Mark]:
    """Who answers for each contact of the house; amber where a handle leads to nobody."""
    desk, url = queries.desk(at), reverse("incidents:oncall_handles")
    named = [(slug, desk.who(handle)) for slug, handle in desk.contacts.items() if handle]
    return [
        Mark(slug, who.name, url)
        if who.person
        else Mark(slug, "Nobody", url, f"Give {who.handle} to somebody", who.why)
        for slug, who in named
    ]


def _mark(one: OnCall) -> Mark:
    until = f", {one.first.until:%a %H:%M}" if one.first.until else ""
    url = reverse("incidents:oncall_domain", args=[one.slug])
    if not one.is_weak:
        return Mark(one.slug, f"{one.first.name}{until}", url)
    why = one.first.why if one.first.is_fallback or not one.first.name else f"{one.first.name} has both seats"
    if one.first.name and not one.backup.name:
        why = one.backup.why
    return Mark(one.slug, f"{one.first.name or 'Nobody'}{until}", url, f"Somebody more for {one.name}", why)
