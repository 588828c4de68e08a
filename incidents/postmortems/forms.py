"""Are the words well formed? The report, a line from memory, a reason, a public summary."""

from typing import Any

from django import forms

from incidents.postmortems import fields
from incidents.postmortems.models import Postmortem
from incidents.postmortems.queries import Report
from opsportal.moments import MomentField
from opsportal.privacy.forms import GuardedForm

_LONGEST = 20_000


class ReportForm(GuardedForm):
    """The texts of a report. Beside each goes the mark of the text that the person got: it tells two people apart."""

    unguarded = tuple(f"seen-{one.name}" for one in fields.TEXTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in fields.TEXTS:
            self.fields[one.name] = forms.CharField(
                label=one.label,
                required=False,
                max_length=_LONGEST,
                help_text=one.hint,
                # The blank placeholder tells the stylesheet whether something stands in the box.
                widget=forms.Textarea(
                    attrs={"rows": one.rows, "placeholder": " ", "class": "input--miss" if one.is_required else ""}
                ),
            )
            self.fields[f"seen-{one.name}"] = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    @classmethod
    def of(cls, postmortem: Postmortem) -> "ReportForm":
        """The report as it is stored."""
        texts = {one.name: postmortem.text_of(one.name) for one in fields.TEXTS}
        return cls(initial=texts | {f"seen-{name}": mark for name, mark in postmortem.marks.items()})

    @property
    def texts(self) -> dict[str, str]:
        return {one.name: self.cleaned_data[one.name] for one in fields.TEXTS if self.add_prefix(one.name) in self.data}

    @property
    def seen(self) -> dict[str, str]:
        return {one.name: self.cleaned_data[f"seen-{one.name}"] for one in fields.TEXTS}

    @property
    def marks(self) -> list[tuple[str, str]]:
        """(name, mark) of the texts as they stand in the boxes now, for the next save."""
        return [(f"seen-{one.name}", self._mark(one.name)) for one in fields.TEXTS]

    def _mark(self, name: str) -> str:
        """While something is refused, what the person once got; else what they just sent."""
        if self.is_bound and self.errors:
            return str(self[f"seen-{name}"].value() or "")
        return fields.mark(str(self[name].value() or ""))

    def boxes(self, report: Report) -> list[dict[str, Any]]:
        """Every part of the report with its box, in the documents' order; the timeline has none."""
        return [
            {"part": part, "box": self[part.field.name] if part.field in fields.TEXTS else None}
            for part in report.parts
        ]


class LineForm(GuardedForm):
    """Something from memory."""

    occurred_at = MomentField(label="When (UTC)", error_messages={"required": "Say when it happened."})
    text = forms.CharField(
        label="What happened",
        max_length=2_000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Write what happened."},
    )


class BackForm(GuardedForm):
    """Why the report goes back to its draft."""

    reason = forms.CharField(
        label="What has to change",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what has to change."},
    )


class SummaryForm(GuardedForm):
    """What readers outside may know of the report."""

    summary = forms.CharField(
        label="Public summary",
        max_length=5_000,
        help_text="What happened, why, and what keeps it from happening again. No internal names.",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Write what readers may know."},
    )

    is_public = True
