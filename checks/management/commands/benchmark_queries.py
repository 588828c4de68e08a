"""`benchmark_queries`: how quick the portal's own questions are on the data that is there."""

from typing import Any

from django.utils import timezone

from checks.operations import hot_queries
from opsportal import env
from opsportal.commands import Exit, OpsCommand
from opsportal.schema import database


class Command(OpsCommand):
    speaks = "benchmark_queries"
    help = "Time the portal's hot queries on its live data, reading only, against the thresholds of the environment."

    def run(self, **_: Any) -> Exit:
        mean_ms = float(env.number("BENCH_FAIL_THRESHOLD_MS", 250))
        p95_ms = float(env.number("BENCH_FAIL_P95_THRESHOLD_MS", 400))
        database.verify()
        slow = 0
        for one in hot_queries.timings(timezone.now()):
            is_slow = one.is_slow(mean_ms=mean_ms, p95_ms=p95_ms)
            slow += is_slow
            self.token(
                "benchmark_queries",
                query=one.name,
                status="slow" if is_slow else "ok",
                queries=one.queries,
                rounds=len(one.rounds),
                mean_ms=f"{one.mean_ms:.1f}",
                p95_ms=f"{one.p95_ms:.1f}",
            )
        if slow:
            self.token("benchmark_queries", status="unhealthy", reason="too_slow", slow=slow)
            return Exit.UNHEALTHY
        self.token("benchmark_queries", status="ok")
        return Exit.OK
