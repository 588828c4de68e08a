"""An incident, its append-only timeline and its copy of the checklist."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from incidents.ownership.models import Domain
from incidents.response import vectors
from incidents.response.states import IncidentRole, Kind, Severity, Status
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField
from opsportal.roles import Role


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Filters over incidents."""

    def open(self) -> IncidentQuerySet:
        return self.exclude(status=Status.RESOLVED)

    def visible_to(self, person: User) -> IncidentQuerySet:
        """Viewers see no security incident: no room, no row, no number beside a list."""
        return self if person.has_role(Role.RESPONDER) else self.exclude(nature=Incident.Nature.SECURITY)

    def hidden_from(self, person: User) -> IncidentQuerySet:
        """The other side of `visible_to`; nothing for who sees all."""
        return self.none() if person.has_role(Role.RESPONDER) else self.filter(nature=Incident.Nature.SECURITY)

    def counted(self) -> IncidentQuerySet:
        """What figures are about: no tests, no drills, and none that were written down when they were over."""
        return self.filter(mode=Incident.Mode.STANDARD)

    def real(self) -> IncidentQuerySet:
        """What happened: neither a test nor a drill."""
        return self.exclude(mode__in=Incident.REHEARSED)

    def for_domain(self, domain: Domain) -> IncidentQuerySet:
        return self.filter(domain=domain)

    def newest_first(self) -> IncidentQuerySet:
        return self.order_by("-number")

    def worst_first(self) -> IncidentQuerySet:
        """SEV-1 before SEV-3, then the newest."""
        return self.order_by("severity", "-number")

    def with_domain(self) -> IncidentQuerySet:
        return self.select_related("domain", "declared_by")


class Incident(models.Model):
    """One thing that went wrong. Its number is what people say: INC-12."""

    class Source(models.TextChoices):
        WEB = "web", "Declared by a person"
        ALERT = "alert", "Opened by an alert"
        HOST = "host", "Published from the host"

    class Nature(models.TextChoices):
        """Security incidents are hidden from viewers and never drafted for the public page."""

        STANDARD = "standard", "Standard"
        SECURITY = "security", "Security"

    class Mode(models.TextChoices):
        """Only standard ones count in figures; a retrospective one was over before it was written down."""

        STANDARD = "standard", "Happens now"
        RETROSPECTIVE = "retrospective", "Is over, written down later"
        TEST = "test", "Test"
        DRILL = "drill", "Drill"

    # Nothing of these is told to the world, and none of them is in a figure.
    REHEARSED = (Mode.TEST, Mode.DRILL)

    class Share(models.TextChoices):
        """How much of the users or requests is hit: a bucket, never a name."""

        UNKNOWN = "", "Not known yet"
        NONE = "none", "None"
        BELOW_1 = "below_1", "Below 1 %"
        BELOW_10 = "below_10", "1 to 10 %"
        BELOW_50 = "below_50", "10 to 50 %"
        ABOVE_50 = "above_50", "Above 50 %"
        ALL = "all", "All"

    number = models.PositiveIntegerField(unique=True, editable=False)
    title = GuardedTextField(max_length=160)
    summary = GuardedTextField("what is seen", blank=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="incidents")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.WEB)
    nature = models.CharField(max_length=8, choices=Nature.choices, default=Nature.STANDARD)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.STANDARD)
    severity_initial = models.CharField(max_length=5, choices=Severity.choices)
    severity_peak = models.CharField(max_length=5, choices=Severity.choices)
    severity = models.CharField(max_length=5, choices=Severity.choices)
    # False while only a check has spoken: the severity is a proposal until a person confirms it.
    severity_confirmed = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.INVESTIGATING)
    declared_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    impact_started_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    mitigated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    scope: models.ManyToManyField[ScopeArea, models.Model] = models.ManyToManyField(
        "ScopeArea", related_name="incidents", blank=True
    )
    affected_share = models.CharField(max_length=12, choices=Share.choices, default=Share.UNKNOWN, blank=True)
    affected_versions = models.CharField(max_length=120, blank=True)
    channel_url = models.URLField("chat channel", max_length=300, blank=True)
    # Set when it was merged: everything goes on in the other room, both histories stay.
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    # Moves with every change of the room; what a poll compares.
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Incident]] = IncidentQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by Now and the navigation: what is open, worst first.
            models.Index(
                fields=["severity", "-number"], name="incident_open", condition=~models.Q(status=Status.RESOLVED)
            ),
            # Read by the ownership matrix and domain lists.
            models.Index(fields=["domain", "-number"], name="incident_domain"),
            # Read by the search and the list's filter: words of title and summary.
            GinIndex(vectors.HEAD, name="incident_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:room", args=[self.number])

    @property
    def label(self) -> str:
        return f"INC-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status != Status.RESOLVED

    @property
    def is_closed(self) -> bool:
        """Resolved is not closed: the checklist, the proof and the report come in between."""
        return self.closed_at is not None

    @property
    def may_reopen(self) -> bool:
        """What was over before it was written down never runs again; a new one is declared, linked to it."""
        return self.mode != self.Mode.RETROSPECTIVE

    @property
    def stands(self) -> str:
        """The status, or closed once it is."""
        return "closed" if self.is_closed else self.status

    @property
    def counts_as(self) -> str:
        """The severity that says what has to be done: how bad it is, and how bad it was once it is over."""
        return self.severity if self.is_open else self.severity_peak

    @property
    def may_be_public(self) -> bool:
        """Security incidents, tests and drills are never told to the world."""
        return self.nature == self.Nature.STANDARD and self.mode not in self.REHEARSED

    @property
    def has_public_clocks(self) -> bool:
        """Whether a word to readers is owed: in a drill it is rehearsed, on a page of its own."""
        return self.may_be_public or self.is_drill

    @property
    def is_drill(self) -> bool:
        return self.mode == self.Mode.DRILL

    @property
    def warning(self) -> str:
        """What stands before its name wherever it is told: "DRILL: ", "Test: "; else empty."""
        return WARNINGS.get(Incident.Mode(self.mode), "")

    @property
    def mark(self) -> str:
        """What it is when it is no usual incident, in words for a badge: "Security", "Test"; else empty."""
        return MARKS[self.mode, self.nature]


