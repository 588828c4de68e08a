"""Why somebody wants to see what another sees."""

from django import forms

from opsportal.privacy.forms import GuardedForm
from opsportal.view_as.actions import LEAST_REASON


class ReasonForm(GuardedForm):
    """The reason stands in the audit log."""

    reason = forms.CharField(
        label="Reason",
        min_length=LEAST_REASON,
        max_length=500,
        help_text="Ten characters or more, such as: Support cannot see INC-117. It stands in the audit log.",
    )
