"""What an incident taught: the report, and its lines of time."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from incidents.postmortems import fields, vectors
from incidents.postmortems.states import State
from incidents.response.models import Incident, TimelineEvent
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField
from opsportal.roles import Role


class PostmortemQuerySet(models.QuerySet["Postmortem"]):
    """Filters over reports."""

    def with_incident(self) -> PostmortemQuerySet:
        return self.select_related("incident__domain", "saved_by", "asked_by", "reviewed_by")

    def visible_to(self, person: User) -> PostmortemQuerySet:
        """Viewers do not see what security incidents are about."""
        return self if person.has_role(Role.RESPONDER) else self.exclude(incident__nature=Incident.Nature.SECURITY)

    def with_lines(self) -> PostmortemQuerySet:
        """Adds `has_lines`, which the meter needs."""
        lines = PostmortemLine.objects.filter(postmortem=models.OuterRef("pk"))
        return self.annotate(has_lines=models.Exists(lines))  # type: ignore[no-redef]  # its type stands in the model


class Postmortem(models.Model):
    """The report of one incident. It stays with the team; only `public_summary` is ever offered to readers outside."""

    has_lines: bool  # only after with_lines()

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="postmortem")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    summary = GuardedTextField(blank=True)
    root_cause = GuardedTextField(blank=True)
    mitigation = GuardedTextField(blank=True)
    prevention = GuardedTextField(blank=True)
    went_well = GuardedTextField(blank=True)
    went_lucky = GuardedTextField(blank=True)
    went_badly = GuardedTextField(blank=True)
    public_summary = GuardedTextField(blank=True)
    # Moves with every change of text, lines or state.
    version = models.PositiveIntegerField(default=1)
    # Everybody who wrote in it: none of them can be its second reader.
    authors = models.ManyToManyField(User, related_name="+")
    drafted_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True)
    saved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Postmortem]] = PostmortemQuerySet.as_manager()

    class Meta:
        # Read by the search: words of reports.
        indexes = [GinIndex(vectors.REPORT, name="postmortem_words", fastupdate=False)]

    def __str__(self) -> str:
        return f"post-mortem of {self.incident_id}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:postmortem", args=[self.incident.number])

    def text_of(self, name: str) -> str:
        """The text of a field by its name."""
        return str(getattr(self, name))

    @property
    def marks(self) -> dict[str, str]:
        """The mark of each text as it is stored: what a browser keeps of it."""
        return {one.name: fields.mark(self.text_of(one.name)) for one in fields.TEXTS}

    def meter(self, *, has_lines: bool) -> fields.Meter:
        return fields.meter(self.text_of, has_lines=has_lines)


class PostmortemLine(models.Model):
    """One line of the report's timeline: an event of the incident, or something from memory.

    A line with an event keeps no words: it shows the event's own, so that a redaction there counts here too.
    """

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="lines")
    event = models.ForeignKey(TimelineEvent, null=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    body = GuardedTextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "event"], name="postmortem_line_once"),
            models.CheckConstraint(
                condition=models.Q(models.Q(body=""), event__isnull=False) | models.Q(~models.Q(body=""), event=None),
                name="postmortem_line_event_or_memory",
            ),
        ]

    def __str__(self) -> str:
        return f"line of {self.postmortem_id}"
