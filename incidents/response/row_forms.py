"""Are the words about a row well formed? A correction, a removal, what came of a decision."""

from django import forms

from opsportal.privacy.forms import GuardedForm


class CorrectForm(GuardedForm):
    """What should stand there, and what was wrong."""

    text = forms.CharField(
        label="What should stand there",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write what should stand there."},
    )
    reason = forms.CharField(
        label="What was wrong",
        max_length=200,
        error_messages={"required": "Say what was wrong."},
    )
    # The newest change of the row that the person saw.
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    is_old = False


class RemoveForm(GuardedForm):
    """Why words have to go."""

    reason = forms.CharField(
        label="Why",
        max_length=400,
        help_text="Say what kind of thing it was, not the thing itself.",
        error_messages={"required": "Say why the words have to go."},
    )


class AnswerForm(GuardedForm):
    """What was seen; which button was pressed says whether it worked."""

    note = forms.CharField(
        label="What you saw",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what you saw."},
    )
