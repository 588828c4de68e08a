"""What bench/checks.py says about the list, in a process of its own that lives on one core: few checks, then many."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from typing import Any

from bench._incidents_desk import _asker, _figures, _header, _part, _signed_in

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")

FEW, MANY = 100, 5_000
KINDS = (
    ("http", {"url": "https://shop.example/health"}, 60),
    ("tcp", {"host": "db-1.example", "port": 5432}, 60),
    ("celery_queue", {"url_env": "REDIS_URL", "queue": "default"}, 30),
    ("dns", {"name_asked": "shop.example", "record": "A"}, 300),
)
STATES = ("unhealthy", "flapping", "insufficient_data", "paused", *("healthy",) * 16)

# A day of closed hours and the hour that runs, for every check that has none yet.
_HOURS = """
INSERT INTO checks_bucket_h (check_id, bucket, ok, err, expected, errors, lat_sum)
SELECT id, hour, 59, 1, 60, '{"timeout": 1}', 59 * (80 + id %% 40 + extract(hour FROM hour))
FROM checks_check, generate_series(%(newest)s - interval '23 hours', %(newest)s - interval '1 hour', '1 hour') AS hour
ON CONFLICT DO NOTHING
"""
_MINUTES = """
INSERT INTO checks_bucket_m (check_id, bucket, ok, expected, lat_sum)
SELECT id, minute, 1, 1, 80 + id %% 40 FROM checks_check, generate_series(%(newest)s, %(at)s, '1 minute') AS minute
ON CONFLICT DO NOTHING
"""
# What the roll-up and the batches would have kept of it.
_RUNNING = """
INSERT INTO checks_running_hour (check_id, hour, ok, err, asked, answered, lat_sum)
SELECT check_id, %(newest)s, sum(ok), 0, sum(expected), sum(ok), sum(lat_sum) FROM checks_bucket_m
WHERE bucket >= %(newest)s GROUP BY check_id
ON CONFLICT (check_id, hour) DO UPDATE SET ok = EXCLUDED.ok, asked = EXCLUDED.asked, answered = EXCLUDED.answered,
  lat_sum = EXCLUDED.lat_sum
"""
# What happens in fifteen seconds: a quarter of all checks was claimed and has run. By a hash: the worst ones have like
# numbers and would run all at once or not at all.
_RUN = """
UPDATE checks_check SET last_run_at = now(), last_latency_ms = 60 + random() * 80,
  silent_from = last_run_at + make_interval(secs => greatest(3 * every_seconds, 90))
WHERE hashint8(id) & 3 = %(turn)s AND state <> 'paused' RETURNING id
"""


def main() -> None:
    """Ask for the list with few checks and with many; JSON on standard output.

    As it is loaded again and again, and (`_changed`) with a quarter of all checks run between two looks. The many are
    the few and others that pass, so that the page shows nearly the same; in the bad hour a fifth of them does not pass.
    """
    with _worker() as run:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        from opsportal.wsgi import application  # first of all: it sets Django up

        ask = _asker(application, _cookie())
        found = _figures("bare_view", lambda: ask("/health/live"))
        for name, number in ((f"list_of_{FEW}", FEW), (f"list_of_{MANY}", MANY), (f"list_of_{MANY}_bad_hour", MANY)):
            fill(number)
            if name.endswith("bad_hour"):
                _fail()
            page = ask("/checks/")[2]
            assert page.count(b"<tr ") >= FEW, f"{page.count(b'<tr ')} rows are shown"
            found |= _figures(name, lambda: ask("/checks/"))
            found |= _figures(f"{name}_changed", lambda: ask("/checks/"), before=run)
            head = _part(_header(ask("/checks/", _part(""))[1], "HX-PTag"))
            assert ask("/checks/", head)[0][:3] == "304"
            found |= _figures(f"{name}_poll", lambda head=head: ask("/checks/", head))  # type: ignore[misc]
            found[f"{name}_kb"] = len(page) / 1000
            for one in (name, f"{name}_changed", f"{name}_poll"):
                found[f"{one}_per_bare_view"] = found[f"{one}_own_p50_ms"] / found["bare_view_own_p50_ms"]
    print(json.dumps(found))


@contextmanager
def _worker() -> Iterator[Callable[[], None]]:
    """What writes results, in a process of its own as a worker is; each call is fifteen seconds of its work."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as worker:
        worker.submit(_set_up).result()
        turns = count()
        yield lambda: worker.submit(_run, next(turns)).result()


