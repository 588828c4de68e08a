"""Checks: what the list costs the server with few checks and with many, and a year of a thousand on every page.

Like bench/incidents.py: a warm process on one core, real PostgreSQL, every middleware, whole pages, called as Granian
calls it. Between two looks a quarter of all checks has run, as in fifteen seconds of a busy house.
"""

from bench.incidents import measured_by


def run() -> dict[str, float]:
    """Milliseconds at p50 and p95 with 100 and with 5,000 checks, and the ratio to the bare view of the same run.

    Then `history_…`: pages and weeks with a year behind them, beside what their queries took.
    """
    history = measured_by("bench._checks_history")
    return measured_by("bench._checks_list") | {f"history_{name}": value for name, value in history.items()}
