"""What people do to the public page. Lock, require, change, save, record; then the snapshot is built anew."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Status
from incidents.statuspage import (
    approval,
    drafts,
    host_post,
    host_queue,
    load,
    news,
    queries,
    rendering,
    snapshot,
    writer,
)
from incidents.statuspage.models import (
    LAST_WORDS,
    POSTMORTEM,
    Component,
    ComponentInterval,
    ComponentStatus,
    Observation,
    PublicIncident,
    StatusUpdate,
)
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

log = structlog.get_logger("incidents.statuspage")
Draft = StatusUpdate.State
# Nobody waits longer for a word; a promise of next year is a slip.
PROMISED_WITHIN = timedelta(days=7)
# After a removal no older version is kept: the words must lie nowhere. Long enough for a disk that was full meanwhile.
_PURGED_FOR = timedelta(hours=1)


@transaction.atomic
def draft_first(incident: Incident, *, at: datetime) -> StatusUpdate | None:
    """Lay the first public words ready, from public names only; None when there are some already. Safe to run twice.

    None as well for what is not for the world, and for what was over before it was written down.
    """
    incident = locked_incident(incident)
    if not incident.may_be_public or incident.mode == Incident.Mode.RETROSPECTIVE:
        return None
    if StatusUpdate.objects.filter(public_incident__incident=incident).exists():
        return None
    components = list(Component.objects.in_use().in_order().filter(domain=incident.domain))
    return StatusUpdate.objects.create(
        public_incident=_public_side(incident, drafts.title_for(components), at),
        status=Status.INVESTIGATING,
        body=drafts.text_for(Status.INVESTIGATING, components),
        affected_components=drafts.proposal(incident, components),
    )


@transaction.atomic
def save_draft(
    incident: Incident,
    *,
    title: str,
    status: str,
    body: str,
    next_update_at: datetime | None,
    components: Mapping[str, str],
    by: User,
    at: datetime,
    seen: str = "",
    notify: bool = True,
) -> StatusUpdate:
    """Keep the words for later; nothing is public yet. One draft an incident.

    `components` maps public ids to the status proposed. The title counts until the first publication. `notify` says
    whether subscribers are told. `seen` is the fingerprint of the draft that was edited; when somebody saved meanwhile,
    both texts are kept apart by a Conflict.
    """
    require_role(by, Role.RESPONDER)
    title, body = title.strip(), without_control(body).strip()
    _require_words(title, body)
    incident = locked_incident(incident)
    require_may_be_public(incident)
    public = _public_side(incident, title, at)
    draft = public.updates.filter(state=Draft.DRAFT).first() or StatusUpdate(public_incident=public)
    draft.public_incident = public
    if draft.pk and not _may_replace(draft, by, seen):
        raise Conflict("DRAFT_CHANGED", "Somebody else saved this draft a moment ago. Both texts are below.")
    if public.first_published_at is None and public.name != title:
        public.name = title
        public.save(update_fields=["name"])
    draft.drafted_by = draft.drafted_by or by
    draft.status, draft.body = status if status == POSTMORTEM else Status(status), body
    draft.next_update_at = None if status in LAST_WORDS else next_update_at
    draft.notify = notify
    rows = Component.objects.in_use().in_order().filter(public_id__in=components)
    draft.affected_components = [drafts.affected_row(one, components[one.public_id]) for one in rows]
    draft.save()
    return draft


@transaction.atomic
def offer_summary(incident: Incident, *, summary: str, at: datetime) -> StatusUpdate | None:
    """Lay a post-mortem's public summary ready as the last word; a publisher looks at it as at any draft.

    None when readers do not know yet that it is over, or when somebody's own draft waits there. Safe to run twice.
    """
    incident = locked_incident(incident)
    guard.require_public(summary)
    public = PublicIncident.objects.filter(incident=incident).first()
    if not incident.may_be_public or public is None or public.resolved_at is None:
        return None
    said = public.updates.filter(state=Draft.PUBLISHED, status=POSTMORTEM, body=summary).first()
    draft = public.updates.filter(state=Draft.DRAFT).first() or StatusUpdate(public_incident=public)
    if said is not None or draft.drafted_by is not None:
        return said
    draft.status, draft.body = POSTMORTEM, without_control(summary).strip()
    draft.next_update_at, draft.affected_components = None, []
    draft.save()
    return draft


@transaction.atomic
def discard(update: StatusUpdate, *, by: User, at: datetime) -> StatusUpdate:
    """Throw a draft away; it stays in the database, readers never knew of it."""
    require_role(by, Role.RESPONDER)
    locked_incident(update.public_incident.incident)
    update = StatusUpdate.objects.select_for_update().get(pk=update.pk)
    _require_draft(update)
    update.state = Draft.DISCARDED
    update.save(update_fields=["state"])
    audit.record("status_update.discard", by=by.username, object=update.public_id)
    return update


@transaction.atomic
def withdraw_own(incident: Incident, *, at: datetime) -> None:
    """Take away what the portal laid ready and nobody touched: readers hear in another place. Safe to run twice."""
    incident = locked_incident(incident)
    waiting = StatusUpdate.objects.filter(public_incident__incident=incident, state=Draft.DRAFT, drafted_by=None)
    if waiting.update(state=Draft.DISCARDED):
        timeline.touch(incident)


@transaction.atomic
def publish(update: StatusUpdate, *, by: User, at: datetime, seen: str = "", bypass: str = "") -> StatusUpdate:
    """Tell the world. A mistake is mended by another update, or corrected in the open.

    One transaction for the words, the public incident, component statuses, timeline, clocks and audit; when it has
    committed, the snapshot is built at once. `seen` is the fingerprint of what was previewed; `bypass` says why nobody
    waited for the approval that the house asks for.
    """
    incident = locked_incident(update.public_incident.incident)
    by.refresh_from_db(fields=["role", "is_active"])  # as it is now, not as it was before the wait for the lock
    require_publisher(by, incident)
    require_may_be_public(incident)
    public = PublicIncident.objects.select_for_update().get(incident=incident)
    update = StatusUpdate.objects.select_for_update().get(pk=update.pk)
    update.public_incident = public
    require_publishable(update, at=at, seen=seen)
    approval.require(update, by=by, bypass=bypass)
    before = public.status if public.first_published_at else ""
    take_effect(update, public, at=at)
    update.state, update.published_by, update.published_at = Draft.PUBLISHED, by, at
    update.save()
    move_clocks(incident, update.next_update_at, at=at)
    if update.notify:
        news.tell(news.of_update(update, public.components.values_list("public_id", flat=True), at=at))
    show_after_commit(at)  # before the bell: readers do not wait for a frozen Redis
    timeline.record(incident, Kind.PUBLIC_UPDATE, by=by, at=at, old=before, new=update.status, text=update.body)
    audit.record(
        "status_update.publish", by=by.username, object=f"{incident.label} {update.public_id}",
        reason="" if by.has_role(Role.PUBLISHER) else "holds the Communications role in this incident",
    )  # fmt: skip
    return update


def export(folder: Path, at: datetime) -> int:
    """The same files as the portal serves, into any folder; how many there are."""
    tree = _tree(at)
    for name in (snapshot.CONTENT, snapshot.FRAME):  # of no use where nothing is built
        del tree[name]
    writer.export(folder, tree)
    return len(tree)


def rebuild(at: datetime) -> Path:
    """Build the public page from what is known now and switch to it; where it lies.

    Loading happens under the writers' lock, so of two rebuilds the later one never shows the older knowledge.
    Raises OSError when the folder cannot be written or another writer does not finish.
    """
    root = settings.SNAPSHOT_DIR
    with writer.exclusive(root):
        version = writer.write(root, _tree(at, writer.manifest(root)), at=at)
        if StatusUpdate.objects.filter(removed_at__gt=at - _PURGED_FOR).exists():
            writer.forget_others(root)
        return version


def _tree(at: datetime, previous: Mapping[str, Any] | None = None) -> snapshot.Tree:
    """Everything in the database, and what was said on the host and is not in it yet."""
    content = host_post.applied(load.page(at), host_queue.waiting())
    assets = rendering.assets(content.look)
    return snapshot.build(content, at=at, render=rendering.render, assets=assets, previous=previous)


def show_after_commit(at: datetime) -> None:
    """The words are safe in the database; a page that cannot be written must not undo them."""
    transaction.on_commit(partial(_show, at), robust=True)


def _show(at: datetime) -> None:
    try:
        rebuild(at)
    except OSError as failure:
        log.warning("the public page could not be written; the next rebuild tries again", error=type(failure).__name__)


def locked_incident(incident: Incident) -> Incident:
    return Incident.objects.select_for_update(of=("self",)).select_related("domain").get(pk=incident.pk)


def _public_side(incident: Incident, name: str, at: datetime) -> PublicIncident:
    public, _ = PublicIncident.objects.get_or_create(
        incident=incident, defaults={"name": name, "created_at": at, "updated_at": at}
    )
    return public


def _may_replace(draft: StatusUpdate, by: User, seen: str) -> bool:
    """Who saw it as it is may; who saw none, only their own and the one that the portal laid ready."""
    return drafts.fingerprint(draft) == seen if seen else draft.drafted_by_id in (None, by.pk)


def without_control(text: str) -> str:
    """Characters that no reader sees and feeds cannot carry."""
    return "".join(letter for letter in text.replace("\r\n", "\n") if letter >= " " or letter in "\n\t")


def take_effect(update: StatusUpdate, public: PublicIncident, *, at: datetime, untouched: Collection[str] = ()) -> None:
    """Components first, since the incident's impact follows from them; those in `untouched` stay as they are."""
    components = list(Component.objects.in_use().select_for_update().in_order())
    moved = drafts.outcome(update, public, components)
    update.affected_components = [row for row in moved if row["code"] not in untouched]
    after = {row["code"]: row["new_status"] for row in update.affected_components}
    for component in components:
        if component.status != after.get(component.public_id, component.status):
            set_status(component, after[component.public_id], at=at)
    public.components.add(*(one for one in components if one.public_id in after))
    mine = set(public.components.values_list("pk", flat=True))
    public.impact = drafts.impact_after(update, public, [one for one in components if one.pk in mine])
    public.status, public.updated_at = update.status, at
    public.first_published_at = public.first_published_at or at
    public.monitoring_at = _reached(update, Status.MONITORING, public.monitoring_at, at)
    public.resolved_at = _reached(update, Status.RESOLVED, public.resolved_at, at)
    if update.status in LAST_WORDS:
        update.next_update_at = None
    public.save()


