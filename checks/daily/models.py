"""A signed day: the figures as they stood, what a person answered, and a word for the next one. Never changed again."""

from __future__ import annotations

from django.db import models

from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class DailySheet(models.Model):
    """One UTC day, signed once. `figures` are what the page showed: lines, the watchdog's word, counts."""

    on = models.DateField(unique=True)
    figures = models.JSONField()
    note = GuardedTextField(max_length=1_000, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class DailyAnswer(models.Model):
    """What a person said to one question. `line` is the slug of the sheet's line, `question` the words then."""

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        NOT_LOOKED = "not_looked", "Not looked"

    sheet = models.ForeignKey(DailySheet, on_delete=models.PROTECT, related_name="answers")
    line = models.CharField(max_length=16)
    question = models.CharField(max_length=200)
    answer = models.CharField(max_length=16, choices=Answer.choices)
    note = GuardedTextField(max_length=200, blank=True)

    class Meta:
        constraints = [
            # Read with its sheet; also what makes a question answered once.
            models.UniqueConstraint(fields=["sheet", "line"], name="daily_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.answer}"
