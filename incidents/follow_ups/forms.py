"""Are the words well formed? A promise, its proof, a reason, the list's filters."""

from datetime import date

from django import forms

from incidents.follow_ups import queries
from incidents.follow_ups.actions import Plan
from incidents.follow_ups.models import FollowUp
from incidents.follow_ups.states import Type
from incidents.ownership.models import handle_validator
from opsportal.moments import DayField
from opsportal.privacy.forms import GuardedForm


class PlanForm(GuardedForm):
    """What is promised."""

    title = forms.CharField(
        label="What is to be done",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say what is to be done."},
    )
    type = forms.ChoiceField(
        label="What it is good for",
        choices=[(one.value, f"{one.label}: {one.purpose}") for one in Type],
        initial=Type.PREVENTATIVE,
    )
    owner = forms.CharField(
        label="Owner",
        max_length=64,
        validators=[handle_validator],
        help_text="A handle of the ownership matrix, such as @be-lead.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "input--auto"}),
        error_messages={"required": "Name an owner."},
    )
    due_on = DayField(label="Due on", error_messages={"required": "Choose a day."})
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, follow_up: FollowUp) -> "PlanForm":
        return cls(initial={name: getattr(follow_up, name) for name in ("title", "type", "owner", "due_on", "version")})

    @property
    def plan(self) -> Plan:
        given = self.cleaned_data
        return Plan(given["title"], given["type"], given["owner"], given["due_on"])


class FinishForm(GuardedForm):
    """The proof that it is done."""

    typed = ("proof",)

    proof = forms.CharField(
        label="Proof",
        max_length=500,
        help_text="A link to the change, the check or the page that shows it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
        error_messages={"required": "Give the proof as a link."},
    )
    retest_on = DayField(label="Try again on", required=False, help_text="Needed for what prevents something.")


class VerifyForm(GuardedForm):
    """Nothing to type: it holds."""


class ReasonForm(GuardedForm):
    """Why it is dropped, or opened again."""

    reason = forms.CharField(
        label="Why",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why."},
    )


class FilterForm(forms.Form):
    """The list's filters as they stand in the URL; a word that is none of ours is left out."""

    show = forms.ChoiceField(required=False, choices=list(queries.SHOWS.items()))
    type = forms.ChoiceField(required=False, choices=[("", "All"), *Type.choices])
    domain = forms.SlugField(required=False)
    owner = forms.CharField(required=False, max_length=64)
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)


def first_plan(owner: str, due_on: date) -> PlanForm:
    """A new one: the domain's primary has it, two weeks from now."""
    return PlanForm(initial={"owner": owner, "due_on": due_on})
