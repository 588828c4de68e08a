"""A public word from the host, and what it does to the page.

Pure: it knows the values of the page and no database, since it is there for when none answers. What it does here is
what publishing does to the rows (incidents/statuspage/actions.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.statuspage import rollup
from incidents.statuspage.content import Affected, Component, Content, Incident, Stretch, Update

STATUSES = ("investigating", "identified", "monitoring", "resolved")


@dataclass(frozen=True)
class HostPost:
    """One word as it waits for the database. `public_id` follows from the file's text: the same file is the same word.

    `is_new` says that it opened its incident; `components` maps public ids to how they stand.
    """

    public_id: str
    incident_id: str
    is_new: bool
    title: str
    status: str
    body: str
    next_update_at: datetime | None
    components: tuple[tuple[str, str], ...]
    notify: bool
    posted_at: datetime
    posted_by: str


def is_on(content: Content, post: HostPost) -> bool:
    """Whether readers have it already."""
    return any(update.public_id == post.public_id for incident in content.incidents for update in incident.updates)


def applied(content: Content, posts: Iterable[HostPost]) -> Content:
    """The page with these words on it, the earliest first. What it holds already is not said twice."""
    for post in sorted(posts, key=lambda one: one.posted_at):
        if not is_on(content, post):
            content = _with(content, post)
    return content


def affected(content: Content, post: HostPost) -> tuple[Affected, ...]:
    """Which components it moves, from what to what; resolved sets back what no other open incident holds."""
    wanted = dict(post.components)
    if post.status == "resolved":
        own = _of(content, post)
        held = {code for one in content.open_incidents if one != own for code in one.component_ids}
        mine = wanted.keys() | set(own.component_ids if own else ())
        wanted = dict.fromkeys(mine - held, rollup.OPERATIONAL)
    return tuple(
        Affected(one.public_id, one.full_name, one.status, wanted[one.public_id])
        for one in content.components
        if one.public_id in wanted
    )


def _of(content: Content, post: HostPost) -> Incident | None:
    return next((one for one in content.incidents if one.public_id == post.incident_id), None)


def _with(content: Content, post: HostPost) -> Content:
    """An incident that went away meanwhile takes its word along; a later word of somebody else stays the last one."""
    before = _of(content, post)
    if before is None and not post.is_new:
        return content
    changes = affected(content, post)
    said = Update(
        post.public_id, post.status, post.body, post.posted_at, post.next_update_at, changes, notify=post.notify
    )
    if before is not None and before.updates and before.updates[0].published_at > post.posted_at:
        words = sorted((*before.updates, said), key=lambda one: one.published_at, reverse=True)
        late = replace(before, updates=tuple(words))
        return replace(content, incidents=tuple(late if one == before else one for one in content.incidents))
    after = {one.code: one.new_status for one in changes}
    components = tuple(_moved(one, after.get(one.public_id, one.status), post.posted_at) for one in content.components)
    others = tuple(one for one in content.incidents if one != before)
    now = _incident(before or _opened(post), said, components)
    newest_first = sorted((now, *others), key=lambda one: one.published_at, reverse=True)
    return replace(content, components=components, incidents=tuple(newest_first))


def feed_number(post: HostPost) -> int:
    """A number for the feeds that no row has; it stays, so that readers' programs do not show the incident twice."""
    return 1_000_000_000 + int(post.posted_at.timestamp())


def _opened(post: HostPost) -> Incident:
    """Before its first word."""
    return Incident(
        feed_number(post),
        post.incident_id,
        post.title,
        post.status,
        "none",
        post.posted_at,
        post.posted_at,
        None,
        None,
        (),
        (),
    )


def _incident(before: Incident, said: Update, components: Iterable[Component]) -> Incident:
    named = [one.code for one in said.affected if one.code not in before.component_ids]
    mine = (*before.component_ids, *named)
    at, words = said.published_at, (said, *before.updates)
    impact = rollup.impact(one.status for one in components if one.public_id in mine)
    if said.status == "resolved":
        impact = before.impact
        for one in words:
            impact = rollup.worse_impact(impact, rollup.impact(change.new_status for change in one.affected))
    reached = STATUSES.index(said.status)
    monitoring_at = before.monitoring_at or (at if said.status == "monitoring" else None)
    return replace(
        before,
        status=said.status,
        impact=impact,
        updated_at=at,
        monitoring_at=monitoring_at if reached >= STATUSES.index("monitoring") else None,
        resolved_at=(before.resolved_at or at) if said.status == "resolved" else None,
        component_ids=mine,
        updates=words,
    )


def _moved(component: Component, to: str, at: datetime) -> Component:
    if component.status == to:
        return component
    *earlier, running = component.stretches or (Stretch(component.status, at, None),)
    stretches = (*earlier, replace(running, ended_at=at), Stretch(to, at, None))
    return replace(component, status=to, stretches=stretches, updated_at=at, unknown_since=None)
