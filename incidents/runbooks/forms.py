"""Are the words well formed? A text with its head, how a use went, a file, the list's filters."""

import re
from typing import Any

from django import forms

from incidents.ownership.models import Domain, handle_validator
from incidents.runbooks import queries
from incidents.runbooks.actions import Draft
from incidents.runbooks.expecting import LONGEST as LONGEST_LINE
from incidents.runbooks.files import LONGEST
from incidents.runbooks.models import Runbook, RunbookUse
from opsportal.as_code import UploadForm
from opsportal.privacy.forms import GuardedForm
from opsportal.slug_field import SlugField

SUBJECT = re.compile(r"INC-[0-9]{1,8}")


class RunbookForm(GuardedForm):
    """A runbook's text and head."""

    slug = SlugField(example="database-outage")
    title = forms.CharField(
        label="Title",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a title."},
    )
    domain = forms.ModelChoiceField(
        label="Domain",
        queryset=Domain.objects.order_by("position", "name"),
        to_field_name="slug",
        required=False,
        empty_label="No single domain",
    )
    tokens = forms.CharField(
        label="Tokens it answers",
        max_length=400,
        required=False,
        help_text="Reasons of commands and checks, such as missing_env, with commas between.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    owner = forms.CharField(
        label="Owner",
        max_length=64,
        required=False,
        validators=[handle_validator],
        help_text="A handle of the ownership matrix, such as @be-lead.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    body = forms.CharField(
        label="Text",
        max_length=LONGEST,
        help_text="Markdown. 1. begins a step; ``` lines below it are commands to copy; Expect: names the token line.",
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true", "class": "mono"}),
        error_messages={"required": "Write what has to be done."},
    )
    note = forms.CharField(
        label="What you changed",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, min_value=0, max_value=1_000_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("note", "version") if is_new else ("slug",):
            del self.fields[name]

    @classmethod
    def of(cls, runbook: Runbook) -> "RunbookForm":
        """The runbook as it stands."""
        head = {name: getattr(runbook, name) for name in ("title", "body", "owner", "version")}
        domain = runbook.domain.slug if runbook.domain else ""
        return cls(initial=head | {"domain": domain, "tokens": ", ".join(runbook.token_list)})

    @property
    def draft(self) -> Draft:
        given = self.cleaned_data
        tokens = tuple(given["tokens"].replace(",", " ").split())
        return Draft(
            given["title"], given["body"].replace("\r\n", "\n").strip(), given["domain"], tokens, given["owner"]
        )


class SeenForm(forms.Form):
    """Which version somebody has before them."""

    version = forms.IntegerField(min_value=1, max_value=1_000_000)

    @property
    def seen(self) -> int:
        """0 when it does not say: no version has that number."""
        return int(self.cleaned_data["version"]) if self.is_valid() else 0


class UseForm(GuardedForm):
    """How it went."""

    result = forms.ChoiceField(
        label="Did it work?",
        choices=[(one.value, one.label) for one in RunbookUse.SAID],
        error_messages={"required": "Say whether it worked.", "invalid_choice": "Say whether it worked."},
    )
    note = forms.CharField(
        label="What did not work, or what you did otherwise",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    subject = forms.RegexField(
        rf"^{SUBJECT.pattern}\Z",
        label="Incident",
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "input--auto", "placeholder": "INC-12"}),
        error_messages={"invalid": "Write the incident as INC-12."},
    )


class EndForm(UseForm):
    """How a use went that was begun here: what it was for is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["subject"]


class SubjectForm(forms.Form):
    """What a runbook is followed for."""

    subject = forms.RegexField(rf"^{SUBJECT.pattern}\Z", required=False)

    @property
    def subject_of(self) -> str:
        """Nothing when it is no incident."""
        return str(self.cleaned_data["subject"]) if self.is_valid() else ""


class SaidForm(GuardedForm):
    """The token line that a command ended with in a shell, or no command: the step is done."""

    place = forms.IntegerField(required=False, min_value=0, max_value=99, widget=forms.HiddenInput)
    got = forms.CharField(
        label="Token line",
        max_length=LONGEST_LINE,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "input--code"}),
    )


class BundleForm(UploadForm):
    """A file with one runbook, or a zip of many; its words are asked by the action, file by file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = "One .md file, or a .zip of them. All are imported, or none."
        self.fields["file"].widget.attrs["accept"] = ".md,.zip"


class FilterForm(forms.Form):
    """The list's filters as they stand in the URL; a word that is none of ours is left out."""

    show = forms.ChoiceField(required=False, choices=[("", "In use"), *queries.SHOWS.items()])
    domain = forms.SlugField(required=False)

    @property
    def filters(self) -> queries.Filters:
        self.is_valid()
        given = self.cleaned_data
        return queries.Filters(show=given.get("show", ""), domain=given.get("domain", ""))
