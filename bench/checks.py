"""Checks: how many a worker runs; what the list costs with few checks and with many, and a year of a thousand.

Like bench/incidents.py: a warm process on one core, real PostgreSQL, every middleware, whole pages, called as Granian
calls it. Between two looks a quarter of all checks has run, as in fifteen seconds of a busy house.
"""

from bench.incidents import measured_by


def run() -> dict[str, float]:
    """Milliseconds at p50 and p95 with 100 and with 5,000 checks, and the ratio to the bare view of the same run.

    Then `history_…`: pages and weeks with a year behind them, beside what their queries took. And `run_…`: checks a
    second by one worker, from the claim to the commit, and processor time for each, beside a bare client's loop.
    """
    runs = measured_by("bench._checks_run")
    history = measured_by("bench._checks_history")
    found = measured_by("bench._checks_list") | {f"history_{name}": value for name, value in history.items()}
    return found | {f"run_{name}": value for name, value in runs.items()}
