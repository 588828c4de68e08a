"""Publish from the host while no database answers, and make rows of it when one does."""

import os
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction

from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.response import timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Severity
from incidents.statuspage import (
    actions,
    drafts,
    host_file,
    host_post,
    host_queue,
    kept,
    news,
    rendering,
    rollup,
    snapshot,
    writer,
)
from incidents.statuspage.content import Content
from incidents.statuspage.host_post import HostPost
from incidents.statuspage.models import Component, PublicIncident, StatusUpdate
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.roles import Role

log = structlog.get_logger("incidents.statuspage")
Draft = StatusUpdate.State
_UNCHECKED = "published from the host"
_SEVERITY = {"critical": Severity.SEV1, "major": Severity.SEV2}


@dataclass(frozen=True)
class Posted:
    """What became of a file: `is_repeated` when readers had it already."""

    post: HostPost
    is_repeated: bool
    waiting: int


def post(text: str, *, by: str, at: datetime) -> Posted:
    """Put a word on the page that readers see, and keep it for the database. Opens no connection. Safe to run twice.

    Raises OSError when the folder cannot be written or another writer does not finish.
    """
    root = settings.SNAPSHOT_DIR
    _require_own(root)
    with writer.exclusive(root):
        content = _shown()
        given = host_file.read(text, content=content, at=at, by=by)
        is_repeated = host_post.is_on(content, given)
        if not is_repeated:
            host_queue.add(given)
            _show(host_post.applied(content, host_queue.waiting()), at)
    return Posted(given, is_repeated, len(host_queue.waiting()))


def set_aside(name: str, *, by: User, at: datetime) -> None:
    """Nobody can read the file as a word: it is kept for whoever looks into it, and troubles no operator any more."""
    actions.require_role(by, Role.PUBLISHER)
    try:
        is_done = host_queue.set_unread_aside(name)
    except OSError as failure:
        why = failure.strerror or type(failure).__name__
        raise Refused("NOT_WRITABLE", f"The file cannot be renamed: {why}. Do it on the host.") from failure
    if not is_done:
        raise Refused("FILE_GONE", "There is no such unread file any more.")
    audit.record("status_update.host_file_aside", by=by.username, object=name)


def _require_own(root: os.PathLike[str]) -> None:
    """Files of another user could be neither replaced nor read by the portal."""
    try:
        owner = os.stat(root).st_uid
    except FileNotFoundError:
        raise _no_page() from None
    if owner != os.geteuid():
        raise Refused("WRONG_USER", f"The page belongs to user number {owner}: run this as that user.")


def _no_page() -> Refused:
    return Refused("NO_SNAPSHOT", "There is no page here to add to: the portal builds it once its database answers.")


def _shown() -> Content:
    """What readers see now, as values."""
    try:
        return kept.read((settings.SNAPSHOT_DIR / writer.CURRENT / snapshot.CONTENT).read_bytes())
    except (FileNotFoundError, ValueError):
        raise _no_page() from None


def _show(content: Content, at: datetime) -> None:
    before, assets = writer.manifest(settings.SNAPSHOT_DIR), rendering.assets(content.look)
    tree = snapshot.build(content, at=at, render=rendering.render, assets=assets, previous=before)
    writer.write(settings.SNAPSHOT_DIR, tree, at=at)


def reconcile(at: datetime) -> int:
    """Make rows of what waits; how many became some. Idempotent; safe to run concurrently.

    A word that cannot become a row (its incident is gone, a security incident, or merged away) is set aside: it leaves
    the page with the next rebuild, its file stays, and the audit log says so.
    """
    count = 0
    for waiting in host_queue.waiting():
        try:
            count += _reconcile(waiting, at=at)
        except Refused as refusal:
            log.warning("a word from the host could not become a row", code=refusal.code)
            audit.record(
                "status_update.host_refused", by=waiting.posted_by, object=waiting.public_id, reason=refusal.sentence
            )
            host_queue.set_aside(waiting)
        else:
            host_queue.done(waiting)
    return count


