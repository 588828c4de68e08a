"""What a team does with the runbooks in twelve weeks: goes through them, follows them, mends one."""

from datetime import datetime, timedelta

from incidents.response.models import Incident
from incidents.runbooks import actions, following
from incidents.runbooks.models import Runbook
from opsportal.models import User

# Runbook, and how many days ago somebody went through it; one of them is stale by now.
_VERIFIED = {
    "deploy-and-rollback": 12,
    "database-outage": 26,
    "payment-webhook-failures": 40,
    "missing-env": 51,
    "secret-or-key-leak": 8,
    "migration-gate": 104,
    "redis-outage": 97,
}
# Runbook, days ago, how it went, what was said, for which incident.
_USED = (
    ("database-outage", 61, "partly", "Step 5 named the replica of last year", "INC-4"),
    ("database-outage", 33, "worked", "", "INC-9"),
    ("deploy-and-rollback", 20, "worked", "", "INC-12"),
    ("payment-webhook-failures", 44, "worked", "Signatures were fine, their side was slow", ""),
    ("ops-daily-unhealthy", 9, "not", "The line of totals is hard to find on a phone", ""),
)
_MENDED, _MENDED_AGO = "database-outage", 58
_WRONG, _RIGHT = "Point `DB_READONLY_ENDPOINT` at the replica", "Point `DB_READONLY_ENDPOINT` at the nearest replica"


# What is followed for the newest open incident: number and place of a step, what it said and its exit code.
_FOLLOWED, _FOLLOWED_AGO = "api-or-ingest-errors", timedelta(minutes=24)
_SAID = (
    (1, 0, "check=portal-live status=healthy", None),
    (1, 1, "check=portal-ready status=healthy", None),
    (2, 0, "runtime_health status=unhealthy reason=p95_too_slow", 2),
)


def play(cast: dict[str, User], at: datetime) -> None:
    """In the order of time, so that each use names the version of its day."""
    days = sorted({_MENDED_AGO, *_VERIFIED.values(), *(one[1] for one in _USED)}, reverse=True)
    for day in days:
        when = at - timedelta(days=day)
        for slug, verified in _VERIFIED.items():
            if verified == day:
                runbook = Runbook.objects.get(slug=slug)
                actions.verify(runbook, seen=runbook.version, by=cast["responder"], at=when)
        for slug, used, result, note, subject in _USED:
            if used == day:
                runbook = Runbook.objects.get(slug=slug)
                actions.record_use(runbook, result=result, note=note, subject=subject, by=cast["responder"], at=when)
        if day == _MENDED_AGO:
            _mend(Runbook.objects.get(slug=_MENDED), by=cast["admin"], at=when)


def follow(by: User, at: datetime) -> None:
    """Somebody is in the middle of one, for what is open right now."""
    incident = Incident.objects.open().newest_first().first()
    if incident is None:
        return
    runbook, moment = Runbook.objects.get(slug=_FOLLOWED), at - _FOLLOWED_AGO
    use = following.begin(runbook, subject=incident.label, by=by, at=moment)
    for number, place, got, code in _SAID:
        moment += timedelta(minutes=2)
        step = following.ask(use, number=number, place=place, by=by, at=moment)
        following.record_step_result(step.pk, got=got, exit_code=code, at=moment + timedelta(seconds=3))
    following.tick(use, number=3, by=by, at=moment + timedelta(minutes=3))


def _mend(runbook: Runbook, *, by: User, at: datetime) -> None:
    draft = actions.draft_of(runbook)
    better = actions.Draft(draft.title, draft.body.replace(_WRONG, _RIGHT), draft.domain, draft.tokens, draft.owner)
    actions.change(runbook, better, seen=runbook.version, note="Which replica, after INC-4", by=by, at=at)
