"""What every check has, and what a kind's form adds to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.text import slugify

from checks.catalogue.forms.rules import RulesForm
from checks.catalogue.models import Check
from incidents.models import Component, Domain
from incidents.response.states import Severity

EVERY = [
    (5, "5 seconds"),
    (10, "10 seconds"),
    (30, "30 seconds"),
    (60, "1 minute"),
    (120, "2 minutes"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (1800, "30 minutes"),
    (3600, "1 hour"),
    (21600, "6 hours"),
    (86400, "1 day"),
]
# What a form leaves out of a configuration; 0 is a number and stays.
_UNSAID: tuple[Any, ...] = (None, "", {})
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,63}")


def env_name(typed: object) -> str:
    """The name of an environment variable; anything else, a value above all, is refused."""
    name = str(typed).strip()
    if not _ENV_NAME.fullmatch(name):
        raise forms.ValidationError("Write the name only: capital letters, digits and _, such as DATABASE_URL.")
    return name


@dataclass(frozen=True)
class Preset:
    """Values that a form begins with, by what people want to watch."""

    title: str
    values: Mapping[str, Any]


class SpecForm(RulesForm):
    """What every check has. A kind's form adds its fields and says by `spec` what its probe gets."""

    spec_fields: ClassVar[tuple[str, ...]] = ()
    more_fields: ClassVar[tuple[str, ...]] = ()
    """Those of `spec_fields` that few checks need; they are folded away until one is used."""
    derived_fields: ClassVar[tuple[str, ...]] = ()
    """What `spec` adds to them, from fields of another name."""
    presets: ClassVar[Mapping[str, Preset]] = {}
    usual_every: ClassVar[int] = 60
    common_fields = ("severity", "every_seconds", "fail_after", "ok_after", "component", "is_daily")

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=80,
        label="Name",
        help_text="As people say it, such as Checkout page.",
        error_messages={"required": "Give it a name."},
    )
    domain = forms.ModelChoiceField(
        Domain.objects.order_by("position", "name"),
        label="Domain",
        empty_label="Choose a domain",
        help_text="Whose it is; its on-call people are told.",
        error_messages={"required": "Choose a domain."},
    )
    severity = forms.ChoiceField(
        choices=Severity.choices, label="Proposed severity", initial=Severity.SEV2, help_text="A person confirms it."
    )
    every_seconds = forms.TypedChoiceField(
        choices=EVERY, coerce=int, label="Every", initial=60, help_text="Slots are spread over the period."
    )
    fail_after = forms.IntegerField(
        min_value=1,
        max_value=20,
        initial=3,
        label="Fail after",
        help_text="Failed runs in a row that make it unhealthy.",
    )
    ok_after = forms.IntegerField(
        min_value=1,
        max_value=20,
        initial=2,
        label="Pass after",
        help_text="Good runs in a row that make it healthy.",
    )
    component = forms.ModelChoiceField(
        Component.objects.in_use().in_order(),
        required=False,
        label="Status page component",
        empty_label="None",
        help_text="What it says counts there as far as the component's own rules allow.",
    )
    is_daily = forms.BooleanField(required=False, initial=True, label="Part of the daily report (ops_daily)")

    def __init__(self, *args: Any, check: Check | None = None, **kwargs: Any) -> None:
        if check is not None:
            kwargs["initial"] = {
                "seen": check.fingerprint,
                **_common(check),
                **self.from_spec(check.spec),
                **kwargs.get("initial", {}),
            }
        super().__init__(*args, **kwargs)
        self.check = check
        self.fields["every_seconds"].initial = self.usual_every
        if check is not None and check.is_own:
            for name in {*self.spec_fields, *self.more_fields, "name"}:
                self.fields[name].disabled = True

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """A whole number without a point, as people write it."""
        value = super().get_initial_for_field(field, field_name)
        return int(value) if isinstance(value, float) and value.is_integer() else value

    @property
    def target(self) -> list[forms.BoundField]:
        """The kind's own fields, as far as most checks need them."""
        return [self[name] for name in self.spec_fields if name not in self.more_fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The rest of them."""
        return [self[name] for name in self.more_fields]

    @property
    def uses_more(self) -> bool:
        """Whether one of the rest says something, or is wrong."""
        return any(field.value() not in (None, "", False, field.field.initial) or field.errors for field in self.more)

    @property
    def rules(self) -> list[forms.BoundField]:
        """When it runs and when its state changes."""
        return [self[name] for name in self.common_fields]

    def from_spec(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Field values of a stored configuration."""
        return dict(spec)

    def spec(self) -> dict[str, Any]:
        """What the probe gets and what is stored; the portal's own checks keep theirs."""
        if self.check is not None and self.check.is_own:
            return dict(self.check.spec)
        return {name: self.cleaned_data[name] for name in self.spec_fields if self.cleaned_data[name] not in _UNSAID}

    def settings(self) -> dict[str, Any]:
        """The rest, as fields of the check."""
        return {
            name: self.cleaned_data[name] for name in ("name", "domain", *self.common_fields)
        } | self.rare_settings()

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not slugify(name):
            raise forms.ValidationError("Use some letters or digits.")
        return name


def _common(check: Check) -> dict[str, Any]:
    names = ("name", "severity", "every_seconds", "fail_after", "ok_after", "is_daily")
    return {
        "domain": check.domain_id,
        "component": check.component_id,
        **RulesForm.rare_values(check),
        **{name: getattr(check, name) for name in names},
    }
