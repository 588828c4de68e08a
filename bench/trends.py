"""Trends: what a page of a thousand checks costs the server, from the week buckets, over 12 and over 52 weeks.

Like bench/incidents.py: a warm process on one core, real PostgreSQL, every middleware, whole pages, called as Granian
calls it. Nothing is remembered between two pages; `first_…` is the very first one of the process all the same.
"""

from bench.incidents import measured_by


def run() -> dict[str, float]:
    """Milliseconds at p50 and p95, queries and kilobytes of each page, and its ratio to the same run's bare view."""
    return measured_by("bench._trends_pages")
