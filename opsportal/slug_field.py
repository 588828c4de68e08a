"""The box in which a person chooses the last part of an address."""

from typing import Any

from django import forms

from opsportal.slugs import SLUG


class SlugField(forms.RegexField):
    """It never changes afterwards, so that links to it live."""

    def __init__(self, *, example: str, longest: int = 60, **kwargs: Any) -> None:
        super().__init__(
            rf"^{SLUG.pattern}\Z",
            label="Address",
            max_length=longest,
            strip=True,
            help_text=f"The last part of its address, such as {example}. It never changes.",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            error_messages={"required": "Give it an address.", "invalid": "Small letters, digits and single dashes."},
            **kwargs,
        )
