"""What screens ask: how people are reached, and what a call sent or kept back."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from incidents.oncall import queries as oncall
from incidents.paging.models import GOOD_FOR, Call, CallLine, CallQuerySet, Reach
from incidents.response import queries as response
from incidents.response.models import Incident
from opsportal.models import Delivery, User
from opsportal.outbox.channels.answer import WORDS
from opsportal.outbox.models import Channel

_SHOWN = 20


@dataclass(frozen=True)
class Way:
    """One of a person's own ways. `waits`: a question is out and was not answered yet."""

    pk: int
    name: str
    channel: str
    is_first: bool
    proved_at: datetime | None
    is_fresh: bool
    waits: bool
    asked_at: datetime | None
    # How the last question fared, when it did not arrive.
    trouble: str
    can_carry: bool


@dataclass(frozen=True)
class Standing:
    """How well one person is reached: their newest proof, and how many ways are proved of how many."""

    person: str
    proved_at: datetime | None
    is_fresh: bool
    proved: int
    ways: int
    seats: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Verified, Stale, Unverified, No contact: beside the colour."""
        if not self.ways:
            return "No contact"
        if self.proved_at is None:
            return "Unverified"
        return "Verified" if self.is_fresh else "Stale"


@dataclass(frozen=True)
class Line:
    """One message or silence of a call, with where the message stands."""

    at: datetime
    stage: str
    person: str
    way: str
    why: str
    state: str
    detail: str

    @property
    def is_silence(self) -> bool:
        return not self.state


@dataclass(frozen=True)
class Told:
    """One call as a screen shows it."""

    number: int
    about: str
    severity: str
    started_at: datetime
    backup_due_at: datetime | None
    ended_at: datetime | None
    ended_because: str
    lines: tuple[Line, ...]

    @property
    def is_unheard(self) -> bool:
        """It goes on, and no message left for anybody."""
        return self.ended_at is None and all(line.is_silence for line in self.lines)


def ways_of(person: User, at: datetime) -> list[Way]:
    """A person's own ways, in the order in which they are called."""
    rows = list(Reach.objects.kept().filter(person=person).order_by("position", "pk"))
    keys = {f"reach:{row.pk}:{row.nonce}": row.pk for row in rows if row.nonce}
    failed = Delivery.objects.filter(key__in=keys).exclude(last_error="").order_by("pk")
    troubles = {keys[key]: _error(error) for key, error in failed.values_list("key", "last_error")}
    return [
        Way(
            pk=row.pk,
            name=row.name,
            channel=row.get_channel_display(),
            is_first=place == 0,
            proved_at=row.proved_at,
            is_fresh=row.is_fresh(at),
            waits=bool(row.nonce),
            asked_at=row.asked_at,
            trouble=troubles.get(row.pk, ""),
            can_carry=row.channel != Channel.EMAIL or settings.EMAIL_CONFIGURED,
        )
        for place, row in enumerate(rows)
    ]


def version(person: User) -> str:
    """Changes when one of a person's ways does: what the screen that waits for an answer polls with."""
    rows = Reach.objects.kept().filter(person=person).order_by("pk").values_list("pk", "proved_at", "nonce", "position")
    return blake2s(repr(list(rows)).encode(), digest_size=8).hexdigest()


def everybody(at: datetime) -> list[Standing]:
    """How every active person is reached, those on call first, the worst first among them."""
    seats: dict[int, list[str]] = {}
    desk = oncall.desk(at)
    pairs = [(one.name, desk.on_call(one)) for one in desk.domains] + [("All domains", desk.house())]
    for name, pair in pairs:
        for who, seat in ((pair.first, "first"), (pair.backup, "backup")):
            if who.person is not None:
                seats.setdefault(who.person.pk, []).append(f"{name}, {seat}")
    people = User.objects.filter(is_active=True).order_by("username")
    found = [_standing(one, tuple(seats.get(one.pk, ())), at) for one in _with_ways(people)]
    return sorted(found, key=lambda one: (not one.seats, one.is_fresh, one.person))


def standing_of(people: list[User], at: datetime) -> dict[int, Standing]:
    """How these people are reached, by their number."""
    rows = _with_ways(User.objects.filter(pk__in=[one.pk for one in people]))
    return {row.pk: _standing(row, (), at) for row in rows}


def calls_of(incident: Incident) -> list[Told]:
    """Every call of one incident, the newest first."""
    return _told(Call.objects.filter(incident=incident))


def latest_calls(person: User) -> list[Told]:
    """The newest calls of the house that this person may see."""
    hidden = response.hidden_labels(person)
    numbers = [int(label.removeprefix("INC-")) for label in hidden]
    return _told(Call.objects.exclude(incident__number__in=numbers))


def _told(rows: CallQuerySet) -> list[Told]:
    lines = CallLine.objects.select_related("person", "reach", "delivery").order_by("pk")
    calls = rows.select_related("incident", "alert").prefetch_related(Prefetch("lines", lines))
    return [
        Told(
            number=one.incident.number,
            about=one.alert.title if one.alert is not None else one.incident.title,
            severity=one.severity,
            started_at=one.started_at,
            backup_due_at=one.backup_due_at,
            ended_at=one.ended_at,
            ended_because=one.ended_because,
            lines=tuple(_line(row) for row in one.lines.all()),
        )
        for one in calls.order_by("-started_at", "-pk")[:_SHOWN]
    ]


def _line(row: CallLine) -> Line:
    delivery = row.delivery
    return Line(
        at=row.at,
        stage=row.get_stage_display(),
        person=row.person.username if row.person else "",
        way=row.reach.name if row.reach else "",
        why=row.why,
        state=delivery.get_state_display() if delivery else "",
        detail=_error(delivery.last_error) if delivery and delivery.last_error else "",
    )


def _error(token: str) -> str:
    return WORDS.get(token, token)


def _with_ways(people: "QuerySet[User]") -> list[User]:
    return list(people.prefetch_related(Prefetch("reaches", Reach.objects.kept(), to_attr="kept")))


def _standing(person: User, seats: tuple[str, ...], at: datetime) -> Standing:
    ways: list[Reach] = person.kept  # type: ignore[attr-defined]
    proofs = [one.proved_at for one in ways if one.proved_at is not None]
    newest = max(proofs, default=None)
    return Standing(
        person=person.username,
        proved_at=newest,
        is_fresh=newest is not None and at - newest <= GOOD_FOR,
        proved=len(proofs),
        ways=len(ways),
        seats=seats,
    )
