"""A thousand checks with a year behind them at the shapes of real buckets: what list, page and weeks cost.

Hours, days and weeks are there for every check, minutes for the last three hours, and for ten checks as long as they
are kept. Histograms come from a few templates with as many answers as their grain has; the database makes the rows.
"""

import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

import psycopg

from bench._incidents_desk import _asker, _figures, _signed_in

CHECKS, SAMPLED, TEMPLATES = 1_000, 10, 32
ROUNDS = 40
# (grain, table, width, rows back, answers a bucket)
GRAINS = (
    ("hours", "checks_bucket_h", timedelta(hours=1), 365 * 24, 60),
    ("days", "checks_bucket_d", timedelta(days=1), 365, 1_440),
    ("weeks", "checks_bucket_w", timedelta(weeks=1), 52, 10_080),
)
# A bucket a row: of its answers all but one in four templates are good, and one slot in fifty is not known.
_FILL = """
INSERT INTO {table} (check_id, bucket, ok, err, unknown, expected, errors, lat_sum, lat_min, lat_max, hist)
SELECT one.id, moment, {answers} - t.err, t.err, {answers} / 50, {answers} + {answers} / 50,
       CASE WHEN t.err = 0 THEN '{{}}'::jsonb ELSE '{{"timeout": 1}}'::jsonb END,
       t.lat_sum, t.lat_min, t.lat_max, t.hist
FROM (SELECT id FROM checks_check WHERE key LIKE 'bench-%%' ORDER BY id LIMIT %(checks)s) AS one
CROSS JOIN generate_series(%(first)s::timestamptz, %(last)s::timestamptz, %(width)s) AS moment
JOIN bench_template AS t ON t.answers = {answers}
 AND t.number = (one.id * 7 + (extract(epoch FROM moment) / extract(epoch FROM %(width)s))::bigint) %% {templates}
ON CONFLICT DO NOTHING
"""