def _reached(update: StatusUpdate, mark: Status, before: datetime | None, at: datetime) -> datetime | None:
    """When the incident reached a mark: the first time stays, and going back behind the mark takes it away."""
    order: list[str] = [*Status, POSTMORTEM]
    if update.status == mark:
        return before or at
    return before if order.index(update.status) > order.index(mark) else None


def set_status(component: Component, to: str, *, at: datetime) -> None:
    """End the running stretch and begin the next; day bars and uptime are counted from these."""
    component.intervals.filter(ended_at=None).update(ended_at=at)
    ComponentInterval.objects.create(component=component, status=ComponentStatus(to), started_at=at)
    component.status, component.updated_at = ComponentStatus(to), at
    component.save(update_fields=["status", "updated_at"])
    Observation.objects.filter(component=component).update(heeded="")  # what the checks say is news beside this


def move_clocks(incident: Incident, next_update_at: datetime | None, *, at: datetime) -> None:
    """The promise is kept by this update; the next one is what it promises."""
    obligations.meet(Obligation.Kind.FIRST_PUBLIC_UPDATE, incident.label, at=at)
    obligations.meet(Obligation.Kind.PUBLIC_UPDATE, incident.label, at=at)
    if next_update_at is not None:
        obligations.owe(
            Obligation.Kind.PUBLIC_UPDATE, incident.label, due_at=next_update_at, at=at,
            owner=incident.domain.primary,
        )  # fmt: skip


