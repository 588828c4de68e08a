"""What readers outside see: components, public incidents and their updates."""

from __future__ import annotations

import secrets
import string
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from incidents.ownership.models import Domain
from incidents.response.models import Incident
from incidents.response.states import Status
from incidents.statuspage.content import Appearance, Link
from incidents.statuspage.language import LANGUAGES
from incidents.statuspage.rollup import UNSEEN
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField

_ALPHABET = string.ascii_lowercase + string.digits


def public_id() -> str:
    """Twelve characters of a-z and 0-9, as the public contract has them; not guessable from the incident's number."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


class ComponentStatus(models.TextChoices):
    """The five words of the public contract."""

    OPERATIONAL = "operational", "Operational"
    DEGRADED = "degraded_performance", "Degraded performance"
    PARTIAL = "partial_outage", "Partial outage"
    MAJOR = "major_outage", "Major outage"
    MAINTENANCE = "under_maintenance", "Under maintenance"


# Said once an incident is over: what was learned. Readers' programs know the word from the public contract.
POSTMORTEM = "postmortem"
PUBLIC_STATUSES = [*Status.choices, (POSTMORTEM, "Post-mortem")]
# After these words nothing more is promised.
LAST_WORDS = (Status.RESOLVED, POSTMORTEM)


class Page(models.Model):
    """The one status page: its public id, name and address never change by themselves."""

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    name = models.CharField(max_length=80, default="Opsportal")
    time_zone = models.CharField(max_length=64, default="Etc/UTC")
    # A second publisher looks at every update before it goes out.
    needs_approval = models.BooleanField(default=False)
    # Empty: the colours that the stylesheet comes with.
    accent_light = models.CharField(max_length=7, blank=True)
    accent_dark = models.CharField(max_length=7, blank=True)
    # Base64 of a picture that incidents/statuspage/logo.py has cleaned.
    logo = models.TextField(blank=True)
    logo_type = models.CharField(max_length=16, blank=True)
    # [{"label", "address", "place"}]
    links = models.JSONField(default=list, blank=True)
    footer = GuardedTextField(max_length=300, blank=True)
    language = models.CharField(max_length=8, choices=list(LANGUAGES.items()), default="en")

    def __str__(self) -> str:
        return self.name

    @property
    def appearance(self) -> Appearance:
        """As the pages are built with it."""
        links = tuple(Link(**one) for one in self.links)
        picture = (self.logo, self.logo_type)
        return Appearance(self.accent_light, self.accent_dark, *picture, links, self.footer, self.language)


class PhaseText(models.Model):
    """The ready words of one phase. `{components}` stands for the names readers know."""

    status = models.CharField(max_length=16, choices=Status.choices, unique=True)
    text = GuardedTextField(max_length=2_000)
    updated_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.get_status_display()


class ComponentQuerySet(models.QuerySet["Component"]):
    """Filters over components."""

    def in_order(self) -> ComponentQuerySet:
        """Groups in their order, then places in the group."""
        return self.order_by(*Component.ORDER)

    def in_use(self) -> ComponentQuerySet:
        """Without those that went away; these keep their history."""
        return self.filter(retired_at=None)

    def held(self) -> ComponentQuerySet:
        """Whose status belongs to the people of an open public incident."""
        is_open = {"public_incidents__first_published_at__isnull": False, "public_incidents__resolved_at": None}
        return self.filter(**is_open).distinct()


class Component(models.Model):
    """A part of the service as readers know it, owned by a domain. Uptime counts from `start_date`."""

    ORDER: ClassVar = ("group_position", "group_name", "position", "name")

    class Follows(models.TextChoices):
        """What the checks linked to it may do with its status."""

        NOTHING = "nothing", "Checks do not count"
        PROPOSAL = "propose", "Checks propose, a person decides"
        CHECKS = "set", "Checks set the status"

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=200, blank=True)
    group_name = models.CharField("group", max_length=80, blank=True)
    # The same for all of one group.
    group_position = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="components")
    status = models.CharField(max_length=24, choices=ComponentStatus.choices, default=ComponentStatus.OPERATIONAL)
    start_date = models.DateField(default=timezone.localdate)
    only_show_if_degraded = models.BooleanField("show only if degraded", default=False)
    follows = models.CharField(max_length=8, choices=Follows.choices, default=Follows.NOTHING)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Component]] = ComponentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Observation(models.Model):
    """What the linked checks said last. A row apart, since it is written with every run of theirs.

    `as_of` is the age of the result that decides it; after `fresh_until` it says nothing about now. `heeded` is the
    word that was last put on the page or declined by a person: only another one is news.
    """

    component = models.OneToOneField(Component, on_delete=models.CASCADE, related_name="observation")
    status = models.CharField(max_length=24, choices=ComponentStatus.choices)
    since = models.DateTimeField()
    as_of = models.DateTimeField()
    fresh_until = models.DateTimeField()
    heeded = models.CharField(max_length=24, choices=ComponentStatus.choices, blank=True)

    def __str__(self) -> str:
        return f"{self.component_id} {self.status}"


class ComponentInterval(models.Model):
    """A component's status over a stretch of time; day bars are built from these. The open one has no end.

    "Unknown" is a stretch in which its checks were silent: no part of what was observed.
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="intervals")
    status = models.CharField(max_length=24, choices=[*ComponentStatus.choices, (UNSEEN, "Unknown")])
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["component"], condition=models.Q(ended_at=None), name="interval_one_open"),
        ]
        indexes = [
            # Read by the snapshot: the last ninety days of every component.
            models.Index(fields=["started_at"], name="interval_started"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.status}"


class DayRecordQuerySet(models.QuerySet["DayRecord"]):
    """Filters over the record of days."""

    def as_it_stands(self) -> DayRecordQuerySet:
        """The newest word on each day of each component."""
        return self.order_by("component", "on", "-revision").distinct("component", "on")


class DayRecord(models.Model):
    """One UTC day of a component, written down when it was over. Rows are only added: a correction is a row of its own.

    `seconds` maps each status to how long it held; a time without a status is in none of them.
    """

    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="day_records")
    on = models.DateField()
    revision = models.PositiveSmallIntegerField(default=0)
    worst = models.CharField(max_length=24, choices=ComponentStatus.choices)
    seconds = models.JSONField()
    reason = GuardedTextField(max_length=300, blank=True)
    written_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    objects: ClassVar[models.Manager[DayRecord]] = DayRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["component", "on", "revision"], name="day_record_once"),
        ]
        indexes = [
            # Read by the snapshot: the last ninety days of every component.
            models.Index(fields=["on"], name="day_record_on"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.on}: {self.worst}"


class PublicIncidentQuerySet(models.QuerySet["PublicIncident"]):
    """Filters over public incidents."""

    def published(self) -> PublicIncidentQuerySet:
        return self.exclude(first_published_at=None)


class PublicIncident(models.Model):
    """The public side of an incident: its own title and id. Without a published update no reader knows of it."""

    class Impact(models.TextChoices):
        NONE = "none", "None"
        MINOR = "minor", "Minor"
        MAJOR = "major", "Major"
        CRITICAL = "critical", "Critical"

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="public")
    name = GuardedTextField("public title", max_length=160)
    status = models.CharField(max_length=16, choices=PUBLIC_STATUSES, default=Status.INVESTIGATING)
    impact = models.CharField(max_length=8, choices=Impact.choices, default=Impact.NONE)
    components = models.ManyToManyField(Component, blank=True, related_name="public_incidents")
    created_at = models.DateTimeField(default=timezone.now)
    first_published_at = models.DateTimeField(null=True)
    # Of what was opened on the host: the number that the feeds gave it before it was a row.
    feed_number = models.PositiveBigIntegerField(null=True)
    # Of what was published when it was over: its true beginning, and when it was written.
    began_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)
    monitoring_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[PublicIncident]] = PublicIncidentQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the snapshot: newest public incidents.
            models.Index(fields=["-first_published_at"], name="public_incident_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class StatusUpdate(models.Model):
    """One public message: a draft until somebody publishes it. Afterwards it is corrected in the open, or removed."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"
        REMOVED = "removed", "Removed"

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    public_incident = models.ForeignKey(PublicIncident, on_delete=models.PROTECT, related_name="updates")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    status = models.CharField(max_length=16, choices=PUBLIC_STATUSES)
    body = GuardedTextField()
    next_update_at = models.DateTimeField(null=True, blank=True)
    # [{"code", "name", "old_status", "new_status"}] as the public contract has it, fixed when published.
    affected_components = models.JSONField(default=list, blank=True)
    # Whether subscribers get a message about it; the page and the feeds always have it.
    notify = models.BooleanField(default=True)
    drafted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    corrected_at = models.DateTimeField(null=True)
    # What a second person approved: it counts as long as the draft's fingerprint is this one.
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_print = models.CharField(max_length=16, blank=True)
    # Why it went out without the approval that was asked for.
    bypass_reason = GuardedTextField(max_length=500, blank=True)
    removed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removal_reason = GuardedTextField(max_length=500, blank=True)

    class Meta:
        constraints = [
            # One draft waits at a time: two people edit the same one instead of publishing two.
            models.UniqueConstraint(
                fields=["public_incident"], condition=models.Q(state="draft"), name="update_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} update of {self.public_incident_id}"

    @property
    def outbox_event(self) -> str:
        """The event of every message in the outbox that carries its words: removing it takes back what waits there."""
        return f"status_update:{self.public_id}"


class EarlierWording(models.Model):
    """What an update said before a correction: readers saw it, so operators can read it."""

    update = models.ForeignKey(StatusUpdate, on_delete=models.CASCADE, related_name="earlier")
    body = GuardedTextField()
    corrected_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    corrected_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"before {self.corrected_at:%Y-%m-%d %H:%M}"
