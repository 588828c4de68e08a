"""The form that opens a room: three things, and the rest behind one more tap."""

from typing import Any

from django import forms
from django.urls import reverse_lazy

from incidents.ownership.models import Domain
from incidents.response import channel, policy
from incidents.response.models import Incident
from incidents.response.past import Past
from incidents.response.states import Severity
from opsportal.errors import Refused
from opsportal.moments import MomentField
from opsportal.privacy.forms import GuardedForm

Mode, Nature = Incident.Mode, Incident.Nature
_LATER = ("impact_started_at", "detected_at", "resolved_at")


def _moment(label: str, help_text: str = "") -> MomentField:
    return MomentField(label=label, required=False, help_text=help_text)


class DeclareForm(GuardedForm):
    """Title, severity, domain; everything else may follow later."""

    title = forms.CharField(
        label="Title",
        max_length=160,
        help_text="What is broken, for whom. Staff see this at once.",
        error_messages={"required": "Give the incident a title."},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "enterkeyhint": "done",
                "hx-get": reverse_lazy("incidents:declare"),
                "hx-trigger": "input delay:300ms",
                "hx-target": "#alike",
                "hx-swap": "outerMorph",
            }
        ),
    )
    severity = forms.ChoiceField(
        label="Severity", choices=Severity.choices, error_messages={"required": "Choose a severity."}
    )
    domain = forms.ModelChoiceField(
        label="Domain",
        queryset=Domain.objects.none(),
        to_field_name="slug",
        empty_label=None,
        help_text="Who owns the affected part. Its on-call people are told.",
        error_messages={"required": "Choose a domain.", "invalid_choice": "There is no such domain. Choose one."},
    )
    summary = forms.CharField(
        label="What do you see?",
        required=False,
        max_length=20_000,
        help_text="Symptoms and numbers. Paste totals, not rows or personal data.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    nature = forms.ChoiceField(
        label="Nature",
        required=False,
        choices=Nature.choices,
        help_text="Security incidents are hidden from viewers and never go to the status page.",
    )
    mode = forms.ChoiceField(
        label="When",
        required=False,
        # A drill is no declaration: its room is opened by its own alert.
        choices=[one for one in Mode.choices if one[0] != Mode.DRILL],
        help_text="What is over, and tests, are left out of every figure. A test is never public.",
    )
    impact_started_at = _moment("It began at (UTC)")
    detected_at = _moment("Noticed at (UTC)", "Left empty: when it began.")
    resolved_at = _moment("It was over at (UTC)")
    channel_url = forms.URLField(
        label="Chat channel",
        required=False,
        max_length=channel.LONGEST,
        assume_scheme="https",
        help_text="The link to where you talk about it.",
        error_messages={"invalid": "Paste the channel's link as it stands in the browser: https://…"},
    )

    more = ("summary", "nature", "mode", *_LATER, "channel_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        domain = self.fields["domain"]
        assert isinstance(domain, forms.ModelChoiceField)
        domain.queryset = Domain.objects.order_by("position", "name")

    def clean_channel_url(self) -> str:
        try:
            return channel.checked(self.cleaned_data["channel_url"])
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("mode") == Mode.RETROSPECTIVE:
            for name, sentence in (("impact_started_at", "Say when it began."), ("resolved_at", "Say when it ended.")):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, sentence)
        return cleaned

    @property
    def facts(self) -> dict[str, Any]:
        """What the action is told: times only of what is over."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in _LATER}
        given["nature"], given["mode"] = given["nature"] or Nature.STANDARD, given["mode"] or Mode.STANDARD
        return given | {"past": self._past} if given["mode"] == Mode.RETROSPECTIVE else given

    @property
    def _past(self) -> Past:
        began, noticed, over = (self.cleaned_data[name] for name in _LATER)
        return Past(began, noticed or began, over)

    @property
    def is_open(self) -> bool:
        """Whether what stands behind More is shown at once: something is written or wrong there."""
        usual = {"", Mode.STANDARD, Nature.STANDARD}
        return any(self[name].errors or (self[name].value() or "") not in usual for name in self.more)

    @property
    def times(self) -> list[forms.BoundField]:
        return [self[name] for name in _LATER]

    @property
    def chosen_severity(self) -> str:
        return str(self["severity"].value() or Severity.SEV2)

    @property
    def severities(self) -> list[tuple[Severity, policy.Policy]]:
        """The three cards."""
        return list(policy.every().items())
