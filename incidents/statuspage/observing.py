"""What the linked checks say of a component: taken as a proposal or as the status, by choice per component.

This is the one call from checks about the public page. A person's open incident always has the last word.
"""

from datetime import datetime

from django.db import transaction

from incidents.statuspage import record, rollup
from incidents.statuspage.actions import require_role, set_status, show_after_commit
from incidents.statuspage.components import set_component
from incidents.statuspage.maintenance_queries import maintenance_at
from incidents.statuspage.models import Component, ComponentStatus, Observation
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.roles import Role

Follows = Component.Follows


@transaction.atomic
def observe(
    component_id: int, status: str, *, as_of: datetime, newest: datetime, fresh_until: datetime, at: datetime
) -> bool:
    """Keep what the checks say; True when readers' page changed by it. Safe to run twice.

    `as_of` is the age of the result that decides it, and after `fresh_until` it says nothing about now. When
    even the `newest` result is older than the word that is kept, it changes nothing; no word makes the page older than
    it was. A silence that ends with it stays in the record as time nobody looked.
    """
    component = Component.objects.in_use().select_for_update().filter(pk=component_id).first()
    if component is None or component.follows == Follows.NOTHING:
        return False
    seen = Observation.objects.filter(component=component).first() or Observation(component=component, since=as_of)
    if seen.pk and newest < seen.as_of:
        return False
    as_of = max(as_of, seen.as_of) if seen.pk else as_of
    if seen.pk and as_of > seen.fresh_until and not _is_held(component, at):
        seen_as = (ComponentStatus.OPERATIONAL, seen.status)
        record.lay_over(component, rollup.UNSEEN, start=seen.fresh_until, end=as_of, over=seen_as)
    if seen.status != status:
        seen.since = as_of
    seen.status, seen.as_of, seen.fresh_until = ComponentStatus(status), as_of, fresh_until
    seen.heeded, changes = _next(component, seen, at)
    seen.save()
    if changes:
        old = component.status
        set_status(component, status, at=at)
        audit.record("component.status", by="checks", object=component.name, reason=f"{old} to {status}")
        show_after_commit(at)
    return changes


@transaction.atomic
def accept(component: Component, *, status: str, by: User, at: datetime) -> Component:
    """Make what the checks say the component's status. `status` is what the person saw; another one is refused."""
    _require_said(component, status)
    return set_component(component, to=status, by=by, at=at)


@transaction.atomic
def dismiss(component: Component, *, status: str, by: User, at: datetime) -> None:
    """The page stays as it is; the checks are heard again when they say something else."""
    require_role(by, Role.PUBLISHER)
    said = _require_said(component, status)
    said.heeded = said.status
    said.save(update_fields=["heeded"])
    audit.record("component.dismiss", by=by.username, object=component.name, reason=f"checks say {status}")


def _next(component: Component, seen: Observation, at: datetime) -> tuple[str, bool]:
    """(the word that counts as heard, whether the status changes).

    While people hold it nothing counts as heard: afterwards the checks speak anew. What the page says already needs no
    hearing. A word that was heard before a person decided otherwise is not repeated.
    """
    if _is_held(component, at):
        return "", False
    if component.status == seen.status:
        return seen.status, False
    if component.follows == Follows.CHECKS and seen.heeded != seen.status:
        return seen.status, True
    return seen.heeded if seen.heeded == seen.status else "", False


def _is_held(component: Component, at: datetime) -> bool:
    """By a person's open incident, or by work that is under way."""
    if component.status == ComponentStatus.MAINTENANCE or Component.objects.held().filter(pk=component.pk).exists():
        return True
    return maintenance_at(at, component=component) is not None


def _require_said(component: Component, status: str) -> Observation:
    """Under the component's lock, as everything that writes what its checks say."""
    Component.objects.select_for_update().get(pk=component.pk)
    said = Observation.objects.filter(component=component, status=status).first()
    if said is None:
        raise Refused("PROPOSAL_GONE", f"The checks of {component.name} say something else by now. Look again.")
    return said
