"""What people do to planned work: plan, announce, change, speak, end. Lock, require, change, save, record, show."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial

from django.db import transaction

from incidents.ownership.models import Domain
from incidents.statuspage import load, planned_news, queries, windows, wording
from incidents.statuspage.actions import show_after_commit
from incidents.statuspage.maintenance import Audience, Maintenance, MaintenanceSeries, MaintenanceUpdate
from incidents.statuspage.models import Component
from incidents.statuspage.wording import Wording
from opsportal import recurrence, turns
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

# Two months: the next occurrence of a monthly rule is always among those that are made.
AHEAD = timedelta(days=62)
LONGEST = timedelta(days=14)
# Internal work is recorded afterwards so far back: as long as the minutes of checks are kept.
BACK = timedelta(days=13)
_GRACE = timedelta(minutes=1)


@dataclass(frozen=True)
class Plan:
    """What is to be done, where, when, and who hears of it."""

    title: str
    text: str
    audience: str
    domain: Domain
    components: tuple[Component, ...]
    starts_at: datetime
    ends_at: datetime
    remind_before: timedelta | None = None


@dataclass(frozen=True)
class Repeat:
    """On which days it comes again, and at which time on the clock of a place."""

    rule: str
    first_on: date
    clock: time
    time_zone: str
    until: date | None = None


@transaction.atomic
def plan(wanted: Plan, *, by: User, at: datetime) -> Maintenance:
    """Lay work ready. Internal work is in force at once, public work once it is announced.

    Internal work may be recorded afterwards: what checks counted meanwhile becomes planned, within a minute or two.
    """
    _require_publisher(by)
    if wanted.audience == Audience.INTERNAL:
        _require_kept(wanted, at)
    else:
        _require_ahead(wanted, at)
    made = _create(wanted, by=by, at=at)
    reason = made.get_audience_display() + (", recorded afterwards" if made.starts_at < at - _GRACE else "")
    audit.record("maintenance.plan", by=by.username, object=made.public_id, reason=reason)
    return made


@transaction.atomic
def plan_series(wanted: Plan, repeat: Repeat, *, by: User, at: datetime) -> Maintenance:
    """Lay work ready that comes again; its next occurrences are made at once, the first of them comes back."""
    _require_publisher(by)
    _require_ahead(wanted, at)
    series = MaintenanceSeries.objects.create(
        rule=repeat.rule, first_on=repeat.first_on, clock=repeat.clock, time_zone=repeat.time_zone, until=repeat.until,
        length=wanted.ends_at - wanted.starts_at, title=wanted.title, text=wanted.text, audience=wanted.audience,
        domain=wanted.domain, remind_before=wanted.remind_before, created_by=by, created_at=at,
    )  # fmt: skip
    series.components.set(wanted.components)
    _make_ahead(series, at)
    first = series.occurrences.order_by("starts_at").first()
    if first is None:
        raise Refused("NO_OCCURRENCE", "The rule has no day between its beginning and its end.")
    audit.record("maintenance.plan_series", by=by.username, object=first.public_id, reason=series.in_words)
    return first


@transaction.atomic
def announce(maintenance: Maintenance, *, by: User, at: datetime, seen: str = "") -> Maintenance:
    """Tell readers. Of a rule, all occurrences are announced, those to come as well."""
    if maintenance.series_id is not None:  # the rule before its days, as whoever changes or ends the rule
        MaintenanceSeries.objects.select_for_update().get(pk=maintenance.series_id)
    one = _locked(maintenance)
    _require_publisher(by)
    _require_unchanged(one, seen)
    if not one.is_public:
        raise Refused("INTERNAL", "This work is internal. Plan public work to tell readers.")
    if one.announced_at is not None:
        raise Refused("ANNOUNCED_ALREADY", "Readers know of it already.")
    _require_status(one, at, windows.SCHEDULED, "Its window has begun. Give it a beginning that lies ahead first.")
    mates = [one]
    if one.series is not None and one.series.announced_at is None:
        MaintenanceSeries.objects.filter(pk=one.series.pk).update(announced_at=at)
        silent = one.series.occurrences.select_for_update().filter(announced_at=None, cancelled_at=None)
        mates = list(silent.order_by("starts_at"))
    for mate in mates:
        if mate.starts_at > at:
            said = _announce(mate, by=by, at=at)
            if mate == one:  # of a rule, the next one is news enough
                planned_news.tell_words(mate, said)
    audit.record("maintenance.announce", by=by.username, object=one.public_id)
    show_after_commit(at)
    one.refresh_from_db()
    return one


@transaction.atomic
def edit(maintenance: Maintenance, wanted: Plan, *, by: User, at: datetime, seen: str = "") -> Maintenance:
    """Another time, other words or components, as long as it has not begun; what readers know is said to them again."""
    one = _locked(maintenance)
    _require_publisher(by)
    _require_unchanged(one, seen)
    if one.announced_at is not None or not one.is_public:
        _require_status(one, at, windows.SCHEDULED, "It has begun. Extend it, or end it early.")
    elif one.cancelled_at is not None:
        raise Refused("CANCELLED", "It is cancelled. Plan it anew.")
    wanted = replace(wanted, audience=one.audience)
    _require_ahead(wanted, at)
    if (said := _rewrite(one, wanted, by=by, at=at)) is not None:
        planned_news.tell_words(one, said)
    audit.record("maintenance.edit", by=by.username, object=one.public_id)
    show_after_commit(at)
    return one


@transaction.atomic
def say(maintenance: Maintenance, *, words: str, by: User, at: datetime) -> MaintenanceUpdate:
    """Tell readers something more; the window stays."""
    one = _locked(maintenance)
    _require_publisher(by)
    _require_heard(one)
    status = one.window.status(at)
    if status in (windows.COMPLETED, windows.CANCELLED):
        raise Refused("MAINTENANCE_OVER", f"It is {windows.WORDS[status].lower()}. Nothing more is said about it.")
    _require_words(words, one)
    said = _say(one, status, words, by=by, at=at)
    planned_news.tell_words(one, said)
    _touch(one, at)
    audit.record("maintenance.say", by=by.username, object=one.public_id)
    show_after_commit(at)
    return said


@transaction.atomic
def verify(maintenance: Maintenance, *, words: str, by: User, at: datetime) -> Maintenance:
    """The work is done and is being looked at; the window goes on until its end."""
    one = _locked(maintenance)
    _require_publisher(by)
    _require_heard(one)
    _require_status(one, at, windows.IN_PROGRESS, "Only work that goes on can be verified.")
    one.verifying_at = at
    one.save(update_fields=["verifying_at"])
    return _told(
        one,
        windows.VERIFYING,
        words or load.words().gettext("The work is done. We look whether everything is well."),
        by,
        at,
    )


@transaction.atomic
def extend(maintenance: Maintenance, *, ends_at: datetime, words: str, by: User, at: datetime) -> Maintenance:
    """It takes longer: a later end, before the old one has come."""
    one = _locked(maintenance)
    _require_publisher(by)
    _require_heard(one)
    status = one.window.status(at)
    if status not in (windows.SCHEDULED, *windows.RUNNING):
        raise Refused("MAINTENANCE_OVER", "Its window is over. Plan further work as a new one.")
    if ends_at <= one.ends_at:
        raise Refused("NOT_LATER", "Choose an end after the one it has.")
    if ends_at - one.starts_at > LONGEST:
        raise Refused("TOO_LONG", f"A window has at most {LONGEST.days} days.")
    one.ends_at = ends_at
    one.save(update_fields=["ends_at"])
    own = load.words()
    when = windows.in_words(one.starts_at, ends_at, own)
    sentence = own.gettext("The work takes longer. New time: {}.").format(when)
    return _told(one, status, f"{sentence} {words}".strip(), by, at)


@transaction.atomic
def finish(maintenance: Maintenance, *, words: str, by: User, at: datetime) -> Maintenance:
    """It is done before its window ends."""
    one = _locked(maintenance)
    _require_publisher(by)
    _require_heard(one)
    if one.window.status(at) not in windows.RUNNING:
        raise Refused("NOT_RUNNING", "Only work that goes on can be ended early.")
    one.ended_at = at
    one.save(update_fields=["ended_at"])
    return _told(
        one, windows.COMPLETED, words or load.words().gettext("The work is done, earlier than planned."), by, at
    )


@transaction.atomic
def cancel(maintenance: Maintenance, *, words: str, by: User, at: datetime) -> Maintenance:
    """It does not take place."""
    one = _locked(maintenance)
    _require_publisher(by)
    _cancel(one, words or load.words().gettext("This work does not take place."), by=by, at=at)
    show_after_commit(at)
    return one


@transaction.atomic
def edit_series(series: MaintenanceSeries, wanted: Wording, *, by: User, at: datetime, seen: str = "") -> int:
    """Other words for all days of a rule, those to come as well; how many days ahead say them.

    A day that was changed alone keeps what was changed. Subscribers hear it of the next day only.
    """
    series = MaintenanceSeries.objects.select_for_update().get(pk=series.pk)
    _require_publisher(by)
    before = wording.of(series)
    if seen and seen != before.mark:
        raise Conflict("RULE_CHANGED", "Somebody else changed this rule a moment ago.")
    if series.stopped_at is not None:
        raise Refused("STOPPED_ALREADY", "This rule has ended already.")
    _require_wording(wanted, series.audience)
    series.title, series.text, series.domain = wanted.title, wanted.text, wanted.domain
    series.remind_before = wanted.remind_before
    series.save()
    series.components.set(wanted.components)
    ahead = series.occurrences.select_for_update().filter(starts_at__gt=at, cancelled_at=None).order_by("starts_at")
    due = [(one, new) for one in ahead if (new := wording.taken_over(one, before, wanted)) is not None]
    rewritten = [(one, _rewrite(one, _as_planned(one, new), by=by, at=at)) for one, new in due]
    heard = [(one, said) for one, said in rewritten if said is not None]
    for one, said in heard[:1]:
        planned_news.tell_words(one, said)
    audit.record("maintenance.edit_series", by=by.username, object=series.in_words)
    show_after_commit(at)
    return len(rewritten)


@transaction.atomic
def stop_series(series: MaintenanceSeries, *, words: str, by: User, at: datetime) -> int:
    """End a rule: no more occurrences are made, and those ahead are cancelled; how many."""
    series = MaintenanceSeries.objects.select_for_update().get(pk=series.pk)
    _require_publisher(by)
    if series.stopped_at is not None:
        raise Refused("STOPPED_ALREADY", "This rule has ended already.")
    series.stopped_at = at
    series.save(update_fields=["stopped_at"])
    own = load.words()
    ahead = series.occurrences.select_for_update().filter(starts_at__gt=at, cancelled_at=None).order_by("starts_at")
    for one in ahead:
        _cancel(one, words or own.gettext("This work does not take place any more."), by=by, at=at)
    audit.record("maintenance.stop_series", by=by.username, object=series.in_words)
    show_after_commit(at)
    return len(ahead)


def sweep(at: datetime) -> None:
    """Make what rules have ahead, remind of what begins soon, and tell of what began or ended by itself.

    Idempotent; safe to run concurrently.
    """
    turns.all_of(partial(_make_all_ahead, at), partial(_remind_all, at), partial(planned_news.tell_moments, at))


def _make_all_ahead(at: datetime) -> None:
    rules = MaintenanceSeries.objects.filter(stopped_at=None).order_by("pk")
    turns.each(rules.values_list("pk", flat=True), lambda pk: _make_one_ahead(pk, at))


@transaction.atomic
def _make_one_ahead(pk: int, at: datetime) -> None:
    _make_ahead(MaintenanceSeries.objects.select_for_update().get(pk=pk), at)


def _remind_all(at: datetime) -> None:
    waiting = Maintenance.objects.in_force().filter(reminded_at=None, remind_before__isnull=False, starts_at__gt=at)
    turns.each(waiting.order_by("starts_at").values_list("pk", flat=True), lambda pk: planned_news.remind(pk, at))


def _make_ahead(series: MaintenanceSeries, at: datetime) -> None:
    """Each day of the rule once; what would have begun already is left out."""
    if series.stopped_at is not None:
        return
    # A day earlier: west of Greenwich the day is still the one before.
    since, through = (at - _GRACE).date() - timedelta(days=1), (at + AHEAD).date()
    known = set(series.occurrences.filter(occurs_on__gte=since).values_list("occurs_on", flat=True))
    for day in recurrence.days(series.rule, first=series.first_on, since=since, through=through, until=series.until):
        starts_at = recurrence.moment(day, series.clock, series.time_zone)
        if day in known or starts_at < at - _GRACE:
            continue
        one = _create(_occurrence(series, starts_at), by=series.created_by, at=at, series=series, occurs_on=day)
        if series.announced_at is not None:
            _announce(one, by=None, at=at)


def _occurrence(series: MaintenanceSeries, starts_at: datetime) -> Plan:
    components = tuple(series.components.all())
    return Plan(
        series.title, series.text, series.audience, series.domain, components, starts_at, starts_at + series.length,
        series.remind_before,
    )  # fmt: skip


def _create(
    wanted: Plan, *, by: User, at: datetime, series: MaintenanceSeries | None = None, occurs_on: date | None = None
) -> Maintenance:
    made = Maintenance.objects.create(
        title=wanted.title, text=wanted.text, audience=wanted.audience, domain=wanted.domain,
        starts_at=wanted.starts_at, ends_at=wanted.ends_at, remind_before=wanted.remind_before,
        series=series, occurs_on=occurs_on, created_by=by, created_at=at, updated_at=at,
    )  # fmt: skip
    made.components.set(wanted.components)
    return made


def _rewrite(one: Maintenance, wanted: Plan, *, by: User, at: datetime) -> MaintenanceUpdate | None:
    """Take over what is wanted; what is said of it, where somebody has to hear it."""
    words = " ".join(_changes(one, wanted))
    if one.starts_at != wanted.starts_at:
        one.reminded_at = None
    one.title, one.text, one.domain, one.remind_before = wanted.title, wanted.text, wanted.domain, wanted.remind_before
    one.starts_at, one.ends_at = wanted.starts_at, wanted.ends_at
    one.components.set(wanted.components)
    _changed(one, at)
    return _say(one, windows.SCHEDULED, words, by=by, at=at) if words and _is_heard(one) else None


def _as_planned(one: Maintenance, new: Wording) -> Plan:
    """In its own window."""
    return Plan(
        new.title, new.text, one.audience, new.domain, new.components, one.starts_at, one.ends_at, new.remind_before
    )


def _announce(one: Maintenance, *, by: User | None, at: datetime) -> MaintenanceUpdate:
    one.announced_at = one.updated_at = at
    one.save(update_fields=["announced_at", "updated_at"])
    return _say(one, windows.SCHEDULED, one.text, by=by, at=at)


def _cancel(one: Maintenance, words: str, *, by: User, at: datetime) -> None:
    _require_status(one, at, windows.SCHEDULED, "It has begun or is over. Work that goes on can be ended early.")
    _require_words(words, one)
    one.cancelled_at = at
    one.save(update_fields=["cancelled_at"])
    _changed(one, at)
    if _is_heard(one):
        planned_news.tell_words(one, _say(one, windows.CANCELLED, words, by=by, at=at))
    audit.record("maintenance.cancel", by=by.username, object=one.public_id)


def _told(one: Maintenance, status: str, words: str, by: User, at: datetime) -> Maintenance:
    """What every change of a running window ends with."""
    _require_words(words, one)
    _changed(one, at)
    planned_news.tell_words(one, _say(one, status, words, by=by, at=at))
    audit.record(f"maintenance.{status}", by=by.username, object=one.public_id)
    show_after_commit(at)
    return one


def _say(one: Maintenance, status: str, words: str, *, by: User | None, at: datetime) -> MaintenanceUpdate:
    return MaintenanceUpdate.objects.create(
        maintenance=one, status=status, body=words.strip(), published_by=by, published_at=at
    )


def _changes(one: Maintenance, wanted: Plan) -> Iterable[str]:
    """What readers have to hear about a change, sentence by sentence."""
    own = load.words()
    if (one.starts_at, one.ends_at) != (wanted.starts_at, wanted.ends_at):
        yield own.gettext("New time: {}.").format(windows.in_words(wanted.starts_at, wanted.ends_at, own))
    names = [component.name for component in wanted.components]
    if set(one.components.all()) != set(wanted.components):
        yield own.gettext("Components: {}.").format(", ".join(names) or own.gettext("none"))
    if one.title != wanted.title:
        yield own.gettext("New title: {}.").format(wanted.title)
    if one.text != wanted.text:
        yield wanted.text


def _changed(one: Maintenance, at: datetime) -> None:
    """Calendars take over what has a higher number than what they hold."""
    one.sequence += 1
    one.updated_at = at
    one.save()


def _touch(one: Maintenance, at: datetime) -> None:
    one.updated_at = at
    one.save(update_fields=["updated_at"])


def _locked(maintenance: Maintenance) -> Maintenance:
    rows = Maintenance.objects.select_for_update(of=("self",)).select_related("domain", "series")
    return rows.get(pk=maintenance.pk)


def _is_heard(one: Maintenance) -> bool:
    return one.announced_at is not None or not one.is_public


def _require_publisher(by: User) -> None:
    by.refresh_from_db(fields=["role", "is_active"])
    if not by.has_role(Role.PUBLISHER):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.PUBLISHER.label} and above.")
    if queries.lacks_factor(by):
        raise Denied(
            "SECOND_FACTOR_MISSING",
            "Publishing requires a second factor. Set one up on your account page under Second factor.",
        )


def _require_ahead(wanted: Plan, at: datetime) -> None:
    if wanted.starts_at < at - _GRACE:
        raise Refused("STARTS_IN_PAST", "The beginning has passed. Choose a later one.")
    _require_sound(wanted)


def _require_kept(wanted: Plan, at: datetime) -> None:
    if wanted.starts_at < at - BACK - _GRACE:
        raise Refused("TOO_LONG_AGO", f"Choose a beginning in the last {BACK.days} days: before them nothing is moved.")
    _require_sound(wanted)


def _require_sound(wanted: Plan) -> None:
    _require_wording(wanted, wanted.audience)
    if not timedelta(0) < wanted.ends_at - wanted.starts_at <= LONGEST:
        raise Refused("WINDOW_UNSOUND", f"The end comes after the beginning, at most {LONGEST.days} days later.")


def _require_wording(wanted: Plan | Wording, audience: str) -> None:
    if not wanted.title.strip() or not wanted.text.strip():
        raise Refused("TEXT_MISSING", "Planned work needs a title and a text.")
    if audience == Audience.PUBLIC:
        for words in (wanted.title, wanted.text):
            guard.require_public(words)
        if not wanted.components:
            raise Refused("COMPONENTS_MISSING", "Choose the affected components.")


def _require_words(words: str, one: Maintenance) -> None:
    if not words.strip():
        raise Refused("TEXT_MISSING", "Write what readers need to know.")
    if one.is_public:
        guard.require_public(words)


def _require_heard(one: Maintenance) -> None:
    if not _is_heard(one):
        raise Refused("NOT_ANNOUNCED", "Readers do not know of it yet. Announce it first.")


def _require_status(one: Maintenance, at: datetime, wanted: str, sentence: str) -> None:
    status = one.window.status(at)
    if status != wanted:
        raise Refused("WRONG_TIME", sentence if status != windows.CANCELLED else "It is cancelled.")


def fingerprint(one: Maintenance) -> str:
    """Changes with everything that was previewed."""
    return f"{one.pk}-{one.sequence}-{one.updated_at.timestamp():.6f}"


def _require_unchanged(one: Maintenance, seen: str) -> None:
    if seen and seen != fingerprint(one):
        raise Conflict("MAINTENANCE_CHANGED", "Somebody changed it after you looked at it. Look at it again.")
