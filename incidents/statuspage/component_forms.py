"""Is what a person says of a component well formed?"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from incidents.statuspage.components import Part
from incidents.statuspage.models import Component, ComponentStatus
from opsportal.moments import EARLIEST, LATEST
from opsportal.privacy.forms import GuardedForm


class ComponentStatusForm(forms.Form):
    """How one component stands."""

    status = forms.ChoiceField(choices=ComponentStatus.choices)


class ProposalForm(ComponentStatusForm):
    """What to do with what the checks say; the status is the one that was on the screen."""

    answer = forms.ChoiceField(choices=[("accept", "Publish"), ("dismiss", "Dismiss")])


class ComponentForm(GuardedForm, forms.ModelForm[Component]):
    """A component's words and rules. It only checks; the action saves."""

    is_public = True

    class Meta:
        model = Component
        fields = ("name", "description", "group_name", "domain", "start_date", "follows", "only_show_if_degraded")
        labels = {"domain": "Owning domain", "start_date": "Start date", "follows": "Linked checks"}
        help_texts = {
            "name": "As readers know it.",
            "description": "One line below the name.",
            "group_name": "Components with the same group stand together; leave it empty for none.",
            "start_date": "Uptime counts from this day.",
            "follows": "Which checks is said on each check. A person's open incident always goes before them.",
        }
        error_messages = {
            "name": {"unique": "There is a component of this name already; it may be a retired one."},
            "start_date": {"invalid": "Write a day, such as 2026-01-31."},
        }
        widgets = {"start_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["only_show_if_degraded"].label = "Show on the page only while it is not operational"

    def clean_start_date(self) -> date:
        """In the years of every other time here."""
        found: date = self.cleaned_data["start_date"]
        if not EARLIEST.date() <= found < LATEST.date():
            raise ValidationError("Look at the year: a day here lies between 2000 and 2199.", code="year")
        return found

    @property
    def part(self) -> Part:
        return Part(**self.cleaned_data)
