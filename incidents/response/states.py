"""What may follow what: severities, statuses and the kinds of timeline events."""

from django.db import models

from opsportal.errors import Refused


class Severity(models.TextChoices):
    """How bad it is; definitions from the operations runbook."""

    SEV1 = "SEV-1", "SEV-1 Critical"
    SEV2 = "SEV-2", "SEV-2 Major"
    SEV3 = "SEV-3", "SEV-3 Partial"

    @property
    def number(self) -> int:
        return int(self.value[-1])

    def is_at_least(self, other: str) -> bool:
        """As bad or worse: SEV-1 is at least SEV-2."""
        return self.number <= Severity(other).number

    @property
    def definition(self) -> str:
        return {
            1: "Complete outage or critical data integrity risk",
            2: "Major degradation affecting key workflows",
            3: "Partial degradation with workaround",
        }[self.number]


class Status(models.TextChoices):
    """Where the work on it stands; the same four words readers of the status page see."""

    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"


class IncidentRole(models.TextChoices):
    """Who does what while it runs: one holder each, and one person may hold several."""

    COMMANDER = "commander", "Commander"
    COMMUNICATIONS = "communications", "Communications"
    SCRIBE = "scribe", "Scribe"
    OPERATIONS = "operations", "Operations lead"

    @property
    def task(self) -> str:
        return {
            "commander": "Decides, and hands out the other roles.",
            "communications": "Writes the public updates and may publish those of this incident.",
            "scribe": "Keeps the timeline complete.",
            "operations": "The one who changes systems, or lets others do it.",
        }[self.value]


class Kind(models.TextChoices):
    """What a timeline event tells."""

    DECLARED = "incident.declared", "declared the incident"
    ACKNOWLEDGED = "incident.acknowledged", "acknowledged"
    NOTE = "note", "posted a team update"
    DECISION = "decision", "decided"
    STATUS = "status", "changed the status"
    SEVERITY = "severity", "changed the severity"
    ROLE = "role", "changed a role"
    CHECKLIST = "checklist", "checklist"
    ALERT = "alert", "alert"
    CHECK = "check", "check"
    CHANGE = "change", "change"
    RUNBOOK = "runbook", "followed a runbook"
    PUBLIC_UPDATE = "public_update", "published to the status page"
    PUBLIC_REMOVAL = "public_removal", "took an update off the status page"
    IMPACT = "impact", "wrote down the impact"
    HEADING = "heading", "rewrote title or summary"
    LINK = "link", "linked an incident"
    MERGE = "merge", "merged"
    CORRECTION = "correction", "corrected"
    REDACTION = "redaction", "removed words"
    DUTY = "duty", "settled a duty"
    NATURE = "nature", "hid the room"
    CLOSED = "incident.closed", "closed the incident"
    POSTMORTEM = "postmortem", "moved the post-mortem on"
    FOLLOW_UP = "follow_up", "changed a follow-up"
    DRILL = "drill", "drill"


class Outcome(models.TextChoices):
    """What came of a decision when somebody looked back."""

    WORKED = "worked", "It worked"
    FAILED = "failed", "It did not work"
    WAIVED = "waived", "Nobody need look back"


# Forward by one or more steps, back when a fix did not hold; reopening is a step of its own.
_NEXT: dict[Status, frozenset[Status]] = {
    Status.INVESTIGATING: frozenset({Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED}),
    Status.IDENTIFIED: frozenset({Status.INVESTIGATING, Status.MONITORING, Status.RESOLVED}),
    Status.MONITORING: frozenset({Status.INVESTIGATING, Status.IDENTIFIED, Status.RESOLVED}),
    Status.RESOLVED: frozenset({Status.INVESTIGATING}),
}


def following(status: str) -> list[Status]:
    """The statuses that may come next, in the order people read them."""
    return [one for one in Status if one in _NEXT[Status(status)]]


def require(status: str, *, to: str) -> None:
    """Refuse a move that the table does not have, or a word that is no status."""
    if to not in set(Status):
        raise Refused("STATUS_UNKNOWN", f"There is no status {to[:32]!r}. Choose one of the four.")
    if status == to:
        raise Refused("STATUS_UNCHANGED", f"The incident is already {Status(to).label.lower()}.")
    if Status(to) not in _NEXT[Status(status)]:
        raise Refused(
            "STATUS_NOT_ALLOWED", f"From {Status(status).label} an incident cannot move to {Status(to).label}."
        )


def severity_of(word: str) -> Severity:
    """The severity of that name, or a refusal."""
    if word not in set(Severity):
        raise Refused("SEVERITY_UNKNOWN", f"There is no severity {word[:32]!r}. Choose SEV-1, SEV-2 or SEV-3.")
    return Severity(word)


def is_lower(severity: str, *, than: str) -> bool:
    """True when it is less bad: SEV-3 is lower than SEV-1."""
    return Severity(severity).number > Severity(than).number