_OF_MODE = {
    Incident.Mode.STANDARD: "",
    Incident.Mode.RETROSPECTIVE: "Written later",
    Incident.Mode.TEST: "Test",
    Incident.Mode.DRILL: "Drill",
}
WARNINGS = {
    Incident.Mode.TEST: "Test: ",
    Incident.Mode.DRILL: "DRILL: ",
    Incident.Mode.RETROSPECTIVE: "Written later: ",
}
_OF_NATURE = {Incident.Nature.STANDARD: "", Incident.Nature.SECURITY: "Security"}
MARKS: dict[tuple[str, str], str] = {
    (mode, nature): ", ".join(filter(None, (a, b))).capitalize()
    for mode, b in _OF_MODE.items()
    for nature, a in _OF_NATURE.items()
}


class TimelineEvent(models.Model):
    """One fact of an incident, never changed (trigger in migration 0002). A correction is a new row.

    Free text lies in `TimelineText`; the event keeps its salted SHA-256, so that a redaction leaves proof.
    """

    class Source(models.TextChoices):
        WEB = "web", "Web"
        API = "api", "API"
        CHECK = "check", "Check"
        ALERT = "alert", "Alert"
        SYSTEM = "system", "Portal"
        HOST = "host", "The host"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline", db_index=False)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.WEB)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    old = models.CharField(max_length=160, blank=True)
    new = models.CharField(max_length=160, blank=True)
    text_digest = models.CharField(max_length=64, blank=True)
    # The event that this one corrects or whose words it removes.
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    # Of a decision: when to look whether it worked.
    check_back_at = models.DateTimeField(null=True)
    # What a machine's word is about: `check:api-health`, `alert:12`, `change:7`; the room makes a link of it.
    about = models.CharField(max_length=160, blank=True)

    class Meta:
        indexes = [
            # Read by the room: one incident's facts in order.
            models.Index(fields=["incident", "-recorded_at", "-id"], name="timeline_room"),
            # Read by the API: one incident's facts as they came in.
            models.Index(fields=["incident", "id"], name="timeline_arrival"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.incident_id}"


class TimelineText(models.Model):
    """The words of an event, apart from it, so that they can be removed without touching the event.

    Never changed, and deleted only once a `redaction` of the event stands on the timeline (trigger in migration 0010).
    """

    event = models.OneToOneField(TimelineEvent, primary_key=True, on_delete=models.PROTECT, related_name="text")
    salt = models.CharField(max_length=32)
    body = GuardedTextField()

    class Meta:
        # Read by the search and the list's filter: words of timelines.
        indexes = [GinIndex(vectors.BODY, name="timeline_words", fastupdate=False)]

    def __str__(self) -> str:
        return f"text of event {self.event_id}"


class Reaction(models.Model):
    """That the rooms above still have to react to an event: the row behind the wake-up call `incidents.react`."""

    event = models.OneToOneField(TimelineEvent, primary_key=True, on_delete=models.CASCADE, related_name="reaction")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # When the sweep woke a worker for it last.
    offered_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Read by the sweep: events nobody reacted to yet.
            models.Index(fields=["created_at"], name="reaction_open", condition=models.Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"reaction to event {self.event_id}"


class ChecklistStep(models.Model):
    """One step of the incident's own copy of the checklist; later edits of the template do not touch it."""

    class Phase(models.TextChoices):
        TRIAGE = "triage", "Triage"
        STABILIZE = "stabilize", "Stabilize"
        DIAGNOSE = "diagnose", "Diagnose"
        RECOVER = "recover", "Recover"
        POST_INCIDENT = "post_incident", "Post-Incident"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="checklist")
    phase = models.CharField(max_length=16, choices=Phase.choices)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    link = models.CharField(max_length=300, blank=True)
    command = models.CharField(max_length=200, blank=True)
    # The mildest severity for which it is mandatory, copied from the template; empty: never.
    mandatory_from = models.CharField(max_length=5, choices=Severity.choices, blank=True)
    ticked_at = models.DateTimeField(null=True)
    ticked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # Not applicable, with its reason; taken back by ticking.
    skipped_at = models.DateTimeField(null=True)
    skipped_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    skip_reason = GuardedTextField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "position"], name="checklist_one_place")]

    def __str__(self) -> str:
        return self.text

    @property
    def is_settled(self) -> bool:
        """Ticked, or said not to apply."""
        return self.ticked_at is not None or self.skipped_at is not None

    @property
    def is_mandatory(self) -> bool:
        """Whether the incident cannot be closed without it, as bad as it is now. Tests and what is over bind nobody."""
        return self.binds(self.mandatory_from, self.incident)

    @staticmethod
    def binds(mandatory_from: str, incident: Incident) -> bool:
        """Whether a step that is mandatory from there on is so for this incident."""
        if not mandatory_from or incident.mode != Incident.Mode.STANDARD:
            return False
        return Severity(incident.counts_as).is_at_least(mandatory_from)


