"""A file of checks, chosen or typed; what stands in it is judged check by check, by the import."""

from typing import Any

from django import forms

from opsportal.privacy.forms import GuardedForm

MOST_UPLOAD = 900 * 1024


class CodeForm(GuardedForm):
    """A file goes before typed text. What was read of it comes back as text, for a second look and a second press."""

    unguarded = ("text",)  # check by check, with the name of the field

    file = forms.FileField(
        required=False,
        label="File",
        help_text="The .yaml file of an export, or one of your own. All of it is taken in, or nothing.",
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
        error_messages={"empty": "This file is empty."},
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off", "class": "mono"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MOST_UPLOAD:
            raise forms.ValidationError(f"This file is larger than {MOST_UPLOAD // 1024} KiB. Use checks_import.")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not cleaned.get("file") and not str(cleaned.get("text", "")).strip():
            self.add_error("file", "Choose a file, or write its text.")
        return cleaned

    def words(self) -> str:
        """What was sent, whichever way."""
        file = self.cleaned_data["file"]
        return file.read().decode(errors="replace") if file else str(self.cleaned_data["text"])
