"""What people write into a review."""

from django import forms

from incidents.ownership.models import handle_validator
from opsportal.moments import DayField
from opsportal.privacy.forms import GuardedForm


def _handle(**more: object) -> forms.CharField:
    return forms.CharField(
        label="Owner", max_length=64, validators=[handle_validator],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}), **more,  # type: ignore[arg-type]
    )  # fmt: skip


class AnswerForm(GuardedForm):
    """Is it work, and whose?"""

    typed = ("owner",)

    answer = forms.ChoiceField(
        label="Answer", choices=[("accepted", "Accept: somebody works on it"), ("rejected", "Reject: nobody has to")]
    )
    owner = _handle(required=False, help_text="Who works on it, such as @be-oncall.")
    reason = forms.CharField(
        label="Why", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed when it is rejected.",
    )  # fmt: skip


class NotesForm(GuardedForm):
    """What was said."""

    notes = forms.CharField(label="Notes", max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 4}))


class ActionForm(GuardedForm):
    """What somebody promises."""

    typed = ("owner",)

    title = forms.CharField(
        label="What is to be done", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say what is to be done."},
    )  # fmt: skip
    owner = _handle(error_messages={"required": "Say who does it."})
    due_on = DayField(label="By", error_messages={"required": "Say by which day."})
