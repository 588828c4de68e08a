"""What an incident left to do, so that the next one is not the same."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.urls import reverse

from incidents.follow_ups.states import State, Type
from incidents.ownership.models import Domain, handle_validator
from incidents.response.models import Incident
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField
from opsportal.roles import Role


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Filters over follow-ups."""

    def overdue(self, on: date) -> FollowUpQuerySet:
        """Not done by its day, or done and not tried again by the day that was promised."""
        return self.filter(models.Q(state=State.OPEN, due_on__lt=on) | models.Q(state=State.DONE, retest_on__lt=on))

    def visible_to(self, person: User) -> FollowUpQuerySet:
        """Viewers do not see what security incidents are about."""
        return self if person.has_role(Role.RESPONDER) else self.exclude(incident__nature=Incident.Nature.SECURITY)

    def unfinished(self) -> FollowUpQuerySet:
        """To be done, or done and still to be tried again."""
        return self.filter(models.Q(state=State.OPEN) | models.Q(state=State.DONE, retest_on__isnull=False))

    def for_domain(self, domain: Domain) -> FollowUpQuerySet:
        return self.filter(incident__domain=domain)

    def with_incident(self) -> FollowUpQuerySet:
        return self.select_related("incident__domain")

    def soonest_first(self) -> FollowUpQuerySet:
        """By the day on which something has to happen next: the deed, or once it is done its re-test."""
        tried = models.When(state=State.DONE, retest_on__isnull=False, then="retest_on")
        return self.order_by(models.Case(tried, default="due_on"), "id")


class FollowUp(models.Model):
    """One action with an owner and a day. People call it FU-12."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="follow_ups")
    title = GuardedTextField(max_length=200)
    type = models.CharField(max_length=16, choices=Type.choices)
    owner = models.CharField(max_length=64, validators=[handle_validator])
    due_on = models.DateField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    proof = GuardedTextField("proof", blank=True)
    retest_on = models.DateField(null=True)
    # Why it was dropped, or opened again.
    reason = GuardedTextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    # Moves with every change: two people at the same one are told apart.
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[FollowUp]] = FollowUpQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the list, the rooms and the weekly review: what is not finished.
            models.Index(
                fields=["due_on"], name="follow_up_due", condition=models.Q(state__in=[State.OPEN, State.DONE])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:follow_up", args=[self.pk])

    @property
    def label(self) -> str:
        return f"FU-{self.pk}"
