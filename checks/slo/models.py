"""What is promised: one row an objective, about a check, a part of the public page or a whole domain."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from checks.catalogue.models import Check
from incidents.models import Component, Domain
from incidents.ownership.models import handle_validator
from opsportal.privacy.fields import GuardedTextField


class Indicator(models.TextChoices):
    """What makes a run good."""

    AVAILABILITY = "availability", "Availability"
    LATENCY = "latency", "Latency"


class Days(models.IntegerChoices):
    """How long the period of a budget is."""

    FOUR_WEEKS = 28, "28 days"
    MONTH = 30, "30 days"


class ObjectiveQuerySet(models.QuerySet["Objective"]):
    """Filters over objectives."""

    def in_use(self) -> ObjectiveQuerySet:
        return self.filter(archived_at=None)

    def gating(self) -> ObjectiveQuerySet:
        """Those whose spent budget freezes changes."""
        return self.in_use().filter(freezes_changes=True)

    def with_subject(self) -> ObjectiveQuerySet:
        return self.select_related("check_ref", "component", "domain")


class Objective(models.Model):
    """So many per cent of the runs are good in each period. `domain` owns it, and is what it is about without more."""

    key = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    indicator = models.CharField(max_length=16, choices=Indicator.choices, default=Indicator.AVAILABILITY)
    # Of latency alone: an answer within this time is good.
    threshold_ms = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(120_000)]
    )
    target = models.DecimalField(
        max_digits=6,
        decimal_places=3,
        validators=[MinValueValidator(Decimal(50)), MaxValueValidator(Decimal("99.999"))],
    )
    days = models.PositiveSmallIntegerField(choices=Days.choices, default=Days.FOUR_WEEKS)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="objectives")
    check_ref = models.ForeignKey(Check, null=True, blank=True, on_delete=models.CASCADE, related_name="objectives")
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.CASCADE, related_name="objectives")
    owner = models.CharField(max_length=64, validators=[handle_validator])
    # What is done when the budget runs low, and when it is spent.
    policy = GuardedTextField(max_length=1_000)
    freezes_changes = models.BooleanField(default=True)
    # Moves with every edit: two people at the same one are told apart.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Objective]] = ObjectiveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(check_ref=None) | models.Q(component=None), name="objective_one_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(indicator="availability", threshold_ms=None)
                | models.Q(indicator="latency", threshold_ms__isnull=False),
                name="objective_threshold",
            ),
            models.CheckConstraint(condition=models.Q(days__in=list(Days)), name="objective_days"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("checks:objective", args=[self.key])

    @property
    def subject(self) -> str:
        """What it is about, as people read it."""
        if self.check_ref is not None:
            return f"Check {self.check_ref.name}"
        return f"Component {self.component.name}" if self.component is not None else f"Domain {self.domain.name}"

    @property
    def percent(self) -> float:
        return float(self.target)

    @property
    def promise(self) -> str:
        """99.9 % of the runs pass, or answer within 400 ms."""
        good = f"answer within {self.threshold_ms} ms" if self.threshold_ms else "pass"
        return f"{self.said} {good}"

    @property
    def said(self) -> str:
        """99.9 %, without zeros that say nothing."""
        return f"{self.target.normalize():f} %"

    def alert_key(self, what: str) -> str:
        """Under which its alerts come: slo:checkout:page."""
        return f"slo:{self.key}:{what}"
