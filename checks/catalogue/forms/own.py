"""Kinds that look at the portal itself."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from checks.catalogue.forms.base import SpecForm
from checks.catalogue.forms.data import text_area
from checks.probes import env_contract
from opsportal import health_figures

T = TypeVar("T")


class PortalForm(SpecForm):
    """A number of the portal itself."""

    spec_fields = ("figure", "ceiling")

    figure = forms.ChoiceField(label="Figure")
    ceiling = forms.FloatField(min_value=0, label="Fails above")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name.replace("_", " ")) for name in health_figures.names()]
        figure = self.fields["figure"]
        assert isinstance(figure, forms.ChoiceField)
        figure.choices = names


class DrillForm(SpecForm):
    """The flag of drills: there is nothing to set."""


class EnvContractForm(SpecForm):
    """What must stand in the environment: names, and plain words of the posture. Never a value that is a secret."""

    spec_fields = ("preset", "names", "values")

    preset = forms.ChoiceField(
        required=False,
        choices=[("", "None"), ("launch", "Launch posture, billing enforced")],
        label="Preset",
        help_text="Launch: production, LAUNCH_MODE, SECURITY_HEADERS_ENABLED and BILLING_ENABLED are true, "
        "BILLING_ENFORCEMENT=strict, HARD_LIMITS_ENABLED and PAYWALL_ENABLED are not off, no DEMO_MODE, DEMO_DATA or "
        "DEMO_SEED, the required names are set, and those of Stripe, Zero Trust and SSO where each is on.",
    )
    names = forms.CharField(
        required=False,
        max_length=4000,
        label="Required names",
        widget=text_area(2),
        help_text="Divided by blanks, such as MAIL_FROM SENTRY_DSN.",
    )
    values = forms.CharField(
        required=False,
        max_length=2000,
        label="Posture",
        widget=text_area(2),
        help_text="NAME=word with plain words, such as SIGN_UP=closed.",
    )

    def clean_names(self) -> str:
        return " ".join(_told(env_contract.parse_names, str(self.cleaned_data["names"])))

    def clean_values(self) -> str:
        found = _told(env_contract.parse_values, str(self.cleaned_data["values"]))
        return "\n".join(f"{name}={word}" for name, word in found.items())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not any(cleaned.get(name) for name in self.spec_fields):
            self.add_error("names", "Name something, or choose the preset.")
        return cleaned


def _told(read: Callable[[str], T], text: str) -> T:
    """What was read, or the reader's own words at the field."""
    try:
        return read(text)
    except ValueError as problem:
        raise forms.ValidationError(str(problem)) from None
