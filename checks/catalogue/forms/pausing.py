"""For how long a check is paused, and why."""

from datetime import datetime, timedelta

from django import forms

from opsportal.privacy.forms import GuardedForm

HOURS = [(1, "1 hour"), (4, "4 hours"), (12, "12 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week")]
_OPEN, _USUAL = 0, 4


class PauseForm(GuardedForm):
    """A pause ends by itself, unless somebody says that it shall not."""

    hours = forms.TypedChoiceField(
        coerce=int,
        required=False,
        choices=[*HOURS, (_OPEN, "Until somebody resumes it")],
        initial=_USUAL,
        label="For",
        error_messages={"invalid_choice": "Choose a length from the list."},
    )
    reason = forms.CharField(
        required=False, max_length=300, label="Why", help_text="Whoever wonders reads it on the check's page."
    )

    def until(self, at: datetime) -> datetime | None:
        """When it ends."""
        chosen = self.cleaned_data["hours"]
        hours = _USUAL if chosen == "" else int(chosen)
        return at + timedelta(hours=hours) if hours else None
