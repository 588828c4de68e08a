"""Is an objective well formed? What a person types, and what a file says, which passes the same form."""

from decimal import Decimal
from typing import Any

from django import forms

from checks.catalogue.models import Check
from checks.slo.actions import Promise
from checks.slo.models import Days, Indicator, Objective
from incidents.models import Component, Domain
from incidents.ownership.models import handle_validator
from opsportal.privacy.forms import GuardedForm

FIELDS = (
    *("name", "indicator", "threshold_ms", "target", "days", "domain", "check", "component", "owner"),
    *("freezes_changes", "policy"),
)
_POLICY = (
    "Below a quarter: only changes that make it more reliable. Spent: no change but rollbacks until the next period, "
    "and the owner says in the weekly review what is done about it."
)


def _choice(label: str, rows: Any, by: str, **more: Any) -> "forms.ModelChoiceField[Any]":
    return forms.ModelChoiceField(
        rows,
        label=label,
        to_field_name=by,
        error_messages={"invalid_choice": "Choose one from the list.", "required": "Choose one from the list."},
        **more,
    )


class ObjectiveForm(GuardedForm):
    """What is promised, about what, and what happens when it is not kept."""

    typed = ("owner",)

    name = forms.CharField(
        label="Name",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )
    check = _choice("Check", Check.objects.none(), "key", required=False, empty_label="None")
    component = _choice(
        "Component", Component.objects.none(), "name", required=False, empty_label="None",
        help_text="Without a check or a component it is about every check of the domain.",
    )  # fmt: skip
    domain = _choice(
        "Domain", Domain.objects.none(), "slug",
        help_text="It owns the objective, and its changes are frozen. A check brings its own.",
    )  # fmt: skip
    indicator = forms.ChoiceField(
        label="Good is",
        choices=[(Indicator.AVAILABILITY, "a run that passes"), (Indicator.LATENCY, "an answer in time")],
        initial=Indicator.AVAILABILITY,
    )
    threshold_ms = forms.IntegerField(
        label="In time (ms)", required=False, min_value=1, max_value=120_000,
        help_text="Of answers in time alone; exact to 2 per cent.",
    )  # fmt: skip
    target = forms.DecimalField(
        label="Target (%)", min_value=Decimal(50), max_value=Decimal("99.999"), max_digits=6, decimal_places=3,
        initial=Decimal("99.5"), widget=forms.NumberInput(attrs={"step": "any"}),
        help_text="At one run a minute 99.5 has every alert, 99.9 only the slow ones.",
        error_messages={"required": "Say how many per cent."},
    )  # fmt: skip
    days = forms.TypedChoiceField(label="Period", coerce=int, choices=Days.choices, initial=Days.FOUR_WEEKS)
    owner = forms.CharField(
        label="Owner", max_length=64, validators=[handle_validator],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="A handle such as @be-oncall.", error_messages={"required": "Say who answers for it."},
    )  # fmt: skip
    policy = forms.CharField(
        label="Policy", max_length=1_000, widget=forms.Textarea(attrs={"rows": 3}), initial=_POLICY,
        help_text="What is done when the budget runs low, and when it is spent.",
        error_messages={"required": "Say what is done when the budget runs low."},
    )  # fmt: skip
    freezes_changes = forms.BooleanField(
        label="A spent budget freezes changes of the domain", required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields
        choices["check"].queryset = Check.objects.counted().order_by("name")
        choices["component"].queryset = Component.objects.in_use().order_by("name")
        choices["domain"].queryset = Domain.objects.order_by("position", "name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("check") and cleaned.get("component"):
            self.add_error("component", "Choose a check or a component, not both.")
        is_timed = cleaned.get("indicator") == Indicator.LATENCY
        if is_timed and not cleaned.get("threshold_ms") and "threshold_ms" not in self.errors:
            self.add_error("threshold_ms", "Say within how many milliseconds an answer is good.")
        return cleaned

    @property
    def promise(self) -> Promise:
        return Promise(**self.cleaned_data)


def shown(objective: Objective) -> dict[str, Any]:
    """The objective as its form shows it, and as a file says it: references by the names that people know."""
    return {
        "name": objective.name,
        "indicator": objective.indicator,
        "threshold_ms": objective.threshold_ms,
        "target": f"{objective.target.normalize():f}",
        "days": objective.days,
        "domain": objective.domain.slug,
        "check": objective.check_ref.key if objective.check_ref else "",
        "component": objective.component.name if objective.component else "",
        "owner": objective.owner,
        "freezes_changes": objective.freezes_changes,
        "policy": objective.policy,
    }


class ReasonForm(GuardedForm):
    """Why it is promised no longer."""

    reason = forms.CharField(
        label="Why", max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why it is retired."},
    )  # fmt: skip
