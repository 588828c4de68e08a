"""Define checks and steer them: who did it is `by`, and every act stands in the audit log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Least
from django.utils.text import slugify

from checks.catalogue import family, kinds
from checks.catalogue.definitions import RESERVED
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.jobs import actions as jobs
from incidents.alerts import actions as alerts
from incidents.ownership.models import Domain
from opsportal import background
from opsportal.accounts.models import User
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.privacy import guard

MOST_CHECKS = 20_000
# Under this name the audit log says what nobody did by hand.
SCHEDULER = "scheduler"


@transaction.atomic
def add_check(
    *, kind: str, spec: dict[str, Any], settings: dict[str, Any], by: User, at: datetime, key: str = ""
) -> Check:
    """Watch something more, from now on: its first run is due at once. Without a key it gets one from its name."""
    kinds.kind(kind)
    _require_fit(spec, settings)
    _require_family(None, settings)
    if Check.objects.count() >= MOST_CHECKS:
        raise Refused("TOO_MANY_CHECKS", f"There are {MOST_CHECKS} checks already. Remove one first.")
    if key and Check.objects.filter(key=key).exists():
        raise Conflict("KEY_TAKEN", "There is a check with this key already.")
    _hold_parent(settings.get("parent"))
    check = Check.objects.create(
        key=key or _free_key(settings["name"]),
        kind=kind,
        spec=spec,
        next_due=at,
        created_at=at,
        state_since=at,
        **settings,
    )
    if kinds.kind(kind).is_told:
        jobs.wait_for(check.pk, at=at)
    audit.record("check.add", by=by.username, object=check.key)
    wake()
    return check


@transaction.atomic
def edit_check(
    check: Check, *, spec: dict[str, Any], settings: dict[str, Any], by: User, at: datetime, seen: str = ""
) -> Check:
    """Change what is watched or when its state changes. The key stays, so its history and its alerts do too.

    `seen` is the fingerprint of what the person edited; when somebody saved meanwhile, nothing is saved.
    """
    # Before the row's own lock: two who close a circle would wait for each other for ever.
    _require_family(check, settings)
    check = _locked(check)
    if seen and seen != check.fingerprint:
        raise Conflict("CHECK_CHANGED", "Somebody else saved this check a moment ago. Save again to replace that.")
    if check.is_own and spec != check.spec:
        raise Refused("OWN_CHECK", "What the portal's own checks look at cannot be changed.")
    _require_fit(spec, settings)
    rules = check.ends_by_hand, check.remind_hours
    for name, value in {"spec": spec, **settings}.items():
        setattr(check, name, value)
    check.next_due = min(check.next_due, at + check.every)
    check.save(update_fields=["spec", "next_due", *settings])
    audit.record("check.edit", by=by.username, object=check.key)
    if (check.ends_by_hand, check.remind_hours) != rules:
        alerts.keep_to(check.dedup_key, ends_by_hand=check.ends_by_hand, remind_hours=check.remind_hours, by=by, at=at)
    return check


def _require_fit(spec: dict[str, Any], settings: dict[str, Any]) -> None:
    """The name is for everybody; an address may name a machine, and no secret."""
    guard.require_clean(settings["name"])
    for value in spec.values():
        guard.require_no_secret(str(value))


def _require_family(check: Check | None, settings: dict[str, Any]) -> None:
    """A parent that may be one; two edits at once that would close a circle wait for each other."""
    parent = settings.get("parent")
    if parent is None:
        return
    lock_families()
    sentence = family.refusal(check, Check.objects.get(pk=parent.pk))
    if sentence:
        raise Refused("PARENT_REFUSED", sentence)
    if settings.get("is_canary"):
        raise Refused("PARENT_REFUSED", "A canary has no parent: it says whether our own network works.")


def _hold_parent(parent: Check | None) -> None:
    """Before a new check is counted: whoever removes the parent holds it and counts then."""
    if parent is not None and Check.objects.select_for_update(no_key=True).filter(pk=parent.pk).first() is None:
        raise Refused("PARENT_REFUSED", "The parent check was removed a moment ago.")


@transaction.atomic
def stand_on(check: Check, parent: Check) -> None:
    """The end of an import, when all that stand on each other are there; the act itself is in the audit log already."""
    _require_family(check, {"parent": parent, "is_canary": check.is_canary})
    Check.objects.filter(pk=check.pk).update(parent=parent)


def lock_families() -> None:
    """Whoever sets parents does so alone, until the end of the transaction; before any lock of a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('checks_family'))")


