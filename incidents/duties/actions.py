"""Define duties, settle them with evidence, and keep their clocks running."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, transaction

from incidents.duties.models import Duty, Occurrence
from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.ownership.models import require_handle
from opsportal import recurrence, turns
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.slugs import require_slug

KIND = Obligation.Kind.DUTY
State, Evidence = Occurrence.State, Duty.Evidence
# A portal that stood still for months counts what was missed, but not without end.
_MOST_MISSED = 100
_NAMED = (Evidence.OPERATION, Evidence.CHECK)


@dataclass(frozen=True)
class Terms:
    """What a duty is: what is done, by whom, when, and what proves it."""

    title: str
    what: str
    owner: str
    rule: str
    first_on: date
    clock: time
    time_zone: str
    evidence: str
    proof: str
    remind_hours: int


@transaction.atomic
def define(slug: str, terms: Terms, *, by: User, at: datetime) -> Duty:
    """Owe something more, from its next time on."""
    require_slug(slug, longest=40)
    _require(terms)
    try:
        with transaction.atomic():
            duty = Duty.objects.create(slug=slug, since=at, **vars(terms))
    except IntegrityError:
        raise Refused("SLUG_TAKEN", "There is a duty at this address. Choose another.") from None
    audit.record("duty.define", by=by.username, object=slug, reason=duty.words)
    _keep(duty, at=at)
    return duty


@transaction.atomic
def change(duty: Duty, terms: Terms, *, seen: int, by: User, at: datetime) -> Duty:
    """Owe it otherwise: what is open moves to the new time. `seen` is the version the person edited."""
    duty = _locked(duty)
    if duty.version != seen:
        raise Conflict("DUTY_CHANGED", "Somebody else changed this duty while you were typing. Yours is below.")
    _require(terms)
    for name, value in vars(terms).items():
        setattr(duty, name, value)
    duty.version += 1
    duty.save()
    audit.record("duty.change", by=by.username, object=duty.slug, reason=duty.words)
    waiting = _open_one(duty)
    if waiting is not None and waiting.due_at > at:
        obligations.waive(KIND, waiting.subject, by=by, at=at, reason="The duty was changed.")
        waiting.delete()
    _keep(duty, at=at)
    return duty


@transaction.atomic
def retire(duty: Duty, *, by: User, at: datetime) -> Duty:
    """Owe it no more. What was done and missed stays."""
    duty = _locked(duty)
    if duty.retired_at is not None:
        raise Refused("DUTY_RETIRED", "It is retired already.")
    duty.retired_at = at
    duty.save(update_fields=["retired_at"])
    waiting = _open_one(duty)
    if waiting is not None:
        _settle(waiting, State.WAIVED, "The duty was retired.", by=by, at=at)
    audit.record("duty.retire", by=by.username, object=duty.slug)
    return duty


@transaction.atomic
def bring_back(duty: Duty, *, by: User, at: datetime) -> Duty:
    """Owe it again from now on; the time in between counts as nothing."""
    duty = _locked(duty)
    if duty.retired_at is None:
        raise Refused("DUTY_IN_USE", "It is in use already.")
    duty.retired_at, duty.since = None, at
    duty.save(update_fields=["retired_at", "since"])
    audit.record("duty.bring_back", by=by.username, object=duty.slug)
    _keep(duty, at=at)
    return duty


@transaction.atomic
def hold(duty: Duty, *, note: str, by: User, at: datetime) -> Occurrence:
    """Say that it was done, and how one can see it."""
    waiting = _waiting(duty)
    note = guard.require_words(note, "Say briefly what was done, or where one can see it.", "NOTE_MISSING")
    audit.record("duty.hold", by=by.username, object=waiting.subject)
    return _settle(waiting, State.HELD, note, by=by, at=at)


@transaction.atomic
def waive(duty: Duty, *, reason: str, by: User, at: datetime) -> Occurrence:
    """This time it need not be done, and why."""
    waiting = _waiting(duty)
    reason = guard.require_words(reason, "Say why it need not be done this time.")
    audit.record("duty.waive", by=by.username, object=waiting.subject, reason=reason)
    return _settle(waiting, State.WAIVED, reason, by=by, at=at)


@transaction.atomic
def meet(evidence: str, proof: str, *, said: str, at: datetime, by: User | None = None) -> list[Occurrence]:
    """Something happened that proves duties: those that wait for it are done. Safe to run twice.

    An operation or a check calls this with its name, a drill and the daily sheet without.
    """
    waiting = Occurrence.objects.open().select_for_update(of=("self",)).select_related("duty")
    found = waiting.filter(duty__evidence=Evidence(evidence), duty__proof=proof, opened_at__lte=at).order_by("pk")
    return [_settle(one, State.HELD, guard.cleaned(said)[:500], by=by, at=at) for one in found]


def keep(*, at: datetime) -> None:
    """The sweep: open what is next, count what was missed. Idempotent; safe to run concurrently."""
    turns.each(Duty.objects.filter(retired_at=None).order_by("pk"), lambda duty: _keep_one(duty, at=at))


@transaction.atomic
def _keep_one(duty: Duty, *, at: datetime) -> None:
    _keep(_locked(duty), at=at)


def _keep(duty: Duty, *, at: datetime) -> None:
    """One open occurrence a duty, from the due time of the one before on.

    Late is half of the time to the next one; then it is missed, and what is done counts for the next.
    """
    if duty.retired_at is not None:
        return
    for _ in range(_MOST_MISSED):
        waiting = _open_one(duty)
        if waiting is not None:
            half = (duty.due_after(waiting.due_at) - waiting.due_at) / 2
            if waiting.due_at + half > at:
                return
            _settle(waiting, State.MISSED, "Missed: half of the time to the next one has passed.", by=None, at=at)
            continue
        last = duty.occurrences.filter(due_at__gte=duty.since).order_by("-due_at").first()
        opened_at = last.due_at if last is not None else duty.since
        if opened_at > at:
            return
        made = Occurrence.objects.create(duty=duty, opened_at=opened_at, due_at=duty.due_after(opened_at))
        obligations.owe(KIND, made.subject, due_at=made.due_at, at=at, owner=duty.owner)


def _settle(one: Occurrence, state: str, evidence: str, *, by: User | None, at: datetime) -> Occurrence:
    one.state, one.settled_at, one.settled_by, one.evidence = State(state), at, by, evidence
    one.save(update_fields=["state", "settled_at", "settled_by", "evidence"])
    if state == State.HELD:
        obligations.meet(KIND, one.subject, at=at)
    else:
        obligations.waive(KIND, one.subject, by=by, at=at, reason=evidence)
    return one


def _open_one(duty: Duty) -> Occurrence | None:
    """Locked: whoever says at this moment that it was done is not overwritten."""
    return Occurrence.objects.open().select_for_update(of=("self",)).select_related("duty").filter(duty=duty).first()


def _waiting(duty: Duty) -> Occurrence:
    found = _open_one(duty)
    if found is None:
        raise Refused("NOTHING_OWED", "Nothing of it is owed now.")
    return found


def _locked(duty: Duty) -> Duty:
    return Duty.objects.select_for_update().get(pk=duty.pk)


def _require(terms: Terms) -> None:
    for text in (terms.title, terms.what):
        guard.require_clean(text)
    if not terms.title.strip():
        raise Refused("TITLE_MISSING", "Say what is done.")
    recurrence.require_known(terms.rule, terms.time_zone)
    require_handle(terms.owner)
    if (terms.evidence in _NAMED) != bool(terms.proof.strip()):
        raise Refused("PROOF_WRONG", "An operation or a check is named as proof; anything else has no name.")