class Seat(models.Model):
    """One role of an incident: who holds it, and to whom it is offered. A role nobody ever held has no row.

    Every change is a timeline event of kind `role`; its old and new are this row in words, which are a contract:
    `scribe` is free, `scribe ann` is held, `scribe ann > bob` is offered to bob as well.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="seats")
    role = models.CharField(max_length=16, choices=IncidentRole.choices)
    holder = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    offered_to = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    offered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "role"], name="seat_one_holder")]

    def __str__(self) -> str:
        held = f"{self.role} {self.holder}" if self.holder else self.role
        return f"{held} > {self.offered_to}" if self.offered_to else held

    @property
    def title(self) -> IncidentRole:
        return IncidentRole(self.role)


class ChecklistTemplateStep(models.Model):
    """One step of the checklist that new incidents get a copy of, edited in the portal."""

    phase = models.CharField(max_length=16, choices=ChecklistStep.Phase.choices)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    link = models.CharField(max_length=300, blank=True)
    command = models.CharField(max_length=200, blank=True)
    # The mildest severity for which it is mandatory: SEV-3 means always; empty: never.
    mandatory_from = models.CharField(max_length=5, choices=Severity.choices, blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.text


class SeverityPolicy(models.Model):
    """The periods of one severity, edited in the portal. Empty means that nothing is owed."""

    severity = models.CharField(max_length=5, choices=Severity.choices, primary_key=True)
    acknowledge_minutes = models.PositiveSmallIntegerField(default=0)
    first_public_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    public_every_minutes = models.PositiveSmallIntegerField(default=60)
    verification_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    postmortem_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    remind_before_minutes = models.PositiveSmallIntegerField(default=5)
    backup_after_minutes = models.PositiveSmallIntegerField(default=5)

    def __str__(self) -> str:
        return f"policy of {self.severity}"


class ScopeArea(models.Model):
    """What can be hit: API, ingest, auth, DB and the like, a list that admins edit."""

    name = models.CharField(max_length=40, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_offered = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class IncidentLink(models.Model):
    """Two incidents that have to do with each other."""

    class Relation(models.TextChoices):
        RELATED = "related", "is related to"
        FOLLOWS = "follows", "follows from"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="linked_from")
    relation = models.CharField(max_length=8, choices=Relation.choices)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "other"], name="incident_link_once"),
            models.CheckConstraint(condition=~models.Q(incident=models.F("other")), name="incident_link_two"),
        ]

    def __str__(self) -> str:
        return f"INC-{self.incident_id} {self.relation} INC-{self.other_id}"


class Pin(models.Model):
    """An event that stands on top of the timeline for everybody."""

    event = models.OneToOneField(TimelineEvent, primary_key=True, on_delete=models.CASCADE, related_name="pin")
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="+"
    )  # read by the first page of a room
    pinned_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pin of event {self.event_id}"


class Watcher(models.Model):
    """Somebody who is told of an incident's turns without a part in it."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="watchers")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="watcher_once")]

    def __str__(self) -> str:
        return f"{self.person} watches {self.incident_id}"
