"""Is it well formed? What readers ask, what admins bring."""

from datetime import date
from typing import Any

from django import forms

from incidents.statuspage.models import Component
from incidents.subscribers import addresses, proof, queries
from incidents.subscribers.models import CHANNELS, Subscriber
from opsportal.errors import Refused
from opsportal.privacy.forms import GuardedForm

_MOST_COMPONENTS = 200


class ChoiceForm(forms.Form):
    """Everything, or some components. Whether they exist is decided when it is saved: the database may be away."""

    scope = forms.ChoiceField(choices=[("all", "Everything"), ("some", "Some")])
    components = forms.TypedMultipleChoiceField(choices=(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.data.getlist("components") if hasattr(self.data, "getlist") else []
        found = [one for one in asked if len(one) == 12 and one.isalnum()][:_MOST_COMPONENTS]
        field = self.fields["components"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one, one) for one in found]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("scope") == "some" and not cleaned.get("components"):
            self.add_error("components", "Tick at least one component, or choose everything.")
        return cleaned

    @property
    def chosen(self) -> dict[str, Any]:
        """As the actions take it."""
        is_all = self.cleaned_data["scope"] == "all"
        return {"is_all": is_all, "component_ids": [] if is_all else self.cleaned_data["components"]}


class AddressForm(GuardedForm):
    """A way and an address that fits it. The address is what it is for and is kept closed."""

    unguarded = ("address",)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "channel" in cleaned and "address" in cleaned:
            cleaned["address"] = addresses.plain(cleaned["channel"], cleaned["address"])
            try:
                addresses.require(cleaned["channel"], cleaned["address"])
            except Refused as refusal:
                self.add_error("address", refusal.sentence)
        return cleaned


class AskForm(ChoiceForm, AddressForm):
    """What a stranger asks on the public page."""

    channel = forms.ChoiceField(choices=CHANNELS, error_messages={"required": "Choose how you want to be told."})
    address = forms.CharField(max_length=addresses.LONGEST, error_messages={"required": "Write an address."})


class AddForm(AddressForm):
    """An admin types an address; its owner gets the same question as from the public page."""

    channel = forms.ChoiceField(choices=CHANNELS)
    address = forms.CharField(
        max_length=addresses.LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Its owner gets one message with a link; nothing else is sent before they confirm.",
    )


class ImportForm(forms.Form):
    """A table with proof of consent: all of it, or none."""

    table = forms.FileField(
        label="CSV file",
        help_text="First line: address,components,source,date,wording. Components apart by semicolons, none for all.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.rows: tuple[proof.Proof, ...] = ()

    def clean_table(self) -> Any:
        table = self.cleaned_data["table"]
        try:
            text = table.read().decode("utf-8")
        except UnicodeDecodeError:
            raise forms.ValidationError("This is not a text file in UTF-8.") from None
        named = {name.lower(): public_id for name, public_id in Component.objects.values_list("name", "public_id")}
        found = proof.read(text, components=named, blocked=queries.blocked(), today=self.today)
        if found.errors:
            raise forms.ValidationError(list(found.errors))
        self.rows = found.rows
        return table


class FilterForm(forms.Form):
    """What the admins' list shows; an address is looked up whole and never kept in the address bar."""

    channel = forms.ChoiceField(required=False, choices=[("", "Any way"), *CHANNELS])
    state = forms.ChoiceField(required=False, choices=[("", "Any state"), *Subscriber.State.choices])
