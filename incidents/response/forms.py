"""Are the words well formed? Posting, a new severity, a closing note, a reason."""

from typing import Any

from django import forms

from incidents.response import heading, policy, queries, states
from incidents.response.models import Incident
from incidents.response.states import Severity, Status
from opsportal.models import User
from opsportal.moments import MomentField
from opsportal.privacy.forms import GuardedForm

# Minutes until somebody looks whether a decision worked; 0 for never.
LOOK_BACK = (
    ("", "Team update"),
    ("0", "Decision"),
    ("15", "Decision, look back in 15 min"),
    ("30", "Decision, look back in 30 min"),
    ("60", "Decision, look back in 1 h"),
    ("240", "Decision, look back in 4 h"),
    ("1440", "Decision, look back in a day"),
)


class PostForm(GuardedForm):
    """A team update, a move of the status, or both at once; or a decision."""

    text = forms.CharField(
        label="Update text",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "placeholder": "What changed, what you are doing, when you will report next",
                "data-compose": "",
            }
        ),
    )
    to = forms.ChoiceField(label="Status after this update", required=False)
    decision = forms.ChoiceField(label="Kind of row", required=False, choices=LOOK_BACK)
    occurred_at = MomentField(label="It happened at (UTC)", required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, incident: Incident, *args: Any, wants_focus: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, prefix="post")
        if wants_focus:
            self.fields["text"].widget.attrs["data-focus"] = ""
        self.incident = incident
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [("", f"Keep {incident.get_status_display()}"), *_moves(incident)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_silent = not cleaned.get("text", "").strip()
        if is_silent and not self.errors and (not cleaned.get("to") or not self.incident.is_open):
            self.add_error("text", "Write what changed before you post.")
        if cleaned.get("decision") and cleaned.get("to"):
            self.add_error("decision", "A decision is a row of its own. Post it, then move the status.")
        return cleaned


def _moves(incident: Incident) -> list[tuple[str, str]]:
    """Where the select may move it; resolving asks first and has a button of its own."""
    if not incident.is_open and not incident.may_reopen:
        return []
    verb = "Move to" if incident.is_open else "Reopen as"
    return [(one.value, f"{verb} {one.label}") for one in states.following(incident.status) if one != Status.RESOLVED]


class SeverityForm(GuardedForm):
    """Another severity and why; `seen` is the one that the person saw."""

    seen = forms.ChoiceField(choices=Severity.choices, required=False, widget=forms.HiddenInput)
    severity = forms.ChoiceField(label="Severity", choices=Severity.choices)
    reason = forms.CharField(
        label="Why",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why the severity changes."},
    )

    @property
    def chosen_severity(self) -> str:
        return str(self["severity"].value() or "")

    @property
    def severities(self) -> list[tuple[Severity, policy.Policy]]:
        """The three cards."""
        return list(policy.every().items())


class HeadingForm(GuardedForm):
    """Better words for what is broken and what is seen; `seen` is the mark of those that the person saw."""

    title = forms.CharField(
        label="Title",
        max_length=heading.LONGEST,
        help_text="What is broken, for whom. The public title stays as it is.",
        error_messages={"required": "Give the incident a title."},
    )
    summary = forms.CharField(
        label="What is seen",
        required=False,
        max_length=20_000,
        help_text="Symptoms and numbers. Paste totals, not rows or personal data.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)


class ResolveForm(GuardedForm):
    """Last words; the report comes later."""

    note = forms.CharField(
        label="What ended it",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class WaiveForm(GuardedForm):
    """Why something owed need not be done."""

    reason = forms.CharField(
        label="Why it need not be done",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why this need not be done."},
    )


class SkipForm(GuardedForm):
    """Why a step does not apply here."""

    reason = forms.CharField(
        label="Why it does not apply here",
        max_length=200,
        error_messages={"required": "Say why this step does not apply here."},
    )


class HideForm(GuardedForm):
    """What makes it a security incident."""

    reason = forms.CharField(
        label="What makes it one",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what makes it a security incident."},
    )


class NoPublicImpactForm(GuardedForm):
    """Why nobody outside notices."""

    reason = forms.CharField(
        label="Why nobody outside notices",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why nobody outside notices."},
    )


class VerifyForm(GuardedForm):
    """What was looked at after the end."""

    note = forms.CharField(
        label="What you checked",
        max_length=2_000,
        help_text="Figures and paths, such as: error share 0.2 % for 30 min, three sign-ins, the backlog is empty.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what you checked."},
    )


class OfferForm(forms.Form):
    """Whom to ask."""

    to = forms.ModelChoiceField(
        label="Offer it to",
        queryset=User.objects.none(),
        to_field_name="username",
        empty_label="Choose somebody",
        help_text="They accept in the room; until then nothing changes.",
        error_messages={
            "required": "Choose somebody.",
            "invalid_choice": "This person may not act in incidents. Choose somebody else.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)
        to.queryset = queries.able_people()


class TakeOverForm(GuardedForm):
    """Why somebody's role is taken without their word."""

    reason = forms.CharField(
        label="Why you take it over",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why you take it over."},
    )


class FilterForm(forms.Form):
    """The list's filters as they stand in the URL; a word that is none of ours is left out."""

    status = forms.ChoiceField(
        required=False, choices=[(one, one) for one in ("", "open", "to_close", "closed", *Status)]
    )
    severity = forms.ChoiceField(required=False, choices=[("", "All"), *Severity.choices])
    domain = forms.SlugField(required=False)
    source = forms.ChoiceField(required=False, choices=[("", "All"), *Incident.Source.choices])
    mode = forms.ChoiceField(required=False, choices=[("", "All"), *Incident.Mode.choices])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    q = forms.CharField(required=False)
    after = forms.CharField(required=False, max_length=20)
