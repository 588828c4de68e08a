"""The sheet of a moment, filled from checks and from what the portal knows of itself."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.urls import reverse

from checks.catalogue.models import Check
from checks.catalogue.states import WORST_FIRST, State
from checks.daily import lines
from checks.daily.lines import BY_SLUG, LINES, is_unusual, line_of
from checks.operations import daily
from checks.rollups import queries as rollups
from checks.rollups.models import HourBucket
from incidents.models import Incident
from incidents.oncall import queries as oncall
from incidents.statuspage import queries as statuspage
from opsportal import env
from opsportal.abuse import queries as abuse
from opsportal.audit import queries as audit
from opsportal.backup import queries as backups
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import leaks
from opsportal.roles import Role
from opsportal.view_as import queries as view_as

DAY, WEEK = timedelta(days=1), timedelta(days=7)
_LOOK = "Look at it"
_NAMED = 3


@dataclass(frozen=True)
class Filled:
    """One line: the worst that anything in it says, its words, and what said so."""

    slug: str
    title: str
    state: str
    words: str
    source: str
    url: str
    word: str = ""


@dataclass(frozen=True)
class Count:
    """A number of the last 24 hours with its address; `role` is who may open that."""

    title: str
    number: int
    words: str
    icon: str
    url: str = ""
    role: str = ""


@dataclass(frozen=True)
class Figures:
    """All that is frozen when the sheet is signed."""

    until: str
    filled: tuple[Filled, ...]
    watchdog: str
    access: tuple[Count, ...]
    work: tuple[Count, ...]
    asked: tuple[str, ...] = field(default=())
    # Who was on call for the house; empty in sheets of before there was a rota.
    due_by: str = ""

    def packed(self) -> dict[str, Any]:
        return asdict(self)


def unpacked(stored: dict[str, Any]) -> Figures:
    """What was signed, as it stood."""
    return Figures(
        until=stored["until"],
        filled=tuple(Filled(**one) for one in stored["filled"]),
        watchdog=stored["watchdog"],
        access=tuple(Count(**one) for one in stored["access"]),
        work=tuple(Count(**one) for one in stored["work"]),
        asked=tuple(stored["asked"]),
        due_by=stored.get("due_by", ""),
    )


def figures(person: User, at: datetime) -> Figures:
    """The sheet of the 24 hours to this moment. A fixed number of queries, however many checks there are."""
    report, watchdog = _report(at)
    by_line = _by_line(report.lines)
    own = {one.slug: one for one in (*_shares(at), _status_page(person, at), _own_backup(at), _abuse(at)) if one}
    filled = [one for line in LINES if (one := _filled(line, by_line.get(line.slug, []), own.get(line.slug)))]
    known = {one.slug for one in filled}
    return Figures(
        until=at.isoformat(timespec="minutes"),
        filled=tuple(sorted(filled, key=_rank)),
        watchdog=watchdog,
        access=_access(at),
        work=_work(at),
        asked=tuple(line.slug for line in LINES if line.question and (line.is_asked or line.slug not in known)),
        due_by=due_by(at),
    )


def _report(at: datetime) -> tuple[daily.Report, str]:
    """The lines and the last line of `ops_daily` at this moment, judged by the operator's guard as there."""
    try:
        report = daily.report(at, guard=env.text("OPS_DAILY_VOLUME_GUARD"))
    except Refused as refusal:
        # The command ends with this token; the sheet still has its lines.
        return daily.report(at), f"ops_daily status=fail reason={refusal.code.lower()}"
    status, reason = report.verdict(strict=False)
    return report, f"ops_daily_watchdog status={status}" + (f" reason={reason}" if reason else "")


def due_by(at: datetime) -> str:
    """Who signs today, in words: the person whom the house calls, or their handle; empty when nobody is named.

    Anybody who may answer may sign in their place; the sheet then says who did.
    """
    called = oncall.on_call_house(at).first
    return f"{called.name} ({called.handle})" if called.name and called.handle else called.name or called.handle


def _rank(one: Filled) -> int:
    return WORST_FIRST.index(State(one.state))


@dataclass(frozen=True)
class _Known:
    """A check of the report with its name."""

    name: str
    line: daily.Line


def _by_line(reported: Iterable[daily.Line]) -> dict[str, list[_Known]]:
    rows = list(reported)
    checks = Check.objects.filter(key__in=[row.key for row in rows]).values_list("key", "name", "kind", "spec__mode")
    known = {key: tuple(rest) for key, *rest in checks}
    found: dict[str, list[_Known]] = {}
    for row in rows:
        name, kind, mode = known[row.key]
        found.setdefault(line_of(row.key, kind, mode), []).append(_Known(name, row))
    return found


def _filled(line: lines.Line, checks: list[_Known], own: Filled | None) -> Filled | None:
    if not checks:
        return own
    worst = min((one.line.state for one in checks), key=WORST_FIRST.index)
    state = min(worst, State(own.state), key=WORST_FIRST.index) if own else worst
    words = _words(checks) + (f"; {own.words}" if own else "")
    word = own.word if own and state == own.state and state is not worst else ""
    return Filled(line.slug, line.title, state, words, _source(checks), _address(checks), word)


