"""Changes as a table for a spreadsheet. What leaves passes the privacy guard once more: its rules may have grown."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from incidents.changes.models import Change
from opsportal.privacy import guard
from opsportal.spreadsheet import line

COLUMNS = (
    "change", "kind", "what", "domain", "artifact", "ticket", "result", "started_at", "finished_at", "recorded_at",
    "recorded_by", "source", "override", "takes_back", "address",
)  # fmt: skip


def lines(changes: Iterable[Change], *, address: Callable[[str], str]) -> Iterator[str]:
    """Head and one line a change, each as soon as it is known."""
    yield line(COLUMNS)
    for one in changes:
        what, override = (guard.redact(text, is_public=True) for text in (one.what, one.override))
        yield line(
            (
                *(one.label, one.kind, what, one.domain.slug if one.domain else "", one.artifact, one.ticket),
                *(one.result, *map(_written, (one.started_at, one.finished_at, one.recorded_at))),
                *(one.recorded_by.username if one.recorded_by else "", one.source, override),
                f"CHG-{one.takes_back_id}" if one.takes_back_id else "",
                address(one.get_absolute_url()),
            )
        )


def _written(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
