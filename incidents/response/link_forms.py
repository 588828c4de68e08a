"""Are the words well formed? Which other incident is meant, how it belongs here, and why."""

from typing import Any

from django import forms

from incidents.response.models import Incident, IncidentLink
from opsportal.models import User
from opsportal.privacy.forms import GuardedForm


def incident_meant(text: str, person: User) -> Incident | None:
    """INC-12, inc-12 and 12 are the same; None when there is no such incident that this person may see."""
    number = text.strip().upper().removeprefix("INC-")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    return Incident.objects.visible_to(person).filter(number=int(number)).first()


class OtherForm(GuardedForm):
    """Another incident by its number; the browser offers the ones that are likely."""

    other = forms.CharField(
        label="Incident",
        max_length=20,
        help_text="Its number, such as INC-12.",
        widget=forms.TextInput(attrs={"list": "known-incidents", "autocomplete": "off"}),
        error_messages={"required": "Say which incident."},
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_other(self) -> Incident:
        found = incident_meant(self.cleaned_data["other"], self.person)
        if found is None:
            raise forms.ValidationError("There is no incident of this number.")
        return found


class LinkForm(OtherForm):
    """How two incidents belong together."""

    relation = forms.ChoiceField(
        label="This incident",
        choices=IncidentLink.Relation.choices,
        initial=IncidentLink.Relation.RELATED,
        error_messages={"required": "Say how they belong together."},
    )
    field_order = ("relation", "other")


class MergeForm(OtherForm):
    """Where it goes on, and what makes them the same."""

    reason = forms.CharField(
        label="What makes them the same",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what makes them the same."},
    )


class SplitForm(GuardedForm):
    """Why two are two after all."""

    reason = forms.CharField(
        label="Why they are two after all",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why they are two after all."},
    )