def _words(checks: list[_Known]) -> str:
    bad = [one.name for one in checks if one.line.state is not State.HEALTHY]
    if bad:
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        return f"{len(bad)} of {len(checks)} not in order: {', '.join(bad[:_NAMED])}{more}"
    whole = rollups.total([one.line.window for one in checks])
    if whole.availability is None:
        return "in order"
    p95 = f", p95 {whole.p95_ms:.0f} ms" if whole.p95_ms is not None else ""
    return f"{int(whole.availability * 100) / 100:.2f} % of {whole.samples:,} runs{p95}"


def _source(checks: list[_Known]) -> str:
    return checks[0].line.key if len(checks) == 1 else f"{len(checks)} checks"


def _address(checks: list[_Known]) -> str:
    """Of the worst one."""
    worst = min(checks, key=lambda one: WORST_FIRST.index(one.line.state))
    return reverse("checks:detail", args=[worst.line.key])


def _shares(at: datetime) -> Iterator[Filled]:
    """5xx and 429 among the answers of the last 24 closed hours, beside the week before."""
    until = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    now, before = _answers(until - DAY, until), _answers(until - DAY - WEEK, until - DAY)
    total, total_before = now["ok"] + now["err"], before["ok"] + before["err"]
    if not total:
        return
    for slug, column, name in (("errors", "c5xx", "5xx"), ("limits", "c429", "429")):
        words = f"{name} {_share(now[column], total)}, week before {_share(before[column], total_before)}"
        odd = is_unusual(now[column], total, before[column], total_before)
        state = State.FLAPPING if odd else State.HEALTHY
        source, url = f"{total:,} runs", reverse("checks:list")
        yield Filled(slug, BY_SLUG[slug].title, state, words, source, url, _LOOK if odd else "")


def _answers(since: datetime, until: datetime) -> dict[str, int]:
    rows = HourBucket.objects.filter(bucket__gte=since, bucket__lt=until)
    sums = rows.aggregate(**{name: Sum(name) for name in ("ok", "err", "c5xx", "c429")})
    return {name: value or 0 for name, value in sums.items()}


def _share(number: int, of: int) -> str:
    return f"{100 * number / of:.2f} %" if of else "not measured"


def _status_page(person: User, at: datetime) -> Filled:
    """How much the portal itself finds untrue on the public page.

    A number and no title: a signed sheet is never changed, and words may be taken away from readers later.
    """
    found = len(statuspage.nags(person, at))
    places = f"{found} {'place' if found == 1 else 'places'} where it and the truth part"
    words = places if found else "nothing on it contradicts incidents or checks"
    state, word = (State.FLAPPING, _LOOK) if found else (State.HEALTHY, "")
    return Filled("status", BY_SLUG["status"].title, state, words, "portal", reverse("incidents:publish"), word)


def _own_backup(at: datetime) -> Filled:
    """The portal's own backup; those of the product are a check's or a person's to know."""
    now = backups.state(at)
    state, word = (State.FLAPPING, _LOOK) if now.fault else (State.HEALTHY, "")
    url = reverse("checks:operation", args=["backup"])
    return Filled("own_backup", BY_SLUG["own_backup"].title, state, now.words, "portal", url, word)


def _abuse(at: datetime) -> Filled:
    """How often strangers were refused, by door."""
    doors, bans = abuse.doors(at), abuse.bans(at).count()
    spikes = [one.door for one in doors if one.has_spike]
    words = f"{sum(one.total for one in doors):,} refused, {bans:,} {'ban' if bans == 1 else 'bans'}"
    words += f", spike at {', '.join(spikes)}" if spikes else ", no spike"
    state, word = (State.FLAPPING, _LOOK) if spikes else (State.HEALTHY, "")
    return Filled("abuse", BY_SLUG["abuse"].title, state, words, "portal", reverse("checks:daily") + "#access", word)


def _access(at: datetime) -> tuple[Count, ...]:
    """Counts alone, for who may not read the audit log itself."""
    since, log = at - DAY, reverse("audit:log")
    admins = User.objects.filter(role=Role.ADMIN).values_list("username", flat=True)
    kept_out = sum(leaks.since(since.date()).values())
    acts, people = audit.acts_by(list(admins), since, at)
    return (
        Count("Admin acts", acts, f"by {people} {'person' if people == 1 else 'people'}", "user-shield", log, "admin"),
        Count("View-as", view_as.begun(since, at), "with a reason, read-only", "eye", f"{log}?act=view_as", "admin"),
        Count("Break-glass links", audit.acts_of("login.break_glass", since, at), "every admin is told", "key",
              f"{log}?act=login.break_glass", "admin"),
        Count("Secrets kept out", kept_out, "since yesterday", "shield-lock", log, "admin"),
    )  # fmt: skip


def _work(at: datetime) -> tuple[Count, ...]:
    """What waits for support and security."""
    rows = Incident.objects.counted()
    new = rows.filter(declared_at__gt=at - DAY, declared_at__lte=at).count()
    security = rows.open().filter(nature=Incident.Nature.SECURITY).count()
    waiting = rows.open().filter(acknowledged_at=None).count()
    address = reverse("incidents:list")
    return (
        Count("New incidents", new, "in 24 hours", "flame", address, "responder"),
        Count("Not acknowledged", waiting, "open, nobody has said a word", "bell", address, "responder"),
        Count("Security events", security, "open", "shield-lock", address, "responder"),
    )
