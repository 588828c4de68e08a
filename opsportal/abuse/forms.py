"""Forms of the abuse desk."""

from datetime import timedelta

from django import forms

from opsportal.abuse.actions import LEAST_REASON
from opsportal.privacy.forms import GuardedForm

LASTS = [("1", "1 hour"), ("24", "1 day"), ("168", "1 week"), ("720", "30 days")]


class BanForm(GuardedForm):
    """Whom, how long, why."""

    guarded = ("reason",)

    who = forms.RegexField(r"^[0-9a-f]{16}$", label="Stranger", error_messages={"invalid": "Choose one from the list."})
    hours = forms.ChoiceField(choices=LASTS, initial="24", label="For")
    reason = forms.CharField(min_length=LEAST_REASON, max_length=200, label="Why")

    @property
    def lasts(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["hours"]))


class UnbanForm(GuardedForm):
    """Why the ban is lifted."""

    guarded = ("reason",)

    reason = forms.CharField(min_length=LEAST_REASON, max_length=200, label="Why")