@transaction.atomic
def pause(check: Check, *, by: User, at: datetime, until: datetime | None = None, reason: str = "") -> Check:
    """Stop running it, until a moment or until somebody resumes it.

    Its alert, if one fires, is left as it is: nobody saw it recover.
    """
    check = _locked(check)
    if check.state == State.PAUSED:
        raise Refused("ALREADY_PAUSED", "This check is paused already.")
    if until is not None and until <= at:
        raise Refused("PAUSE_OVER", "Choose an end in the future.")
    guard.require_clean(reason)
    check.paused_until, check.paused_by, check.pause_reason = until, by, reason
    _move(check, State.PAUSED, at)
    ends = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "without an end"
    audit.record("check.pause", by=by.username, object=check.key, reason=f"{ends}. {reason}".rstrip(". "))
    return check


@transaction.atomic
def resume(check: Check, *, by: User, at: datetime) -> Check:
    """Run it again, without data until its first result."""
    check = let_run(check, by=by, at=at)
    wake()
    return check


@transaction.atomic
def let_run(check: Check, *, by: User, at: datetime) -> Check:
    """The same without the bell, for one of many: whoever resumes many rings once."""
    check = _locked(check)
    if check.archived_at is not None:
        raise Refused("ARCHIVED", "This check is archived. Restore it first.")
    if check.state != State.PAUSED:
        raise Refused("NOT_PAUSED", "This check is not paused.")
    _run_again(check, at, by.username)
    return check


@transaction.atomic
def resume_ended(*, at: datetime) -> int:
    """Run again what was paused until now; how many. Idempotent; safe to run concurrently."""
    over = Check.objects.filter(state=State.PAUSED, paused_until__lte=at)
    found = list(over.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:500])
    for check in found:
        _run_again(check, at, SCHEDULER)
    return len(found)


def _run_again(check: Check, at: datetime, by: str) -> None:
    check.next_due = at
    check.paused_until, check.paused_by, check.pause_reason = None, None, ""
    if check.kind in kinds.KINDS and kinds.KINDS[check.kind].is_told:
        jobs.wait_for(check.pk, at=at)  # nobody was missed while it was paused
    _move(check, State.INSUFFICIENT_DATA, at)
    audit.record("check.resume", by=by, object=check.key)


@transaction.atomic
def run_now(check: Check, *, by: User, at: datetime) -> None:
    """Make its next run due now; the slots after it stay where they are."""
    make_due(check, by=by, at=at)
    wake()


@transaction.atomic
def make_due(check: Check, *, by: User, at: datetime) -> None:
    """The same without the bell, for one of many."""
    moved = Check.objects.enabled().filter(pk=check.pk).update(next_due=Least("next_due", Value(at)))
    if not moved:
        raise Refused("PAUSED", "This check is paused. Resume it first.")
    audit.record("check.run_now", by=by.username, object=check.key)


@transaction.atomic
def move_to(check: Check, *, domain: Domain, by: User) -> Check:
    """Give it to another domain, and so to another owner. An alert that fires stays in its room.

    One that is held against the last good deploy is from now on held against those of its new domain.
    """
    check = _locked(check)
    if check.domain_id != domain.pk:
        check.domain = domain
        if "artifact_of" in check.spec:
            check.spec = {**check.spec, "artifact_of": domain.slug}
        check.save(update_fields=["domain", "spec"])
        audit.record("check.move", by=by.username, object=check.key, reason=f"to {domain.slug}")
    return check


@transaction.atomic
def set_daily(check: Check, *, is_daily: bool, by: User) -> Check:
    """Take it into the daily report, or out of it."""
    check = _locked(check)
    if check.is_daily != is_daily:
        check.is_daily = is_daily
        check.save(update_fields=["is_daily"])
        audit.record("check.daily", by=by.username, object=check.key, reason="in" if is_daily else "out")
    return check


