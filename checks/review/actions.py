"""Compile, answer, note, promise and sign: what happens to a weekly review."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from checks.catalogue.models import Check
from checks.review import compiling
from checks.review.models import Finding, Review, ReviewAction
from checks.rollups.models import Watermark
from checks.trends import isoweek
from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.ownership.models import require_handle
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.outbox import actions as outbox
from opsportal.privacy import guard

# On Friday at noon UTC the review of the week before is to be signed.
_HELD_BY = timedelta(days=11, hours=12)
# Compiled late, by a portal that was made or stood still in the middle of a week, it is not late at once.
_AT_LEAST = timedelta(days=2)
# Weeks are rolled up minutes after their end; a portal that rolls nothing up compiles without them.
_PATIENCE = timedelta(hours=6)
HELD = Obligation.Kind.WEEKLY_REVIEW


def compile_due(*, at: datetime) -> Review | None:
    """The review of the week that is over, once: compiled, owed and told.

    None when there is one, when it is too early, or when nothing was watched yet: a new house has no week past.
    """
    running = isoweek.monday(at)
    start = running - isoweek.WEEK
    if Review.objects.filter(start=start.date()).exists() or not Check.objects.filter(created_at__lt=running).exists():
        return None
    rolled = Watermark.objects.filter(grain="w", until__gte=running).exists()
    if not rolled and at < running + _PATIENCE:
        return None
    return compile_week(start, at=at)


@transaction.atomic
def compile_week(start: datetime, *, at: datetime) -> Review:
    """Keep the week's figures as a row, owe its sign-off, and tell the operators. Safe to run twice."""
    review, is_new = Review.objects.get_or_create(
        start=start.date(), defaults={"figures": compiling.figures(start), "compiled_at": at}
    )
    if not is_new:
        return review
    _find(review)
    obligations.owe(HELD, review.week, due_at=max(start + _HELD_BY, at + _AT_LEAST), at=at)
    audit.record("review.compile", by="scheduler", object=review.week)
    outbox.tell_operators(
        key=f"review:{review.week}",
        subject=f"Weekly review {review.week}",
        body=digest(review),
        at=at,
        because="The week is over",
    )
    return review


@transaction.atomic
def compile_again(review: Review, *, by: User, at: datetime) -> Review:
    """Take in what came late. What people wrote stays; a finding that is answered stays too."""
    review = _open(review)
    review.figures, review.compiled_at = compiling.figures(review.begins), at
    review.save(update_fields=["figures", "compiled_at"])
    review.findings.filter(answer="").delete()
    _find(review)
    audit.record("review.compile", by=by.username, object=review.week)
    return review


def _find(review: Review) -> None:
    known = set(review.findings.values_list("about", flat=True))
    new = [one for one in compiling.worst(review.begins) if one.key not in known]
    for one in new[: max(0, compiling.WORST - len(known))]:
        review.findings.create(about=one.key, name=one.name, words=one.words[:200], owner=one.owner)


def digest(review: Review) -> str:
    """The week in aggregates: numbers alone, since the channel may know no more."""
    runs, people = review.figures["runs"], review.figures["people"]
    spent = sum(one["state"] == "spent" for one in review.figures["budgets"])
    lines = (
        f"Runs: {runs['runs']}, failed {_said(runs['failed_percent'])}, covered {_said(runs['coverage'])}",
        f"Incidents: SEV-1 {people['sev1']}, SEV-2 {people['sev2']}, SEV-3 {people['sev3']}",
        f"Alerts: {people['alerts']}, ended unheard {people['alerts_unheard']}",
        f"Duties: {people['duties_late']} of {people['duties_due']} late",
        f"Error budgets spent: {spent} of {len(review.figures['budgets'])}",
        f"Got worse: {review.findings.count()}",
        f"Leaks prevented: {sum(review.figures['leaks'].values())}",
        f"To be signed: {settings.BASE_URL}{review.get_absolute_url()}",
    )
    return "\n".join(lines)


def _said(percent: float | None) -> str:
    return "not known" if percent is None else f"{percent:.2f} %"


@transaction.atomic
def answer(finding: Finding, *, to: str, reason: str, owner: str, by: User, at: datetime) -> Finding:
    """Accept it as work of somebody, or reject it and say why."""
    _open(finding.review)
    guard.require_clean(reason)
    if to not in set(Finding.Answer):
        raise Refused("ANSWER_UNKNOWN", "Accept it or reject it.")
    if to == Finding.Answer.REJECTED and not reason.strip():
        raise Refused("REASON_MISSING", "Say why this is no work for anybody.")
    if to == Finding.Answer.ACCEPTED:
        require_handle(owner)
        finding.owner = owner
    finding.answer, finding.reason, finding.answered_at, finding.answered_by = to, reason.strip(), at, by
    finding.save(update_fields=["answer", "reason", "answered_at", "answered_by", "owner"])
    audit.record(f"review.{to}", by=by.username, object=f"{finding.review.week} {finding.about}")
    return finding


@transaction.atomic
def note(review: Review, *, notes: str, seen: int, by: User) -> Review:
    """Write down what was said. `seen` is the version the person edited; another one is a Conflict."""
    review = _open(review)
    guard.require_clean(notes)
    if review.version != seen:
        raise Conflict("NOTES_CHANGED", "Somebody else changed the notes while you were typing.")
    review.notes, review.version = notes.strip(), review.version + 1
    review.save(update_fields=["notes", "version"])
    audit.record("review.note", by=by.username, object=review.week)
    return review


@dataclass(frozen=True)
class Plan:
    """What somebody promises, and by which day."""

    title: str
    owner: str
    due_on: date


@transaction.atomic
def add_action(review: Review, plan: Plan, *, by: User, at: datetime) -> ReviewAction:
    """Promise something in this review."""
    review = _open(review)
    guard.require_clean(plan.title)
    if not plan.title.strip():
        raise Refused("TITLE_MISSING", "Say what is to be done.")
    if plan.due_on < at.date():
        raise Refused("DUE_IN_PAST", "That day has passed. Choose a day to come.")
    require_handle(plan.owner)
    made = review.actions.create(title=plan.title.strip()[:200], owner=plan.owner, due_on=plan.due_on, created_by=by)
    audit.record("review.action", by=by.username, object=f"{review.week} {made.pk}")
    return made


@transaction.atomic
def finish_action(action: ReviewAction, *, by: User, at: datetime) -> ReviewAction:
    """It is done; also after the review was signed, whose figures this does not touch."""
    action = ReviewAction.objects.select_for_update(of=("self",)).select_related("review").get(pk=action.pk)
    if action.done_at is not None:
        raise Refused("DONE_ALREADY", "This is done already.")
    action.done_at, action.done_by = at, by
    action.save(update_fields=["done_at", "done_by"])
    audit.record("review.done", by=by.username, object=f"{action.review.week} {action.pk}")
    return action


@transaction.atomic
def sign(review: Review, *, by: User, at: datetime) -> Review:
    """Say that it was held. From here on its figures, answers and notes stay as they are."""
    review = _open(review)
    if review.findings.filter(answer="").exists():
        raise Refused("UNANSWERED", "Accept or reject each thing that got worse first.")
    review.signed_at, review.signed_by = at, by
    review.save(update_fields=["signed_at", "signed_by"])
    obligations.meet(HELD, review.week, at=at)
    audit.record("review.sign", by=by.username, object=review.week)
    return review


def _open(review: Review) -> Review:
    """Locked, and not signed."""
    review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if review.is_signed:
        raise Refused("SIGNED", "This review is signed. Its figures and words stay as they are.")
    return review
