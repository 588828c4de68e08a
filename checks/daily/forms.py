"""What the sheet asks a person, and the word for the next one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from checks.daily.actions import Said
from checks.daily.lines import BY_SLUG
from checks.daily.models import DailyAnswer
from opsportal.privacy.forms import GuardedForm

_NOT_LOOKED = DailyAnswer.Answer.NOT_LOOKED


@dataclass(frozen=True)
class Asked:
    """One question with its two fields, for the page."""

    slug: str
    question: str
    answer: forms.BoundField
    note: forms.BoundField

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        chosen = str(self.answer.value() or _NOT_LOOKED)
        return [(value, label, value == chosen) for value, label in DailyAnswer.Answer.choices]


class SignForm(GuardedForm):
    """Its questions are those that no check answers today."""

    note = forms.CharField(
        label="For the next person",
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Totals and handles only.",
    )

    def __init__(self, asked: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slugs = tuple(asked)
        for slug in self.slugs:
            self.fields[f"answer_{slug}"] = forms.ChoiceField(
                label=BY_SLUG[slug].question,
                choices=DailyAnswer.Answer.choices,
                required=False,
                error_messages={"invalid_choice": "Choose one of the answers."},
            )
            self.fields[f"note_{slug}"] = forms.CharField(
                label=f"Note, {BY_SLUG[slug].title}",
                max_length=200,
                required=False,
                widget=forms.TextInput(attrs={"placeholder": "Note, totals only", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for slug in self.slugs:
            is_no = cleaned.get(f"answer_{slug}") == DailyAnswer.Answer.NO
            if is_no and not cleaned.get(f"note_{slug}") and f"note_{slug}" not in self.errors:
                self.add_error(f"note_{slug}", "Say briefly what is wrong.")
        return cleaned

    @property
    def questions(self) -> Iterator[Asked]:
        for slug in self.slugs:
            yield Asked(slug, BY_SLUG[slug].question, self[f"answer_{slug}"], self[f"note_{slug}"])

    @property
    def said(self) -> dict[str, Said]:
        data = self.cleaned_data
        return {slug: Said(data[f"answer_{slug}"] or _NOT_LOOKED, data[f"note_{slug}"]) for slug in self.slugs}
