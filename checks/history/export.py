"""The shown stretch of a check as a table for a spreadsheet: the same steps and figures as the page's own table."""

from collections.abc import Iterable, Iterator
from datetime import UTC

from checks.rollups.queries import Window
from opsportal.spreadsheet import line

COLUMNS = (
    *("from", "step_seconds", "ok", "failed", "unknown", "expected", "planned", "availability_percent"),
    *("coverage_percent", "p50_ms", "p95_ms", "p99_ms", "errors"),
)


def lines(windows: Iterable[Window], *, step_seconds: int) -> Iterator[str]:
    """Head and one line for each step in which something was due."""
    yield line(COLUMNS)
    for one in windows:
        if not one.expected:
            continue
        errors = ", ".join(f"{error} {number}" for error, number in sorted(one.errors.items()))
        numbers = (one.ok, one.err, one.unknown, one.expected, one.maint)
        yield line(
            (
                *(one.start.astimezone(UTC).isoformat(timespec="seconds"), str(step_seconds), *map(str, numbers)),
                *map(_figure, (one.availability, one.coverage, one.p50_ms, one.p95_ms, one.p99_ms)),
                errors,
            )
        )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
