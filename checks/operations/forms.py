"""Is a wish for a run well formed: one of the commands, and why?"""

from typing import Any

from django import forms

from checks.operations import kinds
from opsportal.models import User
from opsportal.privacy.forms import GuardedForm


class RunForm(GuardedForm):
    """Which operation, and why; the reason stands in the audit log."""

    unguarded = ("command",)

    command = forms.ChoiceField(label="Command", error_messages={"invalid_choice": "Choose one of the commands."})
    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Such as: after CHG-401. It goes to the audit log with your name.",
        error_messages={"required": "Say why, in a few words."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may = [one for one in kinds.operations() if person.has_role(one.role)]
        commands = [command for one in may for command in one.commands]
        field = self.fields["command"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(command, command) for command in commands]