def main() -> None:
    """Make the year, then ask; JSON on standard output."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from opsportal.wsgi import application

    started = time.perf_counter()
    found, cookie = _fill()
    found["made_in_s"] = time.perf_counter() - started
    ask = _asker(application, cookie)
    page = "/checks/bench-7/"
    pages = {
        "list": ("/checks/", ""),
        "page_24h": (page, ""),
        "page_7d": (page, "range=7d"),
        "page_90d": (page, "range=90d"),
        "page_zoom_3h": (page, _three_hours()),
    }
    for name, (path, words) in pages.items():
        show = partial(ask, path, {"QUERY_STRING": words})
        status, _, body = show()
        assert status.startswith("200"), f"{name}: {status}"
        found |= _figures(name, show, rounds=ROUNDS)
        found |= _asked(name, show)
        found[f"{name}_kb"] = len(body) / 1000
    found |= _weeks()
    print(json.dumps(found))


def _fill() -> tuple[dict[str, float], str]:
    """The checks with their buckets, and the cookie of who looks; how many rows and megabytes that is."""
    from django.db import connection
    from django.utils.timezone import now

    from checks.catalogue.models import Check
    from incidents.ownership.models import Domain
    from opsportal.models import User
    from opsportal.roles import Role

    by, at, domains = User.objects.add("night-owl", Role.RESPONDER), now(), list(Domain.objects.order_by("pk"))
    Check.objects.bulk_create(
        Check(
            key=f"bench-{number}",
            name=f"Part {number}",
            kind="http",
            spec={"url": "https://shop.example/"},
            domain=domains[number % len(domains)],
            state="unhealthy" if number % 50 == 0 else "healthy",
            last_run_at=at,
            next_due=at + timedelta(days=1),
        )
        for number in range(CHECKS)
    )
    hour = at.replace(minute=0, second=0, microsecond=0)
    minute = at.replace(second=0, microsecond=0)
    monday = hour.replace(hour=0) - timedelta(days=at.weekday())
    newest = {"hours": hour - timedelta(hours=1), "days": hour.replace(hour=0) - timedelta(days=1)}
    newest["weeks"] = monday - timedelta(weeks=1)
    found: dict[str, float] = {}
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET statement_timeout = 0")
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [at - timedelta(days=372), at + timedelta(days=1)])
        cursor.execute("SELECT checks_drop_partitions(%s)", [at])
        _templates(cursor)
        for grain, table, width, rows, answers in GRAINS:
            last = newest[grain]
            _rows(cursor, table, CHECKS, last - (rows - 1) * width, last, width, answers)
        one = timedelta(minutes=1)
        _rows(cursor, "checks_bucket_m", CHECKS, minute - timedelta(hours=3), minute, one, 1)
        _rows(cursor, "checks_bucket_m", SAMPLED, minute - timedelta(days=13), minute, one, 1)
        for grain, table in (("minutes", "checks_bucket_m"), *((grain, table) for grain, table, *_ in GRAINS)):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[f"{grain}_rows"] = float(cursor.fetchone()[0])
            cursor.execute(
                "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = %s::regclass", [table]
            )
            found[f"{grain}_mb"] = float(cursor.fetchone()[0]) / 1e6
    with psycopg.connect(os.environ["DATABASE_MIGRATE_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    return found, _signed_in(by)


def _templates(cursor: Any) -> None:
    """Lognormal latencies with a slow tail, as many as each grain has answers; the same ones every time."""
    from checks.rollups import histogram

    cursor.execute(
        "CREATE TEMP TABLE bench_template (answers int, number int, err int, lat_sum float8, lat_min float8, "
        "lat_max float8, hist bytea, PRIMARY KEY (answers, number))"
    )
    chance = random.Random(6)
    for answers in (1, 60, 1_440, 10_080):
        for number in range(TEMPLATES):
            slow = 8.0 if number % 8 == 0 else 2.0
            times = [
                chance.lognormvariate(math.log(40 + number), 0.4) * (slow if chance.random() < 0.02 else 1.0)
                for _ in range(answers)
            ]
            cursor.execute(
                "INSERT INTO bench_template VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    *(answers, number, int(number % 4 == 0 and answers > 1), math.fsum(times)),
                    *(min(times), max(times), histogram.encode(times)),
                ],
            )


def _rows(cursor: Any, table: str, checks: int, first: Any, last: Any, width: timedelta, answers: int) -> None:
    """Four weeks at a time, so that each statement fills a partition or two, and weeks stay on Mondays."""
    stretch = timedelta(weeks=4)
    sql = _FILL.format(table=table, answers=answers, templates=TEMPLATES)
    while first <= last:
        until = min(last, first + stretch)
        cursor.execute(sql, {"checks": checks, "first": first, "last": until, "width": width})
        first = until + width


def _three_hours() -> str:
    from django.utils.timezone import now

    until = now().replace(minute=0) - timedelta(days=2)
    return f"since={until - timedelta(hours=3):%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"


def _asked(name: str, show: Callable[[], object]) -> dict[str, float]:
    """How many queries a page takes, and the median time that they take together."""
    spent = []
    for _ in range(ROUNDS):
        with _queries() as times:
            show()
        spent.append(1000 * math.fsum(times))
    return {f"{name}_queries": float(len(times)), f"{name}_queries_p50_ms": median(spent)}


@contextmanager
def _queries() -> Iterator[list[float]]:
    from django.db import connection

    times: list[float] = []

    def timed(execute: Callable[..., Any], *words: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*words)
        finally:
            times.append(time.perf_counter() - started)

    with connection.execute_wrapper(timed):
        yield times


def _weeks() -> dict[str, float]:
    """Twelve weeks of all checks: reading them, and reading them with availability and p95 of each week."""
    from django.utils.timezone import now

    from checks.catalogue.models import Check
    from checks.rollups.series import weeks

    ids, at = list(Check.objects.filter(key__startswith="bench-").values_list("pk", flat=True)), now()

    def judged() -> None:
        for windows in weeks(ids, at).values():
            for one in windows:
                assert None not in (one.availability, one.p95_ms)

    assert sum(map(len, weeks(ids, at).values())) == 12 * CHECKS
    return {
        **_figures("twelve_weeks", lambda: weeks(ids, at), rounds=ROUNDS),
        **_figures("twelve_weeks_with_p95", judged, rounds=10),
        **_asked("twelve_weeks", lambda: weeks(ids, at)),
    }


if __name__ == "__main__":
    main()
