"""What happened in some weeks, as marks of their charts: incidents by letter, changes as strokes."""

from dataclasses import dataclass
from datetime import datetime
from string import ascii_uppercase

from checks.trends.stretch import Stretch
from incidents.changes import queries as changes
from incidents.changes.models import Change
from incidents.ownership.models import Domain
from incidents.response.models import Incident, IncidentQuerySet


@dataclass(frozen=True)
class Annotation:
    """An incident with its letter, or a change without one, and where it is read."""

    at: datetime
    letter: str
    label: str
    words: str
    severity: str
    url: str


@dataclass(frozen=True)
class Annotations:
    """Oldest first. Of incidents the worst have letters, of changes the newest are listed and all have strokes."""

    incidents: list[Annotation]
    changes: list[Annotation]
    strokes: list[datetime]
    all_incidents: int

    @property
    def is_cut(self) -> bool:
        return self.all_incidents > len(self.incidents)


def of(stretch: Stretch, seen: IncidentQuerySet, domain: Domain | None) -> Annotations:
    """Four queries. `seen` are the incidents that the person may see and that belong here; tests are none."""
    real = seen.counted().filter(merged_into=None, declared_at__gte=stretch.first, declared_at__lt=stretch.end)
    worst = list(real.order_by("severity_peak", "-declared_at", "-pk")[: len(ascii_uppercase)])
    incidents = sorted(worst, key=lambda one: (one.declared_at, one.pk))
    begun = changes.begun(domain, stretch.first, stretch.end)
    return Annotations(
        [_incident(one, letter) for one, letter in zip(incidents, ascii_uppercase, strict=False)],
        [_change(one) for one in begun.newest],
        begun.moments,
        real.count() if len(worst) == len(ascii_uppercase) else len(worst),
    )


def _incident(one: Incident, letter: str) -> Annotation:
    return Annotation(one.declared_at, letter, one.label, one.title, one.severity_peak, one.get_absolute_url())


def _change(one: Change) -> Annotation:
    return Annotation(one.started_at, "", one.label, one.what, "", one.get_absolute_url())
