"""Are the words well formed? A change, what became of it, a freeze, a suspicion, the list's filters."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from incidents.changes import queries, rules
from incidents.changes.actions import Facts
from incidents.changes.models import Change, artifact_validator
from incidents.changes.states import Kind, Result
from incidents.ownership.models import Domain
from opsportal.moments import MomentField, zones
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
    takes_back = forms.ModelChoiceField(Change.objects.all(), required=False, widget=forms.HiddenInput)
    override = _words(
        "Why override the freeze", required=False, help_text="Recorded in the audit log. A rollback needs none."
    )

    @property
    def facts(self) -> Facts:
        return Facts(**self.cleaned_data)


class StartForm(GuardedForm):
    """A planned one begins; a freeze that has come meanwhile, or a missing signature, needs a reason."""

    override = _words(
        "Why it cannot wait",
        required=False,
        help_text="Needed only while changes are frozen or nobody has signed it off. Recorded in the audit log.",
    )


class SucceedForm(GuardedForm):
    """It works."""

    note = _words("What was looked at", required=False, help_text="Such as: error share and p95 as before.")


class ReasonForm(GuardedForm):
    """Why it failed, or was taken back."""

    note = _words("Why", error_messages={"required": "Say why."})


class SignOffForm(GuardedForm):
    """Let a release begin."""

    in_spite = _words("Why override what is not in order", required=False, help_text="Recorded in the audit log.")


class NoticeForm(GuardedForm):
    """What the ops channel reads beside the facts."""

    words = _words("What to say", required=False, help_text="What it is and where it stands is said already.")
    tickets = forms.CharField(
        label="Ticket links",
        required=False,
        max_length=1_600,
        help_text="https links, one a line.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )


class RulesForm(GuardedForm):
    """What holds for one kind of change."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    verify_minutes = forms.IntegerField(
        label="Verify production within, in minutes",
        required=False,
        min_value=rules.VERIFY[0],
        max_value=rules.VERIFY[1],
        help_text="After it has succeeded, by prod_verify --verify. Empty: nothing is owed.",
    )
    advice_failures = forms.IntegerField(
        label="Suggest a rollback after this many consecutive strict failures",
        min_value=rules.FAILURES[0],
        max_value=rules.FAILURES[1],
    )
    needs_sign_off = forms.BooleanField(label="A planned one begins only when it is signed off", required=False)
    checklist = forms.CharField(
        label="Checklist",
        required=False,
        max_length=4_200,
        help_text="What only people know, a step a line. Planned changes take a copy.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    @classmethod
    def showing(cls, stored: rules.Rules) -> "RulesForm":
        return cls(initial={**vars(stored), "seen": stored.mark})

    @property
    def rules(self) -> rules.Rules:
        given = self.cleaned_data
        steps = "\n".join(line.strip() for line in given["checklist"].splitlines() if line.strip())
        return rules.Rules(given["verify_minutes"], given["advice_failures"], given["needs_sign_off"], steps)


class FreezeForm(GuardedForm):
    """A time in which changes are held up."""

    domain = _domain()
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why."},
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=zones, required=False)
    starts_at = MomentField(label="From", attrs=_AUTO, required=False, help_text="By the clock there. Empty: now.")
    ends_at = MomentField(label="Until", attrs=_AUTO, required=False, help_text="Empty: until somebody lifts it.")

    def clean(self) -> dict[str, Any]:
        """The times are those of a clock on the wall there, whatever its summer does."""
        cleaned = super().clean()
        cleaned["time_zone"] = cleaned.get("time_zone") or "UTC"
        for name in ("starts_at", "ends_at"):
            if cleaned.get(name) is not None:
                cleaned[name] = cleaned[name].replace(tzinfo=ZoneInfo(cleaned["time_zone"]))
        return cleaned


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
