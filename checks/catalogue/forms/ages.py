"""Kinds that ask how old the newest of something is."""

from typing import Any

from django import forms
from django.conf import settings

from checks.catalogue.forms.addresses import AddressForm
from checks.catalogue.models import Check
from checks.probes import age

SOURCES = [
    ("report", "The last success of a job that reports here"),
    ("file", "The time of a file"),
    ("address", "Last-Modified of an address"),
]
_NEEDED = {"report": "report", "file": "pattern", "address": "url"}


class BackupAgeForm(AddressForm):
    """Where the newest backup shows, of a database or of object storage, and how old it may be."""

    spec_fields = ("source", "report", "pattern", "least_bytes", "url", "max_age_hours", "headers")
    more_fields = ("headers",)

    source = forms.ChoiceField(choices=SOURCES, initial="report", label="Known by")
    report = forms.ModelChoiceField(
        Check.objects.filter(kind__in=["heartbeat", "token_report"]).order_by("name"),
        required=False,
        to_field_name="key",
        empty_label="None",
        label="Job",
        help_text="A heartbeat or a token report.",
    )
    pattern = forms.CharField(
        required=False,
        max_length=200,
        label="Files",
        help_text="A pattern below a folder of PROBE_FOLDERS, such as nightly/*.dump.",
    )
    least_bytes = forms.IntegerField(
        required=False, min_value=1, label="Least size in bytes", help_text="Smaller files do not count."
    )
    url = forms.CharField(
        required=False,
        max_length=500,
        label="Address",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="Begins with https:// or http://. No password and no key in it: the address is stored.",
    )
    max_age_hours = forms.FloatField(
        min_value=0.1, max_value=24 * 400, initial=age.MAX_AGE_HOURS, label="Oldest, in hours"
    )

    def clean_report(self) -> str:
        chosen = self.cleaned_data["report"]
        return chosen.key if chosen else ""

    def clean_pattern(self) -> str:
        pattern = str(self.cleaned_data["pattern"]).strip()
        if pattern and not settings.PROBE_FOLDERS:
            raise forms.ValidationError("No folder is open to checks. An operator names them in PROBE_FOLDERS.")
        if pattern and not age.is_below(pattern):
            raise forms.ValidationError("Write a pattern below the folder, without .. and without a / in front.")
        if not age.is_readable(pattern):
            raise forms.ValidationError("** stands for folders and alone between two /, such as nightly/**/*.dump.")
        return pattern

    def clean_url(self) -> str:
        return super().clean_url() if str(self.cleaned_data["url"]).strip() else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        needed = _NEEDED.get(str(cleaned.get("source")))
        if needed and not cleaned.get(needed) and needed not in self.errors:
            self.add_error(needed, "This is needed for the way you chose.")
        return cleaned


class RestoreDrillForm(BackupAgeForm):
    """The same for restore tests, which are made once a month."""

    max_age_hours = forms.FloatField(
        min_value=1, max_value=24 * 400, initial=24 * 35, label="Oldest, in hours", help_text="840 h are 35 days."
    )
