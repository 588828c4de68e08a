"""Forms of the facts: the impact, a corrected time, the channel, an area of the list."""

from typing import Any

from django import forms

from incidents.response import channel
from incidents.response.impact import Impact
from incidents.response.models import Incident, ScopeArea
from opsportal.moments import MomentField
from opsportal.privacy.forms import GuardedForm


class ImpactForm(GuardedForm):
    """What is hit, how much, and which versions."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    scope = forms.ModelMultipleChoiceField(
        label="Affected areas", queryset=ScopeArea.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    share = forms.ChoiceField(
        label="How much of it", choices=Incident.Share.choices, required=False, help_text="A bucket, never a name."
    )
    versions = forms.CharField(
        label="Affected versions", required=False, max_length=120, help_text="Such as 4.2.0 to 4.2.3."
    )

    unguarded = ("seen",)

    def __init__(self, incident: Incident, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.fields["scope"]
        assert isinstance(scope, forms.ModelMultipleChoiceField)
        # What was chosen before it was retired can stay.
        scope.queryset = (
            (ScopeArea.objects.filter(is_offered=True) | incident.scope.all()).distinct().order_by("position")
        )

    @classmethod
    def showing(cls, incident: Incident, impact: Impact) -> "ImpactForm":
        initial = {
            "scope": [one.pk for one in incident.scope.all()],
            "share": impact.share,
            "versions": impact.versions,
            "seen": impact.mark,
        }
        return cls(incident, initial=initial)


class TimeForm(GuardedForm):
    """The right time and why the other one was wrong."""

    to = MomentField(label="The right time (UTC)", error_messages={"required": "Say which time."})
    reason = forms.CharField(
        label="Why",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why the time is another one."},
    )


class ChannelForm(GuardedForm):
    """Where people talk about it."""

    url = forms.URLField(
        label="Chat channel",
        required=False,
        max_length=channel.LONGEST,
        assume_scheme="https",
        help_text="The channel's link, https alone. Empty takes it away.",
        error_messages={"invalid": "Paste the channel's link as it stands in the browser: https://…"},
    )


class AreaForm(GuardedForm):
    """One more area."""

    name = forms.CharField(label="Name", max_length=40, error_messages={"required": "Name the area."})
