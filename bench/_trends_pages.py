"""What bench/trends.py measures, in a process of its own that lives on one core: 1,000 checks with 52 weeks each.

Every week has a histogram of its own: 10,080 answers, lognormal with a slow tail, shifted for each check and each week.
They come through the house's own door, beside incidents, alerts and changes of the year.
"""

import json
import math
import os
import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bench._checks_history import _asked
from bench._incidents_desk import _asker, _figures, _signed_in

CHECKS, WEEKS, ANSWERS, ROUNDS = 1_000, 52, 10_080, 40
# A year of people beside them.
INCIDENTS, ALERTS, CHANGES = 156, 2_000, 1_000
PAGES = {
    "house_12_weeks": ("/trends/", ""),
    "house_52_weeks": ("/trends/", "weeks=52"),
    "domain_12_weeks": ("/trends/domain/backend/", ""),
    "check_52_weeks": ("/trends/check/bench-7/", "weeks=52"),
    "house_12_weeks_json": ("/trends/export.json", ""),
}


def main() -> None:
    """Make the year, then ask; JSON on standard output."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from opsportal.wsgi import application

    started = time.perf_counter()
    ask = _asker(application, _filled())
    found = {"made_in_s": time.perf_counter() - started}
    found |= _figures("bare_view", lambda: ask("/health/live"))
    for place, (name, (path, words)) in enumerate(PAGES.items()):
        show = partial(ask, path, {"QUERY_STRING": words})
        worked = time.thread_time()
        status, _, body = show()
        if not place:
            found[f"first_{name}_own_ms"] = 1000 * (time.thread_time() - worked)
            assert body.count(b'class="spark"') == CHECKS + _own(), f"{name} does not show every check"
        assert status.startswith("200"), f"{name}: {status}"
        found |= _figures(name, show, rounds=ROUNDS)
        found |= _asked(name, show)
        found[f"{name}_kb"] = len(body) / 1000
        found[f"{name}_per_bare_view"] = found[f"{name}_own_p50_ms"] / found["bare_view_own_p50_ms"]
    print(json.dumps(found))


def _own() -> int:
    from checks.catalogue.models import Check

    return Check.objects.in_use().filter(is_own=True).count()


def _filled() -> str:
    """The year, and the cookie of who looks at it."""
    from django.db import connection
    from django.utils.timezone import now

    from checks.catalogue.models import Check
    from checks.rollups import buckets
    from checks.trends import isoweek
    from incidents.ownership.models import Domain
    from opsportal.models import User
    from opsportal.roles import Role

    by, at, domains = User.objects.add("night-owl", Role.RESPONDER), now(), list(Domain.objects.order_by("pk"))
    checks = Check.objects.bulk_create(
        Check(
            key=f"bench-{number}",
            name=f"Part {number} of the house answers",
            kind="http",
            spec={"url": "https://shop.example/"},
            domain=domains[number % len(domains)],
            next_due=at + timedelta(days=1),
        )
        for number in range(CHECKS)
    )
    mondays = isoweek.closed(at, WEEKS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [mondays[0], at])
    shape = _shape()
    for monday in mondays:
        buckets.replace_weeks(_counts([one.pk for one in checks], monday, shape))
    _people(domains, mondays[0], at)
    return _signed_in(by)


def _shape() -> list[tuple[int, int]]:
    """How many of a week's answers lie in which bucket of the histogram, where the median is 100 ms."""
    from checks.rollups import histogram

    chance = random.Random(7)
    times = [
        chance.lognormvariate(math.log(100), 0.4) * (8.0 if chance.random() < 0.02 else 1.0) for _ in range(ANSWERS)
    ]
    return sorted(histogram.counts(histogram.encode(times)).items())


def _counts(ids: list[int], monday: datetime, shape: list[tuple[int, int]]) -> Iterator[Any]:
    """A week of every check; one in forty has a bad one, so that better and worse are said of some."""
    from checks.rollups.buckets import Counts

    chance = random.Random(f"{monday:%Y%m%d}")
    for pk in ids:
        shift = pk % 60 - 30 + chance.randrange(3)
        pairs = [(place + shift, number + chance.randrange(3)) for place, number in shape]
        err = chance.randrange(300, 900) if chance.random() < 0.025 else chance.randrange(6)
        hist = b"".join(place.to_bytes(2, "little") + number.to_bytes(2, "little") for place, number in pairs)
        yield Counts(pk, monday, ok=ANSWERS - err, err=err, expected=ANSWERS, hist=hist)


def _people(domains: list[Any], first: datetime, at: datetime) -> None:
    from django.db import connection

    from incidents.alerts.models import Alert
    from incidents.changes.models import Change
    from incidents.response.models import Incident

    year = at - first

    def moment(place: int, number: int) -> datetime:
        return first + year * place / number

    Incident.objects.bulk_create(
        Incident(
            number=10_000 + place, title="Answers late", severity=f"SEV-{place % 3 + 1}",
            severity_peak=f"SEV-{place % 3 + 1}", domain=domains[place % len(domains)], status="resolved",
            declared_at=moment(place, INCIDENTS), detected_at=moment(place, INCIDENTS),
            impact_started_at=moment(place, INCIDENTS),
            acknowledged_at=moment(place, INCIDENTS) + timedelta(minutes=3),
            resolved_at=moment(place, INCIDENTS) + timedelta(minutes=50),
        )
        for place in range(INCIDENTS)
    )  # fmt: skip
    Alert.objects.bulk_create(
        Alert(
            dedup_key=f"bench-{place}", source="check", title="x", domain=domains[place % len(domains)],
            severity="SEV-3", fired_at=moment(place, ALERTS), last_seen_at=moment(place, ALERTS),
            resolved_at=moment(place, ALERTS),
        )
        for place in range(ALERTS)
    )  # fmt: skip
    Change.objects.bulk_create(
        Change(
            kind="deploy", what="Release", domain=domains[place % len(domains)], result="succeeded", source="api",
            started_at=moment(place, CHANGES), finished_at=moment(place, CHANGES), recorded_at=moment(place, CHANGES),
        )
        for place in range(CHANGES)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
