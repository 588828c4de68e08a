"""Is an incident that is published afterwards well formed? Its words, its true times, how its components stood."""

from collections.abc import Iterable
from typing import Any

from django import forms

from incidents.response.models import Incident
from incidents.statuspage import drafts
from incidents.statuspage.models import Component, ComponentStatus
from opsportal.moments import MomentField
from opsportal.privacy.forms import GuardedForm

_OUTAGES = [
    (one.value, one.label) for one in (ComponentStatus.DEGRADED, ComponentStatus.PARTIAL, ComponentStatus.MAJOR)
]


def _moment(label: str) -> MomentField:
    return MomentField(
        label=f"{label} (UTC)",
        attrs={"class": "input--auto"},
        error_messages={"required": "Say which time."},
    )


class AfterwardsForm(GuardedForm):
    """What was, when, and how each component stood."""

    is_public = True

    title = forms.CharField(
        label="Title readers see",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give readers a title."},
    )
    body = forms.CharField(
        label="Text",
        max_length=5_000,
        help_text="What people noticed and what was done. No internal names.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write what readers need to know."},
    )
    began_at = _moment("Began")
    ended_at = _moment("Ended")

    def __init__(self, *args: Any, components: Iterable[Component], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in components:
            self.fields[f"component-{one.public_id}"] = forms.ChoiceField(
                label=f"How {one.name} stood",
                required=False,
                choices=[("", "Not affected"), *_OUTAGES],
                widget=forms.Select(attrs={"class": "input--auto"}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        began_at, ended_at = cleaned.get("began_at"), cleaned.get("ended_at")
        if began_at and ended_at and ended_at <= began_at:
            self.add_error("ended_at", "The end comes after the beginning.")
        return cleaned

    @property
    def given(self) -> dict[str, Any]:
        """What the action takes."""
        cleaned = self.cleaned_data
        stood = {
            name.removeprefix("component-"): value
            for name, value in cleaned.items()
            if name.startswith("component-") and value
        }
        return {name: cleaned[name] for name in ("title", "body", "began_at", "ended_at")} | {"components": stood}


def first_values(incident: Incident, components: Iterable[Component]) -> dict[str, Any]:
    """Public names, the incident's own times, and its domain's components as its severity has them."""
    named = [one for one in components if one.domain_id == incident.domain_id]
    status = drafts.proposed_status(incident.severity)
    return {
        "title": drafts.title_for(named),
        "body": drafts.text_for("resolved", named),
        "began_at": incident.impact_started_at,
        "ended_at": incident.resolved_at,
    } | {f"component-{one.public_id}": status for one in named}
