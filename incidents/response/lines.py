"""How a fact of the timeline reads: who, what, and the mark beside it. No database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.urls import NoReverseMatch, reverse

from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import IncidentRole, Kind, Outcome, Status

# A fact told later than this shows both times.
_BACKDATED = timedelta(seconds=90)
# Pages of rooms above this one, by address: what `about` may begin with.
_PAGES: dict[str, Callable[[str], str]] = {
    "check": lambda key: reverse("checks:detail", args=[key]),
    "alert": lambda key: f"{reverse('incidents:alerts')}#alert-{key}",
    "change": lambda key: reverse("incidents:change", args=[key]),
    "runbook": lambda key: reverse("incidents:runbook", args=[key]),
    "drill": lambda key: reverse("incidents:drill", args=[key]),
}

_NAMED_BESIDE = {"change": "That change", "runbook": "The runbook", "drill": "The drill"}


@dataclass(frozen=True)
class Line:
    """One row: `who` `before` **strong** `after`, the words below, and an icon or a shape in a tone."""

    pk: int
    occurred_at: datetime
    recorded_at: datetime | None
    who: str
    before: str
    strong: str = ""
    after: str = ""
    body: str = ""
    icon: str = ""
    shape: str = ""
    tone: str = ""
    # The door it came by, when that was not the web page of a person.
    via: str = ""
    # What a machine speaks of (`check:api-health`), and the earlier row that this one speaks of.
    about: str = ""
    corrects: int | None = None

    @property
    def link(self) -> str:
        """Where to look at what a machine speaks of; empty when it has no page."""
        kind, _, key = self.about.partition(":")
        try:
            return _PAGES[kind](key)
        except (KeyError, NoReverseMatch):
            return ""

    @property
    def link_words(self) -> str:
        """The key that a machine goes by; changes and runbooks are named beside it already."""
        return _NAMED_BESIDE.get(self.about.partition(":")[0], self.about)

    @property
    def iso(self) -> str:
        """The moment for machines: 2026-11-21T03:12:00Z."""
        return self.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def clock(self) -> str:
        """The time of day in UTC: 03:12."""
        return self.occurred_at.astimezone(UTC).strftime("%H:%M")

    @property
    def day(self) -> str:
        """The day in UTC, as the room writes it when it is not today: 21 Nov."""
        moment = self.occurred_at.astimezone(UTC)
        return f"{moment.day} {moment:%b}"


@dataclass(frozen=True)
class _Words:
    before: str
    strong: str = ""
    after: str = ""
    body: str = ""
    icon: str = ""
    shape: str = ""
    tone: str = ""


def line_of(event: TimelineEvent, body: str) -> Line:
    """The event with its words (kept apart from it) as one row."""
    words = _WRITERS[Kind(event.kind)](event, body)
    is_late = event.recorded_at - event.occurred_at > _BACKDATED
    return Line(
        pk=event.pk,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at if is_late else None,
        who=_who(event),
        via="" if event.actor is None or event.source == TimelineEvent.Source.WEB else event.get_source_display(),
        about=event.about,
        corrects=event.corrects_id,
        **vars(words),
    )


def _who(event: TimelineEvent) -> str:
    if event.actor is not None:
        return event.actor.username
    return TimelineEvent.Source(event.source).label


def _declared(event: TimelineEvent, body: str) -> _Words:
    mark = f"sev{event.new[-1:]}"
    said = "opened this room, proposed as" if event.actor is None else "declared"
    return _Words(said, event.new, body=body, shape=f"s-{mark}", tone=mark)


def _acknowledged(event: TimelineEvent, body: str) -> _Words:
    return _Words("acknowledged it as", event.new, icon="user-check")


def _nature(event: TimelineEvent, body: str) -> _Words:
    return _Words("made it a", "security incident", body=body, icon="eye-off", tone="status")


def _note(event: TimelineEvent, body: str) -> _Words:
    return _Words("posted a team update", body=body, icon="message-2")


def _status(event: TimelineEvent, body: str) -> _Words:
    old, new = (Status(one).label for one in (event.old, event.new))
    icon = "check" if event.new == Status.RESOLVED else "arrow-right"
    return _Words(f"moved the incident from {old} to", new, body=body, icon=icon, tone="status")


def _severity(event: TimelineEvent, body: str) -> _Words:
    said = "confirmed the severity" if event.old == event.new else f"changed the severity from {event.old} to"
    return _Words(said, event.new, body=body, icon="adjustments", tone="status")


def _role(event: TimelineEvent, body: str) -> _Words:
    """Both values are a seat in words, `scribe ann > bob`; what happened is the difference."""
    role, held, offered = _seat(event.old)
    _, holds, asked = _seat(event.new)
    name = IncidentRole(role).label.lower()
    if asked:
        return _Words("offered the role", name, f"to {asked}", icon="user-plus")
    if held == holds:
        is_answer = event.actor is not None and event.actor.username == offered
        return _Words("declined the role" if is_answer else "withdrew the offer of the role", name, icon="x")
    if not holds:
        return _Words("stepped down from the role", name, icon="arrow-back-up")
    if not held:
        return _Words("took the role", name, icon="user-check", tone="status")
    how = f"from {held}" if offered == holds else f"from {held}, without an offer"
    return _Words("took over the role", name, how, body=body, icon="arrows-exchange", tone="status")


def _seat(words: str) -> tuple[str, str, str]:
    """Role, holder and who is asked: `scribe > bob` is ("scribe", "", "bob")."""
    held, _, asked = words.partition(" > ")
    role, _, holder = held.partition(" ")
    return role, holder, asked


def _checklist(event: TimelineEvent, body: str) -> _Words:
    """The first line of the words is the step, the rest says why it does not apply."""
    step, _, reason = body.partition("\n")
    before, icon = _TICKS[event.new]
    return _Words(before, step, body=reason, icon=icon)


def _alert(event: TimelineEvent, body: str) -> _Words:
    if event.new == "acknowledged":
        return _Words("acknowledged the alert", body, icon="user-check")
    if event.new == "ended":
        return _Words("ended the alert", body, icon="user-check")
    if event.new == "recovered":
        return _Words("says", body, icon="robot", tone="public")
    return _Words("fired:", body, icon="robot")


def _public(event: TimelineEvent, body: str) -> _Words:
    return _Words("published to the status page", body=body, icon="world", tone="public")


def _public_removal(event: TimelineEvent, body: str) -> _Words:
    return _Words("took an update off the status page", body=body, icon="eye-off", tone="public")


def _duty(event: TimelineEvent, body: str) -> _Words:
    before, icon = _DUTIES[event.new]
    return _Words(before, body=body, icon=icon)


def _closed(event: TimelineEvent, body: str) -> _Words:
    return _Words("closed the incident", body=body, icon="lock", tone="status")


_DUTIES = {
    "verified": ("verified the recovery", "check"),
    "no_public_impact": ("said that there is no public impact; no public update is owed", "eye-off"),
}
_TICKS = {
    "ticked": ("ticked", "check"),
    "added": ("took steps into the checklist from", "book"),
    "unticked": ("unticked", "arrow-back-up"),
    "skipped": ("said that this step does not apply:", "x"),
    "unskipped": ("restored the step", "arrow-back-up"),
}
_REPORT = {
    "draft": "drafted the post-mortem",
    "in_review": "asked for a second reader of the post-mortem",
    "reviewed": "signed the post-mortem as second reader",
    "published": "offered the post-mortem's summary to the status page",
}
_TASK = {
    "open": ("changed the follow-up", "pencil"),
    "done": ("finished the follow-up", "check"),
    "verified": ("tried again, and it holds:", "check"),
    "dropped": ("dropped the follow-up", "x"),
}


def _postmortem(event: TimelineEvent, body: str) -> _Words:
    """Old is empty when the portal drafts it; back to the draft carries a reason."""
    is_back = event.new == "draft" and event.old
    said = "took the post-mortem back to a draft" if is_back else _REPORT[event.new]
    return _Words(said, body=body, icon="arrow-back-up" if is_back else "file-text")


def _follow_up(event: TimelineEvent, body: str) -> _Words:
    """The first line of the words names it, the rest says why."""
    title, _, reason = body.partition("\n")
    before, icon = _TASK[event.new]
    if not event.old:
        before, icon = "added the follow-up", "plus"
    elif event.new == "open" and event.old != "open":
        before, icon = "opened again the follow-up", "arrow-back-up"
    return _Words(before, title, body=reason, icon=icon)


_LINKED = {"related": "related to", "follows": "as one that follows from", "before": "as what came before"}


def _link(event: TimelineEvent, body: str) -> _Words:
    """One of both values is the link in words, `follows INC-4`: it was made or taken away."""
    relation, _, label = (event.new or event.old).partition(" ")
    if event.new:
        return _Words(f"linked this incident {_LINKED[relation]}", label, icon="link")
    return _Words("took away the link to", label, icon="x")


def _merge(event: TimelineEvent, body: str) -> _Words:
    """`into INC-4` in the room that ends, `from INC-3` in the one that goes on; as old values: split again."""
    way, _, label = (event.new if " " in event.new else event.old).partition(" ")
    if " " not in event.new:
        return _Words("split this incident from" if way == "into" else "split off", label, "again", body, "git-branch")
    said = "merged this incident into" if way == "into" else "merged into this incident"
    return _Words(said, label, body=body, icon="git-branch", tone="status")


_LOOKED = {
    Outcome.WORKED: ("looked back at a decision: it worked", "check"),
    Outcome.FAILED: ("looked back at a decision: it did not work", "x"),
    Outcome.WAIVED: ("said that nobody need look back at a decision", "clock-pause"),
}


def _decision(event: TimelineEvent, body: str) -> _Words:
    """New is what came of it, empty for the decision itself."""
    if not event.new:
        return _Words("decided", body=body, icon="target-arrow", tone="status")
    before, icon = _LOOKED[Outcome(event.new)]
    return _Words(before, body=body, icon=icon)


def _check(event: TimelineEvent, body: str) -> _Words:
    return _Words("says", event.new, body=body, icon="robot")


def _change(event: TimelineEvent, body: str) -> _Words:
    """One of both values is `suspect CHG-7`: it was marked, or is not any more. Else new is where it stands."""
    word, _, label = (event.new or event.old).partition(" ")
    if word == "suspect" and event.new:
        return _Words("suspects the change", label, body=body, icon="rocket", tone="status")
    if word == "suspect":
        return _Words("no longer suspects the change", label, body=body, icon="rocket")
    return _Words("change", event.new, body=body, icon="rocket")


_FOLLOWED = {
    "as_expected": ("ran a step of", "as expected", "s-ok"),
    "not_as_expected": ("ran a step of", "not as expected", "s-fail"),
    "done": ("did a step of", "done", "s-ok"),
    "worked": ("followed", "worked", "s-ok"),
    "partly": ("followed", "worked partly", "s-warn"),
    "not": ("followed", "did not work", "s-fail"),
}


def _runbook(event: TimelineEvent, body: str) -> _Words:
    """The first line says which step of which runbook, the rest is what it said."""
    title, _, said = body.partition("\n")
    before, verdict, shape = _FOLLOWED[event.new]
    return _Words(before, title, f"{verdict}.", body=said, shape=shape)


def _heading(event: TimelineEvent, body: str) -> _Words:
    """New is what was rewritten; the words hold both, before and after."""
    return _Words("rewrote", {"title": "the title", "summary": "what is seen"}[event.new], body=body, icon="pencil")


_FACTS = {"scope": "affected areas", "share": "how much is affected", "versions": "the affected versions"}
_TIMES = {
    "impact_started_at": "when the impact began",
    "detected_at": "when it was detected",
    "mitigated_at": "when it was mitigated",
    "resolved_at": "when it was resolved",
}
_SHARES: dict[str, str] = {value: label for value, label in Incident.Share.choices if value}


def _impact(event: TimelineEvent, body: str) -> _Words:
    """Both values are a fact in words, `scope API, DB`; impact.py says which there are."""
    what, _, value = event.new.partition(" ")
    if what == "channel":
        return _Words("said where people talk about it" if body else "took away the channel", body=body, icon="link")
    if what == "mitigated":
        return _Words("wrote down as", "mitigated", f"at {_moment(value)}", icon="check", tone="status")
    old = event.old.partition(" ")[2]
    was = f"instead of {_SHARES.get(old, old)}" if old else ""
    return _Words(f"wrote down {_FACTS[what]}:", _SHARES.get(value, value) or "nothing", was, icon="adjustments")


def _moment(iso: str) -> str:
    """21 Nov 03:12 for 2026-11-21T03:12:00Z."""
    moment = datetime.fromisoformat(iso)
    return f"{moment.day} {moment:%b %H:%M}"


def _corrected_time(event: TimelineEvent, body: str) -> _Words:
    (what, _, old), (_, _, new) = event.old.partition(" "), event.new.partition(" ")
    said = f"corrected {_TIMES[what]} from {_moment(old)} to"
    return _Words(said, _moment(new), body=body, icon="pencil")


_DRILLED = {
    "began": ("plays", "target-arrow", "status"),
    "inject": ("throws in:", "bolt", ""),
    "word": ("published to the preview page", "world", "public"),
    "mitigated": ("mitigated it: the flag is down", "check", "status"),
    "over": ("ended the drill", "target-arrow", "status"),
}


def _drill(event: TimelineEvent, body: str) -> _Words:
    """New is what happened in the drill; nothing of it leaves the house."""
    before, icon, tone = _DRILLED[event.new]
    return _Words(before, body=body, icon=icon, tone=tone)


def _correction(event: TimelineEvent, body: str) -> _Words:
    """The first line says what was wrong, the rest what should have stood there."""
    if event.new:
        return _corrected_time(event, body)
    reason, _, words = body.partition("\n")
    return _Words("corrected an earlier row:", reason, body=words, icon="pencil")


def _redaction(event: TimelineEvent, body: str) -> _Words:
    return _Words("removed the words of an earlier row", body=body, icon="eye-off")


_WRITERS = {
    Kind.DECLARED: _declared,
    Kind.ACKNOWLEDGED: _acknowledged,
    Kind.NOTE: _note,
    Kind.DECISION: _decision,
    Kind.STATUS: _status,
    Kind.SEVERITY: _severity,
    Kind.ROLE: _role,
    Kind.CHECKLIST: _checklist,
    Kind.DUTY: _duty,
    Kind.NATURE: _nature,
    Kind.CLOSED: _closed,
    Kind.ALERT: _alert,
    Kind.CHECK: _check,
    Kind.CHANGE: _change,
    Kind.RUNBOOK: _runbook,
    Kind.PUBLIC_UPDATE: _public,
    Kind.PUBLIC_REMOVAL: _public_removal,
    Kind.CORRECTION: _correction,
    Kind.IMPACT: _impact,
    Kind.HEADING: _heading,
    Kind.REDACTION: _redaction,
    Kind.LINK: _link,
    Kind.MERGE: _merge,
    Kind.POSTMORTEM: _postmortem,
    Kind.FOLLOW_UP: _follow_up,
    Kind.DRILL: _drill,
}
