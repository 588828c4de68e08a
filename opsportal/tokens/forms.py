"""Forms of the Tokens screen."""

from datetime import timedelta
from typing import Any

from django import forms

from opsportal.models import User
from opsportal.privacy.forms import GuardedForm
from opsportal.tokens import scopes

LIFETIMES = {"7": "7 days", "30": "30 days", "90": "90 days", "180": "180 days", "365": "a year"}
OVERLAPS = {"0": "at once", "1": "in an hour", "24": "in 24 hours", "168": "in 7 days"}


class TokenForm(GuardedForm):
    """A token to make."""

    name = forms.CharField(
        max_length=64,
        label="Name",
        help_text="What will use it, such as deploy-pipeline.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="May do", widget=forms.CheckboxSelectMultiple, error_messages={"required": "Choose at least one scope."}
    )
    days = forms.ChoiceField(label="Ends after", choices=tuple(LIFETIMES.items()), initial="90")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(scope.name, scope.words) for scope in scopes.within(user.role)]

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["days"]))


class RotateForm(forms.Form):
    """When the old token ends."""

    hours = forms.ChoiceField(label="The old one ends", choices=tuple(OVERLAPS.items()), initial="24")

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["hours"]))
