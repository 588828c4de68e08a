"""Hear jobs, and give them their addresses.

Hearing is two statements and no broker: the next tick looks, within a second.
"""

import hashlib
import secrets
import string
import uuid
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from checks.jobs.models import Job
from checks.probes.token_report import Report
from opsportal.audit import actions as audit
from opsportal.privacy import guard

HIGHEST_EXIT = 255
_ALPHABET = string.ascii_letters + string.digits
_KEY = "rep_"
# Healthy checks are left to their slots when all is well; whatever else was heard is looked at with the next tick.
_LOOK_NOW = """
UPDATE checks_check SET next_due = least(next_due, %(at)s)
WHERE id = %(check)s AND state <> 'paused' AND NOT (state = 'healthy' AND %(is_fine)s)
"""
_ENDED = """
UPDATE checks_job SET
  heard_at = %(at)s, status = %(status)s, exit_code = %(code)s,
  ok_at = CASE WHEN %(is_fine)s THEN %(at)s ELSE ok_at END,
  fail_at = CASE WHEN %(is_fine)s THEN fail_at ELSE %(at)s END,
  duration_ms = CASE WHEN started_at > coalesce(heard_at, '-infinity')
    THEN extract(epoch FROM %(at)s - started_at) * 1000 END
WHERE check_id = %(check)s
"""


def start(job: Job, *, at: datetime) -> None:
    """It has begun; its end is waited for."""
    Job.objects.filter(pk=job.pk).update(started_at=at)


@transaction.atomic
def end(job: Job, *, code: int, at: datetime) -> None:
    """It has ended: well by 0, badly by anything else. How long it took is known when it said that it began."""
    values: dict[str, Any] = {
        "check": job.pk,
        "at": at,
        "code": min(code, HIGHEST_EXIT),
        "is_fine": code == 0,
        "status": Job.Status.OK if code == 0 else Job.Status.FAIL,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_NOW, values)  # the check before its job, as whoever resumes it
        cursor.execute(_ENDED, values)


@transaction.atomic
def report(job: Job, said: Report, *, at: datetime) -> None:
    """Keep status, reason and numbers of a token line in place of the last ones."""
    is_fine = said.status == Job.Status.OK
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_NOW, {"check": job.pk, "at": at, "is_fine": is_fine})
    changed: dict[str, Any] = {"ok_at": at} if is_fine else {}
    if said.status == Job.Status.FAIL:
        changed["fail_at"] = at
    Job.objects.filter(pk=job.pk).update(
        heard_at=at, status=said.status, reason=_token(said.reason), numbers=dict(said.numbers), **changed
    )


def _token(reason: str) -> str:
    """A reason that looks like a secret or a person is none."""
    return "" if guard.scan(reason) else reason


def wait_for(check_id: int, *, at: datetime) -> None:
    """From now on, as if nothing had been heard before: a check is new or runs again after a pause."""
    Job.objects.update_or_create(pk=check_id, defaults={"since": at}, create_defaults={"since": at})


@transaction.atomic
def new_address(job: Job, *, by: str) -> Job:
    """A ping address in place of the old one, which knows nobody from now on."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    job.ping = uuid.uuid4()
    job.save(update_fields=["ping"])
    audit.record("check.new_address", by=by, object=_said(job))
    return job


@transaction.atomic
def new_key(job: Job, *, by: str) -> str:
    """A report key in place of the old one; its text, which exists nowhere else."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    key = _KEY + "".join(secrets.choice(_ALPHABET) for _ in range(32))
    job.key_hash = digest(key)
    job.save(update_fields=["key_hash"])
    audit.record("check.new_key", by=by, object=_said(job))
    return key


def by_ping(text: str) -> Job | None:
    """The heartbeat behind an address."""
    try:
        wanted = uuid.UUID(text)
    except ValueError:
        return None
    return Job.objects.filter(ping=wanted, check_ref__kind="heartbeat").first()


def by_key(text: str) -> Job | None:
    """The report behind a key; only hashes are compared."""
    if not text.startswith(_KEY) or len(text) != len(_KEY) + 32:
        return None
    return Job.objects.filter(key_hash=digest(text), check_ref__kind="token_report").first()


def digest(key: str) -> str:
    """What is stored: SHA-256. 190 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def _said(job: Job) -> str:
    return str(job.check_ref.key)
