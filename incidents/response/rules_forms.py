"""Forms of the rules that admins edit: periods of a severity, a step of the checklist."""

from typing import Any

from django import forms

from incidents.response import checklist_template, policy
from incidents.response.checklist_template import Step
from incidents.response.models import ChecklistStep, ChecklistTemplateStep
from incidents.response.policy import Periods, Policy
from incidents.response.states import Severity
from opsportal.privacy.forms import GuardedForm

_WORDS: dict[str, tuple[str, str]] = {
    "acknowledge_minutes": ("Acknowledge within, in minutes", "0 means at once."),
    "first_public_minutes": ("First public update within, in minutes", "Empty: readers are told only if you decide."),
    "public_every_minutes": ("Next public update after, in minutes", "While readers know of it."),
    "verification_minutes": ("Verify the recovery within, in minutes", "After it is resolved."),
    "postmortem_hours": ("Reviewed post-mortem within, in hours", "After it is resolved."),
    "remind_before_minutes": ("Remind the holder before, in minutes", ""),
    "backup_after_minutes": ("Remind the backup when late by, in minutes", ""),
}


class PeriodsForm(GuardedForm):
    """Seven numbers; the bounds are the policy's own."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (least, most) in policy.BOUNDS.items():
            label, hint = _WORDS[name]
            self.fields[name] = forms.IntegerField(
                label=label,
                help_text=f"{hint} {least} to {most}.".strip(),
                min_value=least,
                max_value=most,
                required=name not in policy.OPTIONAL,
                error_messages={"required": f"{label}: write a number."},
            )

    @classmethod
    def showing(cls, rules: Policy) -> "PeriodsForm":
        return cls(initial={**vars(rules.periods), "seen": rules.periods.mark})

    @property
    def periods(self) -> Periods:
        return Periods(**{name: self.cleaned_data[name] for name in policy.BOUNDS})

    @property
    def numbers(self) -> list[forms.BoundField]:
        return [self[name] for name in policy.BOUNDS]


class StepForm(GuardedForm):
    """What a step says and for whom it is mandatory."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    phase = forms.ChoiceField(label="Phase", choices=ChecklistStep.Phase.choices)
    text = forms.CharField(
        label="What has to be done", max_length=200, error_messages={"required": "Say what has to be done."}
    )
    link = forms.CharField(
        label="Link", required=False, max_length=300, help_text="A page of the portal such as /checks/, or https://."
    )
    command = forms.CharField(
        label="Command", required=False, max_length=200, help_text="Shown with a button that copies it."
    )
    mandatory_from = forms.ChoiceField(
        label="Mandatory for",
        required=False,
        choices=[
            ("", "Nobody: it is advice"),
            (Severity.SEV1.value, "SEV-1 alone"),
            (Severity.SEV2.value, "SEV-1 and SEV-2"),
            (Severity.SEV3.value, "Every severity"),
        ],
    )

    @classmethod
    def showing(cls, row: ChecklistTemplateStep) -> "StepForm":
        step = checklist_template.of(row)
        return cls(initial={**vars(step), "seen": step.mark})

    @property
    def step(self) -> Step:
        names = ("phase", "text", "link", "command", "mandatory_from")
        return Step(**{name: self.cleaned_data[name].strip() for name in names})

    @property
    def shown(self) -> list[forms.BoundField]:
        return [self[name] for name in ("phase", "text", "link", "command", "mandatory_from")]
