"""Where the public page and the truth part: found by rule, each with the one thing that mends it. No database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incidents.statuspage import rollup
from incidents.statuspage.content import Component, Content, Incident

UNREAD = "host_file_unread"
_AFFECTED = {rollup.DEGRADED, rollup.PARTIAL, rollup.MAJOR}
_WORDS = {
    rollup.DEGRADED: "degraded performance",
    rollup.PARTIAL: "a partial outage",
    rollup.MAJOR: "a major outage",
}


class Mend(StrEnum):
    """The one button beside a finding."""

    RESOLVE = "resolve"
    WRITE = "write"
    SET_BACK = "set back"
    DECLARE = "declare"
    LOOK = "look"
    ASIDE = "set aside"


@dataclass(frozen=True)
class Finding:
    """One thing that readers would call untrue. `subject` is the public id of the incident or component, or a file."""

    rule: str
    subject: str
    sentence: str
    mend: Mend


def findings(
    content: Content, *, at: datetime, said: dict[str, str] | None = None, unread: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Everything that is not honest now, lost words and promises first.

    `said` is what checks say of a component while it is fresh, `unread` names files from the host that nobody reads.
    """
    return (
        *_lost_words(unread),
        *_broken_promises(content, at),
        *_open_and_all_well(content),
        *_down_without_words(content, said or {}),
        *_work_without_end(content),
        *_silent(content),
    )


def _lost_words(unread: Iterable[str]) -> Iterator[Finding]:
    """Somebody meant readers to see it, and they do not."""
    for name in unread:
        sentence = f"An update from the host cannot be read, and readers do not have it: host_posts/{name}."
        yield Finding(UNREAD, name, sentence, Mend.ASIDE)


def _broken_promises(content: Content, at: datetime) -> Iterator[Finding]:
    for one in content.open_incidents:
        if one.next_update_at is not None and one.next_update_at <= at:
            minutes = max(1, int((at - one.next_update_at).total_seconds() // 60))
            sentence = f"“{one.name}”: the promised update is {minutes} min late."
            yield Finding("promise_passed", one.public_id, sentence, Mend.WRITE)


def _open_and_all_well(content: Content) -> Iterator[Finding]:
    """An incident that names no component is compared with the whole page."""
    for one in content.open_incidents:
        touched = _touched(content, one)
        if touched and all(component.status == rollup.OPERATIONAL for component in touched):
            sentence = f"“{one.name}” is open, and its components all read operational."
            yield Finding("open_but_green", one.public_id, sentence, Mend.RESOLVE)


def _down_without_words(content: Content, said: dict[str, str]) -> Iterator[Finding]:
    """Where checks say the same it is true and lacks an incident; else it was left behind."""
    explained = {public_id for one in content.open_incidents for public_id in one.component_ids}
    for component in content.components:
        if component.status in _AFFECTED and component.public_id not in explained:
            sentence = f"{component.name} reads {_WORDS[component.status]}, and no open incident explains it."
            is_true = said.get(component.public_id, rollup.OPERATIONAL) in _AFFECTED
            mend = Mend.DECLARE if is_true else Mend.SET_BACK
            yield Finding("red_without_incident", component.public_id, sentence, mend)


def _work_without_end(content: Content) -> Iterator[Finding]:
    """Planned work begins and ends by its window; a status that was set by hand stays behind it."""
    running = {public_id for one in content.maintenances if one.is_running for public_id in one.component_ids}
    for component in content.components:
        if component.status == rollup.MAINTENANCE and component.public_id not in running:
            sentence = f"{component.name} reads under maintenance, and no planned work is under way."
            yield Finding("maintenance_over", component.public_id, sentence, Mend.SET_BACK)


def _silent(content: Content) -> Iterator[Finding]:
    for component in content.components:
        if component.unknown_since is not None:
            sentence = f"The checks of {component.name} are silent; readers see “unknown”."
            yield Finding("unknown", component.public_id, sentence, Mend.LOOK)


def _touched(content: Content, incident: Incident) -> list[Component]:
    if not incident.component_ids:
        return list(content.components)
    found = (content.component(public_id) for public_id in incident.component_ids)
    return [component for component in found if component]
