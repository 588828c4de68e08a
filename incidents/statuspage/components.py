"""The parts of the service on the public page: added, edited, put in order, set by hand, and retired."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Max

from incidents.ownership.models import Domain
from incidents.statuspage.actions import require_clean, require_role, set_status, show_after_commit
from incidents.statuspage.models import Component, ComponentInterval, ComponentQuerySet, ComponentStatus, Observation
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.roles import Role

UP, DOWN = -1, 1
T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """What a person says of a component. `follows` is what its checks may do; uptime counts from `start_date`."""

    name: str
    description: str
    group_name: str
    domain: Domain
    start_date: date
    only_show_if_degraded: bool = False
    follows: str = Component.Follows.NOTHING


@transaction.atomic
def set_component(component: Component, *, to: str, by: User, at: datetime) -> Component:
    """Say how a component stands, apart from any incident. What its checks said until now is declined by that."""
    require_role(by, Role.PUBLISHER)
    component = _locked(component)
    old = component.status
    if old == to:
        raise Refused("STATUS_UNCHANGED", f"{component.name} is already {ComponentStatus(to).label.lower()}.")
    set_status(component, to, at=at)
    heed(component)
    audit.record("component.status", by=by.username, object=component.name, reason=f"{old} to {to}")
    show_after_commit(at)
    return component


@transaction.atomic
def add_component(part: Part, *, by: User, at: datetime) -> Component:
    """A new part of the service, last in its group; its record begins now."""
    require_role(by, Role.PUBLISHER)
    require_clean(part.name, part.description, part.group_name)
    component = Component.objects.create(**vars(part), created_at=at, updated_at=at)
    _put_last(component)
    ComponentInterval.objects.create(component=component, status=component.status, started_at=at)
    audit.record("component.add", by=by.username, object=part.name)
    show_after_commit(at)
    return component


@transaction.atomic
def edit_component(component: Component, part: Part, *, by: User, at: datetime) -> Component:
    """Other words, owner or rules; the record of its statuses stays. In another group it stands last."""
    require_role(by, Role.PUBLISHER)
    require_clean(part.name, part.description, part.group_name)
    component = _locked(component)
    moves = component.group_name != part.group_name
    if component.follows == Component.Follows.NOTHING:  # what checks said while they did not count is no silence now
        Observation.objects.filter(component=component).delete()
    for name, value in vars(part).items():
        setattr(component, name, value)
    component.updated_at = at
    component.save()
    if moves:
        _put_last(component)
    audit.record("component.edit", by=by.username, object=part.name)
    show_after_commit(at)
    return component


@transaction.atomic
def move_component(component: Component, *, way: int, by: User, at: datetime) -> None:
    """One place up or down in its group; at the end nothing happens."""
    require_role(by, Role.PUBLISHER)
    rows = list(_all_locked().filter(group_name=component.group_name))
    for position, one in enumerate(_moved(rows, rows.index(component), way)):
        Component.objects.filter(pk=one.pk).update(position=position)
    audit.record("component.move", by=by.username, object=component.name)
    show_after_commit(at)


@transaction.atomic
def move_group(name: str, *, way: int, by: User, at: datetime) -> None:
    """A whole group one place up or down; components without a group count as one."""
    require_role(by, Role.PUBLISHER)
    names = list(dict.fromkeys(one.group_name for one in _all_locked()))
    if name not in names:
        raise Refused("NO_SUCH_GROUP", "There is no such group any more.")
    for position, one in enumerate(_moved(names, names.index(name), way)):
        Component.objects.filter(group_name=one).update(group_position=position)
    audit.record("component.move_group", by=by.username, object=name or "without a group")
    show_after_commit(at)


@transaction.atomic
def retire(component: Component, *, by: User, at: datetime) -> Component:
    """Take it from the page for good. Its history stays, and past incidents still name it."""
    require_role(by, Role.PUBLISHER)
    component = _locked(component)
    if component.retired_at is not None:
        raise Refused("ALREADY_RETIRED", f"{component.name} is retired already.")
    if Component.objects.held().filter(pk=component.pk).exists():
        raise Refused("HELD", f"An open public incident names {component.name}. Resolve that first.")
    component.intervals.filter(ended_at=None).update(ended_at=at)
    component.retired_at = component.updated_at = at
    component.save(update_fields=["retired_at", "updated_at"])
    audit.record("component.retire", by=by.username, object=component.name)
    show_after_commit(at)
    return component


@transaction.atomic
def restore(component: Component, *, by: User, at: datetime) -> Component:
    """Back on the page as operational; the time between counts as without data."""
    require_role(by, Role.PUBLISHER)
    component = _locked(component)
    if component.retired_at is None:
        raise Refused("NOT_RETIRED", f"{component.name} is on the page.")
    component.retired_at = None
    component.save(update_fields=["retired_at"])
    _put_last(component)
    set_status(component, ComponentStatus.OPERATIONAL, at=at)
    audit.record("component.restore", by=by.username, object=component.name)
    show_after_commit(at)
    return component


def heed(component: Component) -> None:
    """A person has spoken: what the checks say now is known, and only another word of theirs is news."""
    seen = Observation.objects.filter(component=component).first()
    if seen is not None:
        seen.heeded = seen.status
        seen.save(update_fields=["heeded"])


def _locked(component: Component) -> Component:
    return Component.objects.select_for_update().get(pk=component.pk)


def _all_locked() -> ComponentQuerySet:
    return Component.objects.in_use().select_for_update().in_order()


def _moved(rows: list[T], place: int, way: int) -> list[T]:
    """
    >>> _moved(["a", "b", "c"], 2, UP)
    ['a', 'c', 'b']
    """
    there = min(max(place + way, 0), len(rows) - 1)
    rows = rows.copy()
    rows.insert(there, rows.pop(place))
    return rows


def _put_last(component: Component) -> None:
    """Behind the others of its group; a group that is new stands behind the other groups."""
    others = Component.objects.in_use().exclude(pk=component.pk)
    group = others.filter(group_name=component.group_name)
    places = group.aggregate(place=Max("position"), group=Max("group_position"))
    if places["group"] is None:
        last = others.aggregate(last=Max("group_position"))["last"]
        places = {"place": -1, "group": 0 if last is None else last + 1}
    component.position, component.group_position = places["place"] + 1, places["group"]
    component.save(update_fields=["position", "group_position"])
