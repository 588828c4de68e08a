"""Following a runbook: begin, take its steps and write down what they said, say at the end how it went."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from incidents.runbooks import expecting, files, reading
from incidents.runbooks.models import Runbook, RunbookStep, RunbookUse
from incidents.runbooks.reading import Step, Trial
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

# Nobody took a step or said how it went for so long: it is not followed any more.
LEFT_AFTER = timedelta(hours=24)
Verdict = RunbookStep.Verdict


@dataclass(frozen=True)
class News:
    """What became of a step or of a use, for whoever keeps the story of its subject.

    `what` is a verdict of a step or a result of a use; the first line of `text` says of what, the rest what was said.
    """

    subject: str
    slug: str
    what: str
    text: str
    by: User
    at: datetime


# Rooms above that keep the story. Called in the transaction of the fact itself, so both are kept or lost together.
listeners: list[Callable[[News], object]] = []


@transaction.atomic
def begin(runbook: Runbook, *, subject: str = "", by: User, at: datetime) -> RunbookUse:
    """Follow it from now on; or go on with those who follow it for the same subject already."""
    runbook = Runbook.objects.select_for_update(of=("self",)).get(pk=runbook.pk)
    if runbook.retired_at is not None:
        raise Refused("RUNBOOK_RETIRED", "It is retired. Restore it before you follow it.")
    going = RunbookUse.objects.going().filter(runbook=runbook, subject=subject).first()
    if going is not None:
        return going
    audit.record("runbook.begin", by=by.username, object=runbook.slug, reason=subject)
    return RunbookUse.objects.create(runbook=runbook, version=runbook.version, subject=subject, by=by, begun_at=at)


def read(use: RunbookUse) -> reading.Reading:
    """The text that the use goes by."""
    document = use.runbook.versions.get(number=use.version).document
    return reading.read(files.read(use.runbook.slug, document).body)


@transaction.atomic
def ask(use: RunbookUse, *, number: int, place: int, by: User, at: datetime) -> RunbookStep:
    """Somebody runs a step from the page; `record_step_result` writes down what it said."""
    use = _going(use)
    step, trial = _trial(use, number, place)
    if use.steps.filter(number=number, place=place, verdict=Verdict.ASKED).exists():
        raise Refused("STEP_RUNS", f"Step {number} runs already. Wait for what it says.")
    return _row(use, step, trial, RunbookStep.Way.CHECK if trial.is_check else RunbookStep.Way.RUN, by=by, at=at)


@transaction.atomic
def record_step_result(step_id: int, *, got: str, exit_code: int | None, at: datetime) -> RunbookStep:
    """What a run said that a step asked for, compared with what the step expects. Safe to run twice."""
    step = RunbookStep.objects.select_for_update(of=("self",)).select_related("use__runbook", "by").get(pk=step_id)
    if step.is_asked:
        _judge(step, got, exit_code, at=at)
    return step


@transaction.atomic
def say(use: RunbookUse, *, number: int, place: int, got: str, by: User, at: datetime) -> RunbookStep:
    """Somebody ran a step in a shell, and types the token line that it ended with."""
    use, got = _going(use), got.strip()
    step, trial = _trial(use, number, place)
    guard.require_clean(got)
    if not expecting.is_line(got):
        raise Refused("NO_TOKEN_LINE", "Paste the last token line alone, such as db_verify status=ok.")
    row = _row(use, step, trial, RunbookStep.Way.SHELL, by=by, at=at)
    _judge(row, got, None, at=at)
    return row


@transaction.atomic
def tick(use: RunbookUse, *, number: int, by: User, at: datetime) -> RunbookStep:
    """A step is done that no token proves."""
    use = _going(use)
    step = _step(use, number)
    done = use.steps.filter(number=number, verdict=Verdict.DONE).first()
    if done is not None:
        return done
    row = _row(use, step, None, RunbookStep.Way.HAND, by=by, at=at)
    row.verdict, row.ended_at = Verdict.DONE, at
    row.save(update_fields=["verdict", "ended_at"])
    _tell(row, at=at)
    return row


@transaction.atomic
def end(use: RunbookUse, *, result: str, note: str, by: User, at: datetime) -> RunbookUse:
    """Say how it went. What did not work whole needs a word, so that somebody can mend it."""
    use, note = _going(use), note.strip()
    require_said(result, note)
    use.result, use.note, use.ended_at, use.ended_by = result, note[:500], at, by
    use.save(update_fields=["result", "note", "ended_at", "ended_by"])
    audit.record("runbook.use", by=by.username, object=use.runbook.slug, reason=f"{result} {use.subject}".strip())
    _tell_all(News(use.subject, use.runbook.slug, result, f"{use.runbook.title}\n{note}".strip(), by, at))
    return use


def require_said(result: str, note: str) -> None:
    """Refused when it is no result, or when what did not work has no word."""
    if result not in RunbookUse.SAID:
        raise Refused("RESULT_UNKNOWN", "Say whether it worked, partly, or not.")
    if not note and result != RunbookUse.Result.WORKED:
        raise Refused("NOTE_MISSING", "Say in a few words what did not work.")
    guard.require_clean(note)


def end_left(*, at: datetime) -> int:
    """End uses that everybody went away from; how many. Safe to run twice."""
    old = at - LEFT_AFTER
    last = RunbookUse.objects.going().annotate(last=Max("steps__asked_at"))
    left = last.filter(Q(last=None) | Q(last__lt=old), begun_at__lt=old).values_list("pk", flat=True)
    return RunbookUse.objects.going().filter(pk__in=list(left)).update(result=RunbookUse.Result.LEFT, ended_at=at)


def _going(use: RunbookUse) -> RunbookUse:
    use = RunbookUse.objects.select_for_update(of=("self",)).select_related("runbook", "by").get(pk=use.pk)
    if not use.is_going:
        raise Refused("USE_OVER", "This use is over. Begin a new one on the runbook's page.")
    return use


def _step(use: RunbookUse, number: int) -> Step:
    step = read(use).step(number)
    if step is None:
        raise Refused("STEP_UNKNOWN", "There is no such step in the text that this use goes by.")
    return step


def _trial(use: RunbookUse, number: int, place: int) -> tuple[Step, Trial]:
    step = _step(use, number)
    trial = next((one for one in step.trials if one.place == place), None)
    if trial is None:
        raise Refused("STEP_UNKNOWN", "This step has no such command.")
    return step, trial


def _row(use: RunbookUse, step: Step, trial: Trial | None, way: str, *, by: User, at: datetime) -> RunbookStep:
    return RunbookStep.objects.create(
        use=use,
        number=step.number,
        place=trial.place if trial else 0,
        title=step.title[:200],
        command=trial.text[:400] if trial else "",
        expected="\n".join(trial.expected) if trial else "",
        way=way,
        by=by,
        asked_at=at,
    )


def _judge(step: RunbookStep, got: str, exit_code: int | None, *, at: datetime) -> None:
    lines = step.expected.splitlines()
    is_right = expecting.is_as_expected(got, lines) if lines else exit_code in (0, None)
    step.got, step.exit_code, step.ended_at = got[:400], exit_code, at
    step.verdict = Verdict.AS_EXPECTED if is_right else Verdict.NOT_AS_EXPECTED
    step.save(update_fields=["got", "exit_code", "ended_at", "verdict"])
    _tell(step, at=at)


def _tell(step: RunbookStep, *, at: datetime) -> None:
    runbook = step.use.runbook
    text = f"{runbook.title}, step {step.number}: {step.title}\n{step.got}".strip()
    _tell_all(News(step.use.subject, runbook.slug, step.verdict, text, step.by, at))


def _tell_all(news: News) -> None:
    for listener in listeners:
        listener(news)