def require_role(by: User, role: Role) -> None:
    if not by.has_role(role):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {role.label} and above.")


def _require_draft(update: StatusUpdate) -> None:
    if update.state != Draft.DRAFT:
        raise Refused("NOT_A_DRAFT", f"This update is already {update.get_state_display().lower()}.")


def _require_words(title: str, body: str) -> None:
    if not title.strip() or not body.strip():
        raise Refused("TEXT_MISSING", "Readers need a title and a text.")
    require_clean(title, body)


def require_clean(*texts: str) -> None:
    for text in texts:
        guard.require_public(text)


def require_may_be_public(incident: Incident) -> None:
    """Refuse to say anything to the world about a security incident, a test or a drill."""
    if incident.nature == Incident.Nature.SECURITY:
        raise Refused("SECURITY_INCIDENT", "This is a security incident. Nothing about it goes to the status page.")
    if incident.mode == Incident.Mode.TEST:
        raise Refused("TEST_INCIDENT", "This is a test. Nothing about it goes to the status page.")
    if incident.is_drill:
        raise Refused("DRILL_INCIDENT", "This is a drill. Its public words go to the drill's own preview page.")


def require_publisher(by: User, incident: Incident) -> None:
    """Refuse whoever may not tell the world about this incident; the refusal stands in the audit log."""
    if not queries.may_publish(by, incident):
        raise Denied(
            "NOT_A_PUBLISHER",
            f"Publishers publish, and who holds the Communications role in {incident.label} until its final update.",
        )
    if queries.lacks_factor(by):
        raise Denied(
            "SECOND_FACTOR_MISSING",
            "Publishing requires a second factor. Set one up on your account page under Second factor, then publish.",
        )


def require_publishable(update: StatusUpdate, *, at: datetime, seen: str = "") -> None:
    """Refuse what readers could not use, and what is not what was previewed."""
    _require_draft(update)
    _require_words(update.public_incident.name, update.body)
    if seen and drafts.fingerprint(update) != seen:
        raise Conflict("DRAFT_CHANGED", "The draft changed after you looked at it. Look at it again, then publish.")
    if update.status == POSTMORTEM and update.public_incident.resolved_at is None:
        raise Refused("NOT_RESOLVED", "Tell readers first that it is over. Then they can read what was learned.")
    if update.status in LAST_WORDS:
        return
    if update.next_update_at is None:
        raise Refused("NEXT_UPDATE_MISSING", "Say by when readers hear from you next.")
    if update.next_update_at <= at:
        raise Refused("NEXT_UPDATE_PAST", "The time of the next update has passed. Choose another.")
    if update.next_update_at - at > PROMISED_WITHIN:
        raise Refused(
            "NEXT_UPDATE_FAR", f"Readers hear from you within {PROMISED_WITHIN.days} days. Choose another time."
        )
