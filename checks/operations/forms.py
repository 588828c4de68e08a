"""Is a wish well formed: a run of one of the commands with its reason, or when one runs by itself?"""

from typing import Any

from django import forms

from checks.operations import kinds, plans
from checks.operations.kinds import Operation
from checks.operations.plans import Plan
from opsportal.models import User
from opsportal.privacy.forms import GuardedForm


class RunForm(GuardedForm):
    """Which operation, and why; the reason stands in the audit log. Some commands want a word behind them."""

    unguarded = ("command",)

    command = forms.ChoiceField(label="Command", error_messages={"invalid_choice": "Choose one of the commands."})
    word = forms.CharField(
        label="Event id or age",
        max_length=150,
        required=False,
        help_text="Only behind --event-id ID or --failed-since AGE, such as 30m, 1h or 2d.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Such as: after CHG-401. It goes to the audit log with your name.",
        error_messages={"required": "Say why, in a few words."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may = [one for one in kinds.operations() if person.has_role(one.role)]
        field = self.fields["command"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [choice for one in may for choice in _choices(one)]
        if not any(one.blanks for one in may):
            del self.fields["word"]

    def clean(self) -> dict[str, Any]:
        """The command with its word; `word` itself is gone."""
        cleaned = super().clean()
        word, command = cleaned.pop("word", "").strip(), cleaned.get("command", "")
        operation = kinds.named(command.partition(" ")[0])
        blank = operation.blank(command) if operation else None
        if operation and blank is None and word:
            self.add_error("word", f"{command} takes no word. Empty this field, or choose another command.")
        elif operation and blank:
            cleaned["command"] = f"{command} {word}"
            if "word" not in self.errors and not operation.allows(cleaned["command"]):
                self.add_error("word", blank.sentence)
        return cleaned


def _choices(operation: Operation) -> list[tuple[str, str]]:
    fixed = [(command, command) for command in operation.commands]
    return fixed + [
        (f"{operation.name} {one.form}", f"{operation.name} {one.form} {one.name}") for one in operation.blanks
    ]


class PlanForm(forms.Form):
    """When one operation runs by itself; there is no free text."""

    command = forms.ChoiceField(label="Command", error_messages={"invalid_choice": "Choose one of the commands."})
    every = forms.ChoiceField(label="How often", error_messages={"invalid_choice": "Choose how often."})
    weekday = forms.TypedChoiceField(label="Day of weekly ones", choices=plans.WEEKDAYS, coerce=int)
    at = forms.TimeField(
        label="Time, UTC",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Say at what time.", "invalid": "Write the time as 03:00."},
    )

    def __init__(self, *args: Any, operation: Operation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = operation.name
        command, every = self.fields["command"], self.fields["every"]
        assert isinstance(command, forms.ChoiceField)
        assert isinstance(every, forms.ChoiceField)
        command.choices = [(one, one) for one in operation.commands]
        every.choices = plans.Every.choices
        if self.kind == plans.DAILY:  # each day, as strict as production allows
            every.choices = [(plans.Every.DAY.value, plans.Every.DAY.label)]
            for name in ("command", "weekday"):
                self.fields[name].required = False
                self.fields[name].widget = forms.HiddenInput()

    @property
    def wish(self) -> Plan:
        data = self.cleaned_data
        command = plans.daily_command() if self.kind == plans.DAILY else data["command"]
        return Plan(self.kind, command, data["every"], data["at"], data["weekday"] or 0)
