"""Are the words well formed? A duty, the note that it was done, the reason why not."""

from typing import Any

from django import forms

from incidents.duties.actions import Terms
from incidents.duties.models import Duty
from incidents.ownership.models import handle_validator
from opsportal.moments import ClockField, DayField, ZoneField
from opsportal.privacy.forms import GuardedForm
from opsportal.recurrence import RULES
from opsportal.slug_field import SlugField

_CODE = {"autocomplete": "off", "spellcheck": "false"}
_FIELDS = (
    *("title", "what", "owner", "rule", "first_on", "clock", "time_zone"),
    *("evidence", "proof", "remind_hours"),
)


class DutyForm(GuardedForm):
    """What is owed, by whom, when, and what proves it."""

    slug = SlugField(example="key-rotation", longest=40)
    title = forms.CharField(
        label="Title",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say what is done."},
    )
    what = forms.CharField(
        label="What is done", max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    owner = forms.CharField(
        label="Owner",
        max_length=64,
        validators=[handle_validator],
        help_text="A handle, such as @sre-lead. A person or a rota holds it, see On call.",
        widget=forms.TextInput(attrs=_CODE | {"class": "input--auto"}),
        error_messages={"required": "Name an owner."},
    )
    rule = forms.ChoiceField(label="Comes again", choices=list(RULES.items()))
    first_on = DayField(label="First on", error_messages={"required": "Choose a day."})
    clock = ClockField(label="By")
    time_zone = ZoneField()
    evidence = forms.ChoiceField(label="What proves it", choices=Duty.Evidence.choices)
    proof = forms.CharField(
        label="Which operation or check",
        max_length=64,
        required=False,
        help_text="The operation's name, such as backup_verify, or the check's key.",
        widget=forms.TextInput(attrs=_CODE),
    )
    remind_hours = forms.IntegerField(
        label="Remind this many hours before",
        min_value=0,
        max_value=336,
        widget=forms.NumberInput(attrs={"class": "input--auto"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["slug"]

    @classmethod
    def of(cls, duty: Duty) -> "DutyForm":
        return cls(initial={name: getattr(duty, name) for name in _FIELDS})

    @property
    def terms(self) -> Terms:
        return Terms(**{name: self.cleaned_data[name] for name in _FIELDS})


class HoldForm(GuardedForm):
    """That it was done."""

    note = forms.CharField(
        label="What was done",
        max_length=2_000,
        help_text="Briefly, or a link to where one can see it.",
        error_messages={"required": "Say briefly what was done, or where one can see it."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class WaiveForm(GuardedForm):
    """Why it need not be done this time."""

    reason = forms.CharField(
        label="Why not this time?",
        max_length=2_000,
        error_messages={"required": "Say why it need not be done this time."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
