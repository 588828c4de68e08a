"""Forms of destinations and of replays."""

from typing import Any

from django import forms

from opsportal.errors import Refused
from opsportal.outbox import destinations
from opsportal.outbox.models import Channel, Delivery
from opsportal.privacy.forms import GuardedForm

_MOST_AT_ONCE = 1000


class WriteOnlyInput(forms.TextInput):
    """What was typed does not come back, not even beside a mistake."""

    def format_value(self, value: Any) -> None:
        return None


class DestinationForm(GuardedForm):
    """A new destination. What is typed into address and token is never shown again."""

    unguarded = ("address", "token")

    name = forms.CharField(max_length=64, help_text="What people call it, such as Partner webhook.")
    channel = forms.ChoiceField(choices=Channel.choices)
    address = forms.CharField(
        max_length=2000,
        widget=WriteOnlyInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="An http(s) address, a mail address, or owner/repository. It is kept encrypted and not shown again.",
    )
    token = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="GitHub only: a token that may write issues. A webhook gets its signing secret from us.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "channel" in cleaned and "address" in cleaned:
            try:
                destinations.require_address(cleaned["channel"], cleaned["address"])
            except Refused as refusal:
                self.add_error("address", refusal.sentence)
        if cleaned.get("channel") == Channel.GITHUB and not cleaned.get("token"):
            self.add_error("token", "A repository needs a token that may write issues.")
        return cleaned


class BudgetForm(forms.Form):
    """How many messages a way may carry in a minute."""

    way = forms.CharField(max_length=40)
    per_minute = forms.IntegerField(min_value=1, max_value=100_000)


class WayForm(forms.Form):
    """One way out, by name."""

    way = forms.CharField(max_length=40)


class ChosenForm(forms.Form):
    """Messages ticked in a list."""

    chosen = forms.ModelMultipleChoiceField(queryset=Delivery.objects.all())

    def clean_chosen(self) -> list[int]:
        pks = [one.pk for one in self.cleaned_data["chosen"]]
        if len(pks) > _MOST_AT_ONCE:
            raise forms.ValidationError(f"Choose up to {_MOST_AT_ONCE} messages, or use replay_deliveries.")
        return pks
