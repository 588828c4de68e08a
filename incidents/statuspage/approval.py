"""A second pair of eyes before readers see it: off by default, and in an emergency passed over with a reason."""

from datetime import datetime

from django.db import transaction

from incidents.response import timeline
from incidents.response.models import Incident
from incidents.statuspage import drafts, queries
from incidents.statuspage.models import Page, StatusUpdate
from opsportal.audit import actions as audit
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role


@transaction.atomic
def set_needed(needed: bool, *, by: User, at: datetime) -> None:
    """Ask for a second person before every update, or no longer."""
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.ADMIN.label}.")
    Page.objects.update(needs_approval=needed)
    audit.record("status_page.approval", by=by.username, object="second person", reason="asked" if needed else "off")


@transaction.atomic
def approve(update: StatusUpdate, *, by: User, at: datetime, seen: str) -> StatusUpdate:
    """Say that these words may go out; somebody else publishes them. Any edit takes the approval away."""
    if not by.has_role(Role.PUBLISHER):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.PUBLISHER.label} and above.")
    # The incident first, as whoever edits or publishes these words.
    incident = Incident.objects.select_for_update(of=("self",)).get(public__updates=update)
    update = StatusUpdate.objects.select_for_update(of=("self",)).select_related("public_incident").get(pk=update.pk)
    if update.state != StatusUpdate.State.DRAFT:
        raise Refused("NOT_A_DRAFT", f"This update is already {update.get_state_display().lower()}.")
    if drafts.fingerprint(update) != seen:
        raise Refused("DRAFT_CHANGED", "The draft changed after you looked at it. Look at it again, then approve.")
    update.approved_by, update.approved_at, update.approved_print = by, at, seen
    update.save(update_fields=["approved_by", "approved_at", "approved_print"])
    audit.record("status_update.approve", by=by.username, object=update.public_id)
    timeline.touch(incident)
    return update


def require(update: StatusUpdate, *, by: User, bypass: str) -> None:
    """Refuse what nobody else has approved as it lies, unless there is a reason not to wait; that is written down."""
    if not queries.needs_approval() or queries.is_approved(update, by):
        return
    reason = bypass.strip()
    if not reason:
        raise Refused("APPROVAL_MISSING", "A second publisher approves it first. In an emergency say why not.")
    guard.require_clean(reason)
    update.bypass_reason = reason
    audit.record("status_update.bypass", by=by.username, object=update.public_id, reason=reason)
