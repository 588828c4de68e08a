"""Checks: what the list costs the server with few checks and with many.

Like bench/incidents.py: a warm process on one core, real PostgreSQL, every middleware, whole pages, called as Granian
calls it. Between two looks a quarter of all checks has run, as in fifteen seconds of a busy house.
"""

from bench.incidents import measured_by


def run() -> dict[str, float]:
    """Milliseconds at p50 and p95 with 100 and with 5,000 checks, and the ratio to the bare view of the same run."""
    return measured_by("bench._checks_list")
