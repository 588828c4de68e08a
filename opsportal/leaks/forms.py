"""The one question before everybody is logged out."""

from django import forms

from opsportal.privacy.forms import GuardedForm


class LeakForm(GuardedForm):
    """Why, in words without the secret itself."""

    guarded = ("reason",)

    reason = forms.CharField(
        max_length=200,
        min_length=10,
        label="What got out, without the secret",
        help_text="Ten characters or more; it is recorded in the audit log.",
    )