def _set_up() -> None:
    import django

    django.setup()


def _cookie() -> str:
    from opsportal.models import User
    from opsportal.roles import Role

    return _signed_in(User.objects.add("night-owl", Role.RESPONDER))


def fill(number: int) -> None:
    """So many checks with a day behind them."""
    from django.db import connection
    from django.utils.timezone import now

    from checks.catalogue.models import Check
    from checks.rollups import last_day
    from incidents.ownership.models import Domain

    at, domains = now(), list(Domain.objects.order_by("pk"))
    there = Check.objects.count()
    Check.objects.bulk_create(_check(one, domains, at) for one in range(there, number))
    newest = at.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [at - timedelta(days=2), at + timedelta(days=1)])
        for statement in (_HOURS, _MINUTES, _RUNNING):
            cursor.execute(statement, {"newest": newest, "at": at})
        cursor.execute(
            "INSERT INTO checks_watermark (grain, until) VALUES ('h', %s) ON CONFLICT (grain) DO UPDATE SET until = %s",
            [newest, newest],
        )
        cursor.execute("UPDATE checks_check SET last_run_at = now() WHERE is_own")
        last_day.keep(list(Check.objects.values_list("pk", flat=True)), until=newest)
    _tidy("ANALYZE")


def _fail() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for place, state in enumerate(STATES):
            if state != "healthy":
                cursor.execute("UPDATE checks_check SET state = %s WHERE id %% 20 = %s AND NOT is_own", [state, place])
    _tidy("ANALYZE")


def _tidy(command: str) -> None:
    """As autovacuum, which looks around each minute and so comes later than a benchmark; only the owner may."""
    import psycopg

    with psycopg.connect(os.environ["DATABASE_MIGRATE_URL"], autocommit=True) as owner:
        owner.execute(command)


def _check(number: int, domains: list[Any], at: Any) -> Any:
    from checks.catalogue.models import Check
    from checks.catalogue.states import patience

    kind, spec, every = KINDS[number % len(KINDS)]
    state = STATES[number % len(STATES)] if number < FEW else "healthy"
    return Check(
        key=f"part-{number}",
        name=f"Part {number} of the house answers",
        kind=kind,
        spec=spec,
        domain=domains[number % len(domains)],
        every_seconds=every,
        severity=("SEV-1", "SEV-2", "SEV-3")[number % 3],
        state=state,
        state_since=at,
        last_run_at=at,
        last_ok=state == "healthy",
        last_error="timeout" if state in ("unhealthy", "flapping") else "",
        consecutive_fail=4 if state == "unhealthy" else 0,
        last_latency_ms=90 + number % 40,
        last_value=float(number % 50) if kind == "celery_queue" else None,
        next_due=at + timedelta(days=1),
        silent_from=at + patience(every),
    )


def _run(turn: int) -> None:
    from django.db import connection, transaction
    from django.utils.timezone import now

    from checks.rollups import buckets
    from checks.rollups.buckets import Counts

    minute = now().replace(second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RUN, {"turn": turn % 4})
        ran = cursor.fetchall()
        buckets.add_minutes(Counts(check_id, minute, ok=1, expected=1, lat_sum=90.0) for (check_id,) in ran)
    if turn % 4 == 3:  # a minute is over
        _tidy("VACUUM checks_check, checks_running_hour")


if __name__ == "__main__":
    main()
