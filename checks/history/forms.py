"""From when until when: zooming by hand."""

from typing import Any

from django import forms

from checks.history.span import LONGEST, SHORTEST
from opsportal.moments import MomentField


class SpanForm(forms.Form):
    """Two moments in UTC that leave room for a chart."""

    since = MomentField(label="From, UTC")
    until = MomentField(label="To, UTC")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until:
            if until <= since:
                self.add_error("until", "Choose a time after the first one.")
            elif until - since < SHORTEST:
                self.add_error("until", "Choose ten minutes at least.")
            elif until - since > LONGEST:
                self.add_error("until", "Choose ten years at most; nothing is kept longer.")
        return cleaned
