"""Kinds that ask something on the network."""

from django import forms

from checks.catalogue import surroundings
from checks.catalogue.forms.base import SpecForm
from checks.probes.http import DEFAULT_EXPECT, parse_statuses
from opsportal.network import Forbidden


class HttpForm(SpecForm):
    """An address that is asked for by GET."""

    spec_fields = ("url", "expect", "keyword", "max_latency_ms", "connection")
    typed = ("url",)

    url = forms.CharField(
        max_length=500,
        label="Address",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="Begins with https:// or http://. No password and no key in it: the address is stored.",
    )
    expect = forms.CharField(
        required=False,
        max_length=64,
        initial=DEFAULT_EXPECT,
        label="Expected status",
        help_text="Such as 200, 200-299 or 200-299, 401.",
    )
    keyword = forms.CharField(
        required=False, max_length=120, label="Text in the answer", help_text="Looked for in the first 64 KiB."
    )
    max_latency_ms = forms.IntegerField(
        required=False, min_value=1, max_value=10_000, label="Longest time in ms", help_text="Slower fails."
    )
    connection = forms.ChoiceField(
        required=False,
        choices=[("", "Keep open between runs"), ("fresh", "New for each run")],
        label="Connection",
        help_text="New ones notice trouble with names and certificates.",
    )

    def clean_url(self) -> str:
        address = str(self.cleaned_data["url"]).strip()
        if self.fields["url"].disabled:
            return address
        try:
            surroundings.guard().check_url(address)
        except Forbidden as refusal:
            raise forms.ValidationError(str(refusal)) from None
        except ValueError:
            raise forms.ValidationError("This is not an address.") from None
        return address

    def clean_expect(self) -> str:
        text = str(self.cleaned_data["expect"] or DEFAULT_EXPECT).strip()
        try:
            parse_statuses(text)
        except ValueError:
            raise forms.ValidationError("Write statuses from 100 to 599, such as 200 or 200-299, 401.") from None
        return text
