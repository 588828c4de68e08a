"""What the portal and people do to a report. Lock, require, change, save, record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.postmortems import drafting, fields, states
from incidents.postmortems.models import Postmortem, PostmortemLine
from incidents.postmortems.states import State
from incidents.response import clocks, policy, timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Severity
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

Owed = Obligation.Kind.POSTMORTEM


@dataclass(frozen=True)
class Saved:
    """What saving did: the report as it is now, and the fields that somebody else changed meanwhile."""

    postmortem: Postmortem
    others: tuple[fields.Field, ...] = ()


class TextConflict(Conflict):
    """Two people changed the same field. `stored` has the other text of each; nothing was saved."""

    def __init__(self, stored: Mapping[str, str], version: int) -> None:
        super().__init__(
            "POSTMORTEM_CHANGED", "Somebody else changed the same field. Nothing was saved; both texts are here."
        )
        self.stored = dict(stored)
        self.version = version


@transaction.atomic
def draft(incident: Incident, *, at: datetime) -> Postmortem | None:
    """Lay the report ready when a SEV-1 or SEV-2 is resolved; later ends add their rows. Safe to run twice."""
    incident = _locked_incident(incident)
    found = Postmortem.objects.select_for_update().filter(incident=incident).first()
    if (
        incident.is_open
        or incident.merged_into_id
        or (found is None and incident.mode in Incident.REHEARSED)
        or (found is None and policy.of(incident.severity_peak).postmortem is None)
    ):
        return None
    if found is None:
        return _begin(incident, by=None, at=at)
    found.incident = incident
    return _with_new_lines(found, at=at)


@transaction.atomic
def begin(incident: Incident, *, by: User, at: datetime) -> Postmortem:
    """Ask for a report: of a SEV-3, or when the portal has not laid it ready yet. It is due like any other."""
    incident = _locked_incident(incident)
    if incident.is_open:
        raise Refused("NOT_RESOLVED", "The incident still runs. Its report begins when it is resolved.")
    found = Postmortem.objects.select_for_update().filter(incident=incident).first()
    if found is not None:
        return found
    if not Obligation.objects.filter(kind=Owed, subject=incident.label).exists():
        _owe(incident, at=at)
    return _begin(incident, by=by, at=at)


@transaction.atomic
def save(
    postmortem: Postmortem,
    texts: Mapping[str, str],
    *,
    seen: Mapping[str, str],
    by: User,
    at: datetime,
    over: int | None = None,
) -> Saved:
    """Keep what was typed. `seen` has the mark of each text as the person got it.

    A field only one side changed is taken from that side. One that both changed differently is a TextConflict, and
    nothing is saved; `over` is the version whose texts the person has seen and replaces knowingly.
    """
    postmortem = _locked(postmortem)
    _require_draft(postmortem)
    mine = {name: _clean(text) for name, text in texts.items() if fields.mark(text) != seen.get(name, "")}
    stored = {name: postmortem.text_of(name) for name in texts}
    theirs = {name for name, text in stored.items() if fields.mark(text) != seen.get(name, "")}
    changed = {name: text for name, text in mine.items() if fields.mark(text) != fields.mark(stored[name])}
    clash = {name: stored[name] for name in changed if name in theirs}
    if clash and over != postmortem.version:
        raise TextConflict(clash, postmortem.version)
    if changed:
        for name, text in changed.items():
            setattr(postmortem, name, text)
        _written(postmortem, by=by, at=at)
    others = tuple(one for one in fields.TEXTS if one.name in theirs and one.name not in mine)
    return Saved(postmortem, others)


@transaction.atomic
def add_line(postmortem: Postmortem, *, occurred_at: datetime, text: str, by: User, at: datetime) -> PostmortemLine:
    """Something that no event holds: it is marked as from memory."""
    postmortem = _locked(postmortem)
    _require_draft(postmortem)
    text = _clean(text)
    if not text:
        raise Refused("TEXT_MISSING", "Write what happened.")
    if occurred_at > at:
        raise Refused("TIME_IN_FUTURE", "That time has not come yet. Say when it happened, in UTC.")
    line = PostmortemLine.objects.create(postmortem=postmortem, occurred_at=occurred_at, body=text)
    _lines_changed(postmortem, "one from memory", by=by, at=at)
    return line


@transaction.atomic
def remove_line(line: PostmortemLine, *, by: User, at: datetime) -> None:
    """Leave a line out of the report. The incident's own timeline keeps its event."""
    postmortem = _locked(line.postmortem)
    _require_draft(postmortem)
    what = f"without event {line.event_id}" if line.event_id else "without one from memory"
    line.delete()
    _lines_changed(postmortem, what, by=by, at=at)


