"""The record of a component for everybody who wants to count again: intervals and days as JSON, intervals as CSV.

The files say nothing of the moment at which they were built, so they change only when the record does.
"""

import csv
import io
from datetime import UTC, datetime
from typing import Any

from incidents.statuspage import bars
from incidents.statuspage.content import Component

Json = dict[str, Any]
_HEAD = ("status", "started_at", "ended_at")


def as_json(component: Component) -> Json:
    """Moments in UTC with microseconds; an interval that goes on has no end. `days` are those written down already."""
    return {
        "component": {"id": component.public_id, "name": component.full_name},
        "formula": bars.FORMULA,
        "days_counted": bars.DAYS,
        "intervals": [dict(zip(_HEAD, row, strict=True)) for row in _rows(component)],
        "days": [
            {"on": one.on.isoformat(), "worst": one.worst, "seconds": dict(one.seconds)} for one in component.records
        ],
    }


def as_csv(component: Component) -> bytes:
    """One line an interval, in the order of time."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(_HEAD)
    table.writerows((status, started_at, ended_at or "") for status, started_at, ended_at in _rows(component))
    return text.getvalue().encode()


def _rows(component: Component) -> list[tuple[str, str, str | None]]:
    return [
        (one.status, _moment(one.started_at), _moment(one.ended_at) if one.ended_at else None)
        for one in component.stretches
    ]


def _moment(moment: datetime) -> str:
    """
    >>> _moment(datetime(2026, 1, 2, tzinfo=UTC))
    '2026-01-02T00:00:00.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
