"""Are the words about a published update well formed: a correction, why it goes, why nobody waited; and ready texts."""

from typing import Any

from django import forms

from incidents.response.states import Status
from incidents.statuspage import texts
from opsportal.privacy.forms import GuardedForm


class CorrectionForm(GuardedForm):
    """Other words for what readers have read."""

    is_public = True

    body = forms.CharField(
        label="Text",
        max_length=5_000,
        help_text="Readers see “Corrected at” with the time. Operators can read the earlier words.",
        error_messages={"required": "Write what should stand there."},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    notify = forms.BooleanField(label="Tell subscribers about the correction", required=False)


class RemovalForm(GuardedForm):
    """Why it has to go."""

    reason = forms.CharField(
        label="Why does it have to go?",
        max_length=500,
        help_text="Without repeating it. Operators see the reason, readers do not.",
        error_messages={"required": "Say why it has to go."},
    )


class PublishForm(GuardedForm):
    """The draft that was looked at; in an emergency why nobody waited for a second person."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    bypass = forms.CharField(
        label="Why can it not wait for a second person?",
        max_length=500,
        required=False,
        help_text="Shown beside the update and in the audit log.",
        error_messages={"required": "Say why it cannot wait."},
    )

    def __init__(self, *args: Any, waits: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bypass"].required = waits


class TextsForm(GuardedForm):
    """The ready words of the four phases."""

    is_public = True

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for status in texts.HOUSE:
            self.fields[status.value] = forms.CharField(
                label=Status(status).label,
                max_length=2_000,
                error_messages={"required": f"{Status(status).label}: write a text."},
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    @classmethod
    def showing(cls) -> "TextsForm":
        now = texts.all_texts()
        return cls(initial={**now, "seen": texts.mark(now)})

    @property
    def phases(self) -> list[forms.BoundField]:
        return [self[status.value] for status in texts.HOUSE]

    @property
    def texts(self) -> dict[str, str]:
        return {status.value: self.cleaned_data[status.value] for status in texts.HOUSE}