@transaction.atomic
def take_in_all(postmortem: Postmortem, *, by: User, at: datetime) -> int:
    """Bring back every row of the incident that was left out; how many there were."""
    postmortem = _locked(postmortem)
    _require_draft(postmortem)
    added = drafting.add_lines(postmortem)
    if added:
        _lines_changed(postmortem, f"{added} brought back", by=by, at=at)
    return added


@transaction.atomic
def ask_review(postmortem: Postmortem, *, by: User, at: datetime) -> Postmortem:
    """Everything required is written; now somebody else reads it."""
    postmortem = _locked(postmortem)
    states.require(postmortem.state, to=State.IN_REVIEW)
    missing = postmortem.meter(has_lines=postmortem.lines.exists()).missing
    if missing:
        names = ", ".join(one.label.lower() for one in missing)
        raise Refused("FIELDS_MISSING", f"The review cannot start without: {names}.")
    postmortem.asked_by, postmortem.asked_at = by, at
    postmortem.authors.add(by)
    return _moved(postmortem, State.IN_REVIEW, by=by, at=at)


@transaction.atomic
def review(postmortem: Postmortem, *, by: User, at: datetime) -> Postmortem:
    """A second reader signs. Whoever wrote in it cannot; the report is no longer owed."""
    postmortem = _locked(postmortem)
    states.require(postmortem.state, to=State.REVIEWED)
    if postmortem.authors.contains(by):
        raise Refused("SECOND_READER_NEEDED", "You wrote in this report. Somebody who did not has to sign it.")
    postmortem.reviewed_by, postmortem.reviewed_at = by, at
    obligations.meet(Owed, postmortem.incident.label, at=at)
    return _moved(postmortem, State.REVIEWED, by=by, at=at)


@transaction.atomic
def send_back(postmortem: Postmortem, *, reason: str, by: User, at: datetime) -> Postmortem:
    """Something is missing or wrong: back to the draft, and why. A report that was signed is owed anew."""
    postmortem = _locked(postmortem)
    reason = _clean(reason)
    states.require(postmortem.state, to=State.DRAFT)
    if not reason:
        raise Refused("REASON_MISSING", "Say what has to change.")
    if postmortem.incident.is_closed:
        raise Refused("INCIDENT_CLOSED", "The incident is closed on the strength of this report. Reopen it first.")
    if postmortem.state != State.IN_REVIEW and not postmortem.incident.is_open:
        _owe(postmortem.incident, at=at)
    return _to_draft(postmortem, reason=reason, by=by, at=at)


@transaction.atomic
def wait_for_end(incident: Incident, *, by: User | None, at: datetime) -> Postmortem | None:
    """The incident is open again: whatever was signed has to be looked at once more. Safe to run twice."""
    incident = _locked_incident(incident)
    postmortem = Postmortem.objects.select_for_update().filter(incident=incident).exclude(state=State.DRAFT).first()
    if postmortem is None or not incident.is_open:
        return None
    postmortem.incident = incident
    return _to_draft(postmortem, reason="The incident was reopened.", by=by, at=at)


@transaction.atomic
def publish(postmortem: Postmortem, *, summary: str, by: User, at: datetime) -> Postmortem:
    """Offer a summary to the status page, where it waits as a draft until a publisher has seen the exact preview."""
    if not by.has_role(Role.PUBLISHER):
        raise Refused("ROLE_TOO_LOW", f"This is for the role {Role.PUBLISHER.label} and above.")
    postmortem = _locked(postmortem)
    states.require(postmortem.state, to=State.PUBLISHED)
    summary = summary.strip()
    if not summary:
        raise Refused("TEXT_MISSING", "Write what readers may know.")
    guard.require_public(summary)
    if postmortem.incident.nature == Incident.Nature.SECURITY:
        raise Refused("SECURITY_INCIDENT", "Of a security incident nothing is drafted for the public page.")
    if not clocks.is_public(postmortem.incident):
        raise Refused("NOT_PUBLIC", "Readers know nothing of this incident, so there is nothing to add a summary to.")
    postmortem.public_summary, postmortem.published_by, postmortem.published_at = summary, by, at
    return _moved(postmortem, State.PUBLISHED, by=by, at=at, text=summary)


