"""What a draft proposes and what publishing it would change; the preview and the act ask the same functions."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from gettext import NullTranslations

from incidents.response.models import Incident
from incidents.response.states import Severity, Status
from incidents.statuspage import load, pages, rollup, texts
from incidents.statuspage.content import Content
from incidents.statuspage.content import Incident as ContentIncident
from incidents.statuspage.content import Update as ContentUpdate
from incidents.statuspage.models import (
    LAST_WORDS,
    POSTMORTEM,
    Component,
    ComponentStatus,
    PublicIncident,
    StatusUpdate,
)

_BY_SEVERITY = {
    Severity.SEV1: ComponentStatus.MAJOR,
    Severity.SEV2: ComponentStatus.PARTIAL,
    Severity.SEV3: ComponentStatus.DEGRADED,
}


def text_for(status: str, components: Iterable[Component]) -> str:
    """The template of a phase with the components' public names in it; never the internal title."""
    if status == POSTMORTEM:
        return ""  # what was learned has no template
    return texts.filled(Status(status), _names(components, load.words()))


def title_for(components: Iterable[Component]) -> str:
    """A first public title from public names only."""
    words = load.words()
    return words.gettext("Problem with {}").format(_names(components, words))


def _names(components: Iterable[Component], words: NullTranslations) -> str:
    return pages.listed([one.name for one in components], words) or words.gettext("our service")


def proposed_status(severity: str) -> ComponentStatus:
    """How a component of the domain stands at this severity, until a person says otherwise."""
    return _BY_SEVERITY[Severity(severity)]


def proposal(incident: Incident, components: Iterable[Component]) -> list[dict[str, str]]:
    """The domain's components as a draft proposes them; never better than readers see them already."""
    status = proposed_status(incident.severity)
    return [affected_row(component, rollup.worst([component.status, status])) for component in components]


def affected_row(component: Component, to: str) -> dict[str, str]:
    """One line of `affected_components`, as the public contract has it."""
    return {
        "code": component.public_id,
        "name": load.component(component).full_name,
        "old_status": component.status,
        "new_status": to,
    }


def outcome(update: StatusUpdate, public: PublicIncident, components: Iterable[Component]) -> list[dict[str, str]]:
    """Which components the update would set, from what to what.

    Resolved sets every component of the incident back to operational, except those that another open incident still
    names: the page must not say that they are well.
    """
    wanted = {row["code"]: row["new_status"] for row in update.affected_components}
    if update.status == Status.RESOLVED:
        mine = wanted.keys() | {one.public_id for one in public.components.all()}
        wanted = dict.fromkeys(mine - _held_by_others(public), ComponentStatus.OPERATIONAL)
    return [affected_row(one, wanted[one.public_id]) for one in components if one.public_id in wanted]


def _held_by_others(public: PublicIncident) -> set[str]:
    others = PublicIncident.objects.published().filter(resolved_at=None).exclude(pk=public.pk)
    return set(Component.objects.filter(public_incidents__in=others).values_list("public_id", flat=True))


def impact_after(update: StatusUpdate, public: PublicIncident, components: Iterable[Component]) -> str:
    """While open, how hard it hits now; once resolved, how hard it hit at its worst.

    `components` are the incident's own as they stand after the update.
    """
    if update.status == POSTMORTEM:
        return public.impact
    if update.status != Status.RESOLVED:
        return rollup.impact(one.status for one in components)
    peak = public.impact
    for earlier in load.published_updates(public):
        peak = rollup.worse_impact(peak, rollup.impact(one.new_status for one in earlier.affected))
    return peak


def _end(update: StatusUpdate, public: PublicIncident, at: datetime) -> datetime | None:
    """When it is over after this update: what comes after the end does not move it."""
    if update.status == POSTMORTEM:
        return public.resolved_at
    return at if update.status == Status.RESOLVED else None


def fingerprint(update: StatusUpdate) -> str:
    """Changes with anything readers would see: what was previewed is what gets published, or nothing is."""
    due = update.next_update_at.timestamp() if update.next_update_at else None
    wanted = sorted((row["code"], row["new_status"]) for row in update.affected_components)
    parts = [update.public_incident.name, str(update.status), update.body, due, wanted, update.notify]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def preview(update: StatusUpdate, *, content: Content, at: datetime) -> pages.Card:
    """The incident's card as readers will see it right after publishing."""
    public = update.public_incident
    rows = list(Component.objects.in_use().in_order())
    changes = load.affected(outcome(update, public, rows))
    next_at = None if update.status in LAST_WORDS else update.next_update_at
    new = ContentUpdate(update.public_id, update.status, update.body, at, next_at, changes, notify=update.notify)
    after = {change.code: change.new_status for change in changes}
    touched = [one for one in rows if one.public_id in after or one in public.components.all()]
    for one in touched:
        one.status = after.get(one.public_id, one.status)
    shown = ContentIncident(
        number=public.pk,
        public_id=public.public_id,
        name=public.name,
        status=update.status,
        impact=impact_after(update, public, touched),
        published_at=public.first_published_at or at,
        updated_at=at,
        monitoring_at=public.monitoring_at,
        resolved_at=_end(update, public, at),
        component_ids=tuple(one.public_id for one in touched),
        updates=(new, *load.published_updates(public)),
    )
    return pages.card(content, shown, limit=pages.CARD_UPDATES, at=at)
