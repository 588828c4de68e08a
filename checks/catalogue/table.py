"""Checks as a table for a spreadsheet, under the filters of the list. Names pass the privacy guard once more."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from checks.catalogue.listing import Whole
from opsportal.privacy import guard
from opsportal.spreadsheet import line

COLUMNS = (
    "check", "name", "kind", "state", "severity", "domain", "owner", "every_seconds", "last_run_at", "last_error",
    "last_latency_ms", "last_value", "failures_in_a_row", "runs_24h", "failed_24h", "available_24h_percent",
    "covered_24h_percent", "muted", "planned_work", "paused_until", "address",
)  # fmt: skip


def lines(checks: Iterable[Whole], *, address: Callable[[str], str]) -> Iterator[str]:
    """Head and one line a check, each as soon as it is known."""
    yield line(COLUMNS)
    for whole in checks:
        one, day = whole.found, whole.day
        yield line(
            (
                *(one.key, guard.redact(one.name, is_public=True), one.kind, one.state, one.severity),
                *(one.domain, one.owner, str(one.every_seconds)),
                *(_moment(one.last_run_at), one.last_error, _number(one.last_latency_ms), _number(one.last_value)),
                *(
                    str(one.consecutive_fail),
                    str(day.samples),
                    str(day.err),
                    _number(day.availability),
                    _number(day.coverage),
                ),
                *(_word(whole.is_muted), _word(whole.is_planned), _moment(one.paused_until)),
                address(one.url),
            )
        )


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.6g}"


def _word(is_so: bool) -> str:
    return "yes" if is_so else "no"