def _begin(incident: Incident, *, by: User | None, at: datetime) -> Postmortem:
    postmortem = Postmortem.objects.create(incident=incident, drafted_at=at, **drafting.texts(incident))
    drafting.add_lines(postmortem)
    return _record(postmortem, old="", by=by, at=at)


def _with_new_lines(postmortem: Postmortem, *, at: datetime) -> Postmortem:
    """Rows newer than those it has: what people left out stays out. What was signed before this end counts no more."""
    end = postmortem.incident.resolved_at
    if postmortem.asked_at is not None and end is not None and postmortem.asked_at < end:
        _to_draft(postmortem, reason="The incident was reopened and resolved again.", by=None, at=at)
    newest = postmortem.lines.exclude(event=None).order_by("-event_id").values_list("event_id", flat=True).first()
    if postmortem.state == State.DRAFT and drafting.add_lines(postmortem, after=newest or 0):
        postmortem.version += 1
        postmortem.save(update_fields=["version"])
    return postmortem


def _owe(incident: Incident, *, at: datetime) -> None:
    within = policy.of(incident.severity_peak).postmortem or policy.of(Severity.SEV2).postmortem
    assert within is not None
    obligations.owe(Owed, incident.label, due_at=at + within, at=at, owner=incident.domain.primary)


def _locked_incident(incident: Incident) -> Incident:
    return Incident.objects.select_for_update(of=("self",)).select_related("domain").get(pk=incident.pk)


def _locked(postmortem: Postmortem) -> Postmortem:
    """The incident first, as everywhere, so that no two acts wait for each other."""
    incident = _locked_incident(postmortem.incident)
    postmortem = Postmortem.objects.select_for_update().get(pk=postmortem.pk)
    postmortem.incident = incident
    return postmortem


def _require_draft(postmortem: Postmortem) -> None:
    if postmortem.state != State.DRAFT:
        sentence = (
            f"The report is {postmortem.get_state_display().lower()}. Take it back to a draft before you change it."
        )
        raise Refused("NOT_A_DRAFT", sentence)


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    guard.require_clean(text)
    return text


def _written(postmortem: Postmortem, *, by: User, at: datetime) -> None:
    """One more version. That somebody writes in it is audited once, not with every few words."""
    postmortem.version += 1
    postmortem.saved_by, postmortem.saved_at = by, at
    postmortem.save()
    if not postmortem.authors.contains(by):
        postmortem.authors.add(by)
        audit.record("postmortem.write", by=by.username, object=postmortem.incident.label)


def _lines_changed(postmortem: Postmortem, what: str, *, by: User, at: datetime) -> None:
    _written(postmortem, by=by, at=at)
    audit.record("postmortem.lines", by=by.username, object=postmortem.incident.label, reason=what)


def _to_draft(postmortem: Postmortem, *, reason: str, by: User | None, at: datetime) -> Postmortem:
    postmortem.asked_by = postmortem.asked_at = postmortem.reviewed_by = postmortem.reviewed_at = None
    return _moved(postmortem, State.DRAFT, by=by, at=at, text=reason)


def _moved(postmortem: Postmortem, to: State, *, by: User | None, at: datetime, text: str = "") -> Postmortem:
    old, postmortem.state = postmortem.state, to
    postmortem.version += 1
    postmortem.save()
    return _record(postmortem, old=old, by=by, at=at, text=text)


def _record(postmortem: Postmortem, *, old: str, by: User | None, at: datetime, text: str = "") -> Postmortem:
    source = timeline.Source.WEB if by else timeline.Source.SYSTEM
    timeline.record(
        postmortem.incident, Kind.POSTMORTEM, by=by, at=at, source=source, old=old, new=postmortem.state, text=text
    )
    actor = by.username if by else "portal"
    audit.record(
        "postmortem.state", by=actor, object=postmortem.incident.label, reason=f"{old or 'none'} to {postmortem.state}"
    )
    return postmortem
