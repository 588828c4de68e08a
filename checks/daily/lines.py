"""The lines of the daily health check as the operating documents list them, and which check fills which."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A line of the sheet. `question` is put to a person while no check fills it; `is_asked` says: in any case."""

    slug: str
    title: str
    question: str
    is_asked: bool = False


LINES = (
    Line("api", "API health", "Does the API's health address answer 200?"),
    Line("ingest", "Ingest health", "Is the success rate of ingest stable?"),
    Line("jobs", "Job health", "Are jobs, aggregation and exports without a backlog?"),
    Line("errors", "Error rates", "Are 5xx rates within their normal baseline?"),
    Line("limits", "Rate limits", "Were spikes of 429 looked into?"),
    Line("plans", "Limits of plans", "Are ingest's limits a minute enforced for each plan?"),
    Line("database", "Database", "Are pool and slow queries of the database in order?"),
    Line("status", "Status page", "Does the status page say what users see now?", is_asked=True),
    Line("backups", "Backups", "Did last night's backups of database and object storage run?"),
    Line("own_backup", "Backup of this portal", ""),
    Line("abuse", "Abuse", "Is the list of bans free of odd spikes?", is_asked=True),
    Line("support", "Support", "Are new tickets and security events triaged?", is_asked=True),
    Line("other", "Everything else", ""),
)
BY_SLUG = {line.slug: line for line in LINES}

_BY_WORD = {
    "ingest": "ingest intake collector",
    "support": "support ticket tickets helpdesk",
    "abuse": "abuse ban bans banlist",
    "limits": "limit limits ratelimit 429",
    "errors": "error errors 5xx",
    "status": "statuspage snapshot",
    "backups": "backup backups restore",
    "jobs": "job jobs export exports import queue worker workers scheduler geo aggregation outbox",
    "database": "database db postgres sql",
    "api": "api",
}
# What proves one line whatever its key says: ingest's limit is no news of ingest itself. Other limits are no plan's.
_PROVES: dict[tuple[str, str | None], str] = {("limit_guard", "rate"): "plans"}
_BY_KIND = {
    "limit_guard": "limits",
    **dict.fromkeys(("database", "sql_aggregate", "query_benchmark"), "database"),
    **dict.fromkeys(("heartbeat", "token_report", "celery_queue", "redis"), "jobs"),
    **dict.fromkeys(("backup_age", "restore_drill"), "backups"),
    "http": "api",
}


def line_of(key: str, kind: str, mode: str | None = None) -> str:
    """The slug of the line that a check fills: by what it proves, by a word of its key, else by its kind.

    >>> line_of("eu-ingest-browser", "http"), line_of("orders-pool", "database"), line_of("shop", "http")
    ('ingest', 'database', 'api')
    >>> line_of("ingest-free-plan", "limit_guard", "rate"), line_of("upload-size", "limit_guard", "body")
    ('plans', 'limits')
    """
    if (kind, mode) in _PROVES:
        return _PROVES[kind, mode]
    words = set(re.split(r"[-_]", key))
    named = (slug for slug, known in _BY_WORD.items() if words & set(known.split()))
    return next(named, _BY_KIND.get(kind, "other"))


def is_unusual(now: int, of: int, before: int, of_before: int) -> bool:
    """Twice the share of the week before, and ten or more, so that two unlucky answers are no spike.

    >>> is_unusual(20, 1_000, 50, 7_000), is_unusual(9, 100, 0, 7_000), is_unusual(20, 1_000, 140, 7_000)
    (True, False, False)
    """
    return now >= 10 and now * max(of_before, 1) > 2 * before * max(of, 1)