@transaction.atomic
def archive(check: Check, *, by: User, at: datetime) -> Check:
    """Put it away: it does not run, and only the list of archived checks shows it. Its history stays.

    Its alert, if one fires, ends without a recovery, since nobody saw one; the room stays open and says why.
    """
    check = _locked(check)
    if check.is_own:
        raise Refused("OWN_CHECK", "The portal's own checks cannot be archived.")
    if check.archived_at is not None:
        raise Refused("ALREADY_ARCHIVED", "This check is archived already.")
    check.archived_at = at
    check.paused_until, check.paused_by, check.pause_reason = None, by, ""
    if check.state == State.PAUSED:
        check.save(update_fields=["archived_at", "paused_until", "paused_by", "pause_reason"])
    else:
        _move(check, State.PAUSED, at)
    audit.record("check.archive", by=by.username, object=check.key)
    _fall_silent(check, "Its check was archived", by=by, at=at)
    return check


@transaction.atomic
def take_back(check: Check, *, by: User) -> Check:
    """Show it again. It stays paused until somebody resumes it, so that nothing runs unlooked at."""
    check = _locked(check)
    if check.archived_at is None:
        raise Refused("NOT_ARCHIVED", "This check is not archived.")
    check.archived_at = None
    check.save(update_fields=["archived_at"])
    audit.record("check.take_back", by=by.username, object=check.key)
    return check


@transaction.atomic
def remove(check: Check, *, by: User, at: datetime) -> None:
    """Stop watching for good. Only a paused check, so that nobody removes what still tells something.

    Its alert ends as when it is archived.
    """
    check = _locked(check)
    if check.is_own:
        raise Refused("OWN_CHECK", "The portal's own checks cannot be removed.")
    if check.state != State.PAUSED:
        raise Refused("NOT_PAUSED", "Pause this check first, then remove it.")
    audit.record("check.remove", by=by.username, object=check.key)
    _fall_silent(check, "Its check was removed", by=by, at=at)
    check.delete()


def hold(ids: Iterable[int]) -> None:
    """Whoever archives many holds them first, then their news, then what those say: each kind before the next."""
    checks = list(Check.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    flips = apps.get_model("checks", "Flip").objects.filter(check_ref__in=checks, processed_at=None)
    list(flips.select_for_update().order_by("check_ref", "at", "pk"))
    alerts.hold(check.dedup_key for check in checks)


def _fall_silent(check: Check, why: str, *, by: User, at: datetime) -> None:
    """No news of it comes any more, not even what is on its way, and nobody is reminded of what it said."""
    check.flips.filter(processed_at=None).update(processed_at=at)
    alerts.let_go(check.dedup_key, why=why, by=by, at=at)


def _locked(check: Check) -> Check:
    return Check.objects.select_for_update().get(pk=check.pk)


def _move(check: Check, to: State, at: datetime) -> None:
    """Change the state by hand; the flip is history only, so nobody has to deliver it.

    A run that is under way goes on, so that its slot has a result, or is unknown when its worker dies.
    """
    old, check.state, check.state_since = check.state, to, at
    check.consecutive_fail = check.consecutive_ok = 0
    check.recent, check.turns, check.beneath, check.failing_since, check.waits_since = "", [], "", None, None
    check.save()
    check.flips.create(at=at, old=old, new=to, processed_at=at)


def wake() -> None:
    """Have what is due run at once instead of with the next second; after the commit."""
    background.after_commit("checks.tick", queue="checks", expires=5.0)


def _free_key(name: str) -> str:
    """A short word for addresses and tokens, from the name; a number is added when it is taken."""
    stem = slugify(name)[:56].strip("-")
    taken = set(Check.objects.filter(key__startswith=stem).values_list("key", flat=True)) | RESERVED
    if stem not in taken:
        return stem
    return next(key for number in range(2, MOST_CHECKS + 3) if (key := f"{stem}-{number}") not in taken)
