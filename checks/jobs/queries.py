"""What was heard of jobs, for many checks at once."""

from collections.abc import Iterable
from datetime import datetime

from checks.jobs.models import Job
from checks.probes.heard import Heard


def heard(check_ids: Iterable[int]) -> dict[int, Heard]:
    """By check; one query."""
    return {job.pk: heard_of(job) for job in Job.objects.filter(pk__in=list(check_ids))}


def of(check_id: int) -> Job | None:
    """The job of one check, if it has one."""
    return Job.objects.filter(pk=check_id).select_related("check_ref").first()


def heard_of(job: Job) -> Heard:
    return Heard(
        since=job.since,
        started_at=job.started_at,
        ok_at=job.ok_at,
        fail_at=job.fail_at,
        heard_at=job.heard_at,
        status=job.status,
        duration_ms=job.duration_ms,
        numbers=job.numbers,
    )


def last_successes(keys: Iterable[str]) -> dict[str, datetime]:
    """By the check's key, of those that ever reported one; one query."""
    found = Job.objects.filter(check_ref__key__in=set(keys)).exclude(ok_at=None)
    return {key: at for key, at in found.values_list("check_ref__key", "ok_at") if at is not None}
