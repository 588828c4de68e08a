"""Are the words well formed? A change, what became of it, a freeze, a suspicion, the list's filters."""

from typing import Any

from django import forms

from incidents.changes import queries
from incidents.changes.actions import Facts
from incidents.changes.models import artifact_validator
from incidents.changes.states import Kind, Result
from incidents.ownership.models import Domain
from opsportal.moments import MomentField
from opsportal.privacy.forms import GuardedForm

_AUTO = {"class": "input--auto"}


def _domain() -> "forms.ModelChoiceField[Domain]":
    """A domain by its slug, or none: the whole house."""
    return forms.ModelChoiceField(
        Domain.objects.order_by("position", "name"),
        label="Domain",
        required=False,
        to_field_name="slug",
        empty_label="All domains",
        error_messages={"invalid_choice": "Choose one of the domains, or all of them."},
    )


def _words(label: str, **more: Any) -> forms.CharField:
    rows = more.pop("rows", 2)
    return forms.CharField(label=label, max_length=2_000, widget=forms.Textarea(attrs={"rows": rows}), **more)


class ChangeForm(GuardedForm):
    """A change, as somebody tells of it."""

    kind = forms.ChoiceField(label="Kind", choices=Kind.choices, initial=Kind.DEPLOY)
    what = forms.CharField(
        label="What is changed",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say what is changed."},
    )
    domain = _domain()
    artifact = forms.CharField(
        label="Version or artifact",
        max_length=200,
        required=False,
        validators=[artifact_validator],
        help_text="A tag or a commit, such as 2026.11.20-3. A deploy and a rollback need it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    ticket = forms.URLField(
        label="Ticket",
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text="A link, https alone.",
        error_messages={"invalid": "Paste the ticket's link as it stands in the browser: https://…"},
    )
    result = forms.ChoiceField(label="Where it stands", choices=Result.choices, initial=Result.RUNNING)
    started_at = MomentField(
        label="Begins (UTC)",
        attrs=_AUTO,
        required=False,
        help_text="Empty: now. Of a planned one, when it is to begin.",
    )
    finished_at = MomentField(
        label="Ended (UTC)", attrs=_AUTO, required=False, help_text="Empty: now, if it has ended."
    )
    override = _words(
        "Why in spite of the freeze", required=False, help_text="Stands in the audit log. A rollback needs none."
    )

    @property
    def facts(self) -> Facts:
        return Facts(**self.cleaned_data)


class StartForm(GuardedForm):
    """A planned one begins; a freeze that has come meanwhile needs a reason."""

    override = _words("Why in spite of the freeze", required=False, help_text="Needed only while changes are frozen.")


class SucceedForm(GuardedForm):
    """It works."""

    note = _words("What was looked at", required=False, help_text="Such as: error share and p95 as before.")


class ReasonForm(GuardedForm):
    """Why it failed, or was taken back."""

    note = _words("Why", error_messages={"required": "Say why."})


class FreezeForm(GuardedForm):
    """A time in which changes are held up."""

    domain = _domain()
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why."},
    )
    starts_at = MomentField(label="From (UTC)", attrs=_AUTO, required=False, help_text="Empty: now.")
    ends_at = MomentField(label="Until (UTC)", attrs=_AUTO, required=False, help_text="Empty: until somebody lifts it.")


class LiftForm(GuardedForm):
    """Why changes go through again."""

    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why."},
    )


class SuspectForm(GuardedForm):
    """What makes somebody think so, or no longer."""

    reason = _words("What makes you think so", error_messages={"required": "Say what makes you think so."})


class FilterForm(forms.Form):
    """The list's filters as they stand in the URL; a word that is none of ours is left out."""

    kind = forms.ChoiceField(required=False, choices=[("", "All"), *Kind.choices])
    result = forms.ChoiceField(required=False, choices=[("", "All"), *Result.choices])
    domain = forms.SlugField(required=False)
    days = forms.ChoiceField(required=False, choices=[(str(days), words) for days, words in queries.DAYS.items()])
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)
