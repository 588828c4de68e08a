"""The weeks that somebody asks for by name."""

from datetime import datetime
from typing import Any

from django import forms

from checks.trends import isoweek
from checks.trends.stretch import LONGEST
from opsportal.moments import EARLIEST, LATEST


class WeekField(forms.CharField):
    """2026-W46, as browsers with a field for weeks send it; becomes its Monday."""

    def __init__(self, label: str) -> None:
        widget = forms.TextInput(attrs={"type": "week", "placeholder": "2026-W46", "autocomplete": "off"})
        super().__init__(label=label, max_length=10, widget=widget)

    def clean(self, value: Any) -> datetime:
        found = isoweek.parse(super().clean(value).upper())
        if found is None or not EARLIEST <= found < LATEST:
            raise forms.ValidationError("Write a week such as 2026-W46.")
        return found

    def prepare_value(self, value: Any) -> Any:
        return isoweek.name(value) if isinstance(value, datetime) else value


class StretchForm(forms.Form):
    """From one week to another."""

    since = WeekField("From")
    until = WeekField("To")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            self.add_error("until", "The last week must not lie before the first one.")
        elif since and until and (until - since) // isoweek.WEEK >= LONGEST:
            self.add_error("since", f"At most {LONGEST} weeks are shown at once.")
        return found