@transaction.atomic
def _reconcile(post: HostPost, *, at: datetime) -> bool:
    """Lock, require, change, save, record: with the time at which readers got it."""
    if StatusUpdate.objects.filter(public_id=post.public_id).exists():
        return False
    public = _public_side(post)
    incident = actions.locked_incident(public.incident)
    public = PublicIncident.objects.select_for_update().get(pk=public.pk)
    actions.require_may_be_public(incident)
    _require_not_merged(incident)
    before = public.status if public.first_published_at else ""
    update = StatusUpdate(
        public_id=post.public_id, public_incident=public, status=post.status, body=post.body,
        next_update_at=post.next_update_at, notify=post.notify, bypass_reason=_UNCHECKED,
        affected_components=_rows(post),
    )  # fmt: skip
    newest = public.updates.filter(state=Draft.PUBLISHED).order_by("-published_at").first()
    is_last_word = newest is None or newest.published_at is None or newest.published_at <= post.posted_at
    if is_last_word:
        actions.take_effect(update, public, at=post.posted_at, untouched=_changed_since(post.posted_at))
    update.state, update.published_at = Draft.PUBLISHED, post.posted_at
    update.save()
    if is_last_word:
        actions.move_clocks(incident, update.next_update_at, at=post.posted_at)
    if update.notify:
        news.tell(news.of_update(update, public.components.values_list("public_id", flat=True), at=at))
    timeline.record(
        incident, Kind.PUBLIC_UPDATE, at=at, occurred_at=post.posted_at, source=timeline.Source.HOST,
        old=before, new=update.status, text=update.body,
    )  # fmt: skip
    audit.record(
        "status_update.publish_from_host", by=post.posted_by, object=f"{incident.label} {update.public_id}",
        reason=f"written on the host at {post.posted_at:%Y-%m-%d %H:%M} UTC",
    )  # fmt: skip
    actions.show_after_commit(at)
    return True


def _public_side(post: HostPost) -> PublicIncident:
    """The incident that it speaks of; one that it opened gets a room, with the address that readers know already."""
    found = PublicIncident.objects.select_related("incident").filter(public_id=post.incident_id).first()
    if found is not None:
        return found
    if not post.is_new:
        raise Refused("INCIDENT_GONE", "The incident that it speaks of is not there any more.")
    room = response.open_from_host(title=post.title, severity=_severity(post), domain=_domain(post), at=post.posted_at)
    return PublicIncident.objects.create(
        public_id=post.incident_id,
        incident=room,
        name=post.title,
        created_at=post.posted_at,
        updated_at=post.posted_at,
        feed_number=host_post.feed_number(post),
    )


def _require_not_merged(incident: Incident) -> None:
    """Nobody could answer for a promise in a room where work has ended; the audit log says where it goes on."""
    if incident.merged_into is not None:
        raise Refused("INCIDENT_MERGED", f"{incident.label} was merged. Go on in {incident.merged_into.label}.")


def _severity(post: HostPost) -> Severity:
    """A proposal from what readers were told; a person confirms it."""
    return _SEVERITY.get(rollup.impact(status for _, status in post.components), Severity.SEV3)


def _domain(post: HostPost) -> Domain:
    """That of the first component it names; without one, the first of the house."""
    codes = [code for code, _ in post.components]
    named = Component.objects.in_order().select_related("domain").filter(public_id__in=codes).first()
    domain = named.domain if named else Domain.objects.order_by("position", "pk").first()
    if domain is None:
        raise Refused("NO_DOMAIN", "There is no domain that could own the incident.")
    return domain


def _rows(post: HostPost) -> list[dict[str, str]]:
    """Its components as readers saw them move; one that was retired meanwhile is left out."""
    wanted = dict(post.components)
    found = Component.objects.in_use().in_order().filter(public_id__in=wanted)
    return [drafts.affected_row(one, wanted[one.public_id]) for one in found]


def _changed_since(moment: datetime) -> set[str]:
    """Components of which somebody said something later: that counts."""
    later = Component.objects.filter(intervals__started_at__gte=moment)
    return set(later.values_list("public_id", flat=True))
