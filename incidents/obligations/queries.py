"""What is owed and what is late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from incidents.obligations.models import Obligation


def open_for(subject: str) -> list[Obligation]:
    """All running clocks of one subject, the most urgent first."""
    return list(Obligation.objects.open().filter(subject=subject).order_by("due_at", "id"))


@dataclass(frozen=True, slots=True)
class Due:
    """A running clock as lists show it."""

    kind: str
    due_at: datetime

    @property
    def label(self) -> str:
        return _LABELS[self.kind]


_LABELS = {kind.value: kind.label for kind in Obligation.Kind}


def most_urgent(subjects: Iterable[str]) -> dict[str, Due]:
    """The next running clock of each subject that has one."""
    running = Obligation.objects.open().filter(subject__in=list(subjects)).order_by("subject", "due_at", "id")
    values = running.distinct("subject").values_list("subject", "kind", "due_at")
    return {subject: Due(kind, due_at) for subject, kind, due_at in values}


def late(at: datetime, limit: int = 20) -> list[Obligation]:
    """Running clocks past their time, the latest first."""
    return list(Obligation.objects.late(at).order_by("due_at", "id")[:limit])


# Changes when a clock starts, stops, moves or passes its time: SQL for the tag of a polled part, which must be cheap.
VERSION = """
SELECT concat_ws('-', count(*), max(id), sum(extract(epoch FROM due_at)),
                 count(*) FILTER (WHERE due_at < %(at)s), sum(id) FILTER (WHERE due_at < %(at)s))
FROM incidents_obligation WHERE met_at IS NULL AND waived_at IS NULL
"""
