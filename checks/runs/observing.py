"""What linked checks say of a part of the public page: the worst of them, and how old it is.

A sure outage beats an open question; only that all is well takes the word of every one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from checks.catalogue.models import Check
from checks.catalogue.states import State, patience
from incidents.response.states import Severity
from incidents.statuspage import observing
from incidents.statuspage.models import ComponentStatus
from incidents.statuspage.rollup import worst
from opsportal import turns

_IF_IT_FAILS = {
    Severity.SEV1: ComponentStatus.MAJOR,
    Severity.SEV2: ComponentStatus.PARTIAL,
    Severity.SEV3: ComponentStatus.DEGRADED,
}

_SAYS = (State.HEALTHY, State.UNHEALTHY, State.FLAPPING)


def observe_all(*, at: datetime) -> int:
    """Tell the status page what every linked component's checks say; how many were told. Safe to run twice."""
    return _observe(Check.objects.enabled().exclude(component=None).exclude(kind="drill"), at)


def observe_component(component_id: int, *, at: datetime) -> int:
    """The same for one, at once: a check of it changed its state."""
    return _observe(Check.objects.enabled().filter(component=component_id).exclude(kind="drill"), at)


def _observe(checks: Iterable[Check], at: datetime) -> int:
    rows = sorted(checks, key=lambda one: (one.component_id or 0, one.pk))
    groups = [list(group) for _, group in groupby(rows, key=lambda one: one.component_id)]
    return sum(turns.each(groups, lambda linked: _tell(linked, at)))


def _tell(linked: Sequence[Check], at: datetime) -> bool:
    component_id = linked[0].component_id
    down = _down(linked)
    if component_id is None or not (down or _is_sure(linked)):
        return False
    said, pick = (down, max) if down else (linked, min)
    # Well as of the oldest word, since it takes every one; down as of the newest of those that say so.
    as_of = pick(one.last_run_at for one in said if one.last_run_at)
    # Well as long as all are heard; down as long as one of those that say so is.
    fresh_until = pick(one.last_run_at + patience(one.every_seconds) for one in said if one.last_run_at)
    newest = max(one.last_run_at for one in linked if one.last_run_at)
    status = worst(_status(one) for one in linked if one.state in _SAYS)
    observing.observe(component_id, status, as_of=as_of, newest=newest, fresh_until=fresh_until, at=at)
    return True


def _is_sure(linked: Sequence[Check]) -> bool:
    """One that has no data, or cannot run, leaves open whether the component is well: nothing is said until it has."""
    return all(one.last_run_at is not None and one.state in _SAYS for one in linked)


def _down(linked: Sequence[Check]) -> list[Check]:
    """Those that are sure of trouble: that stands, whatever the others could say."""
    return [one for one in linked if one.last_run_at is not None and one.state in (State.UNHEALTHY, State.FLAPPING)]


def _status(check: Check) -> ComponentStatus:
    if check.state == State.FLAPPING:
        return ComponentStatus.DEGRADED
    is_down = check.state == State.UNHEALTHY
    return _IF_IT_FAILS[Severity(check.severity)] if is_down else ComponentStatus.OPERATIONAL
