"""Entries from a file: chosen or typed, shown first what it would do, then taken in whole or not at all.

A room brings its own `import_file`; what a person does with the file is the same everywhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now

from opsportal import plain_yaml
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.privacy.forms import GuardedForm
from opsportal.signed_in import person

_MOST_UPLOAD = 900 * 1024


class Plan(Protocol):
    """What an import does, or would do."""

    @property
    def added(self) -> tuple[Any, ...]: ...
    @property
    def changed(self) -> tuple[Any, ...]: ...
    @property
    def left(self) -> int: ...


P = TypeVar("P", bound=Plan, covariant=True)


class ImportFile(Protocol[P]):
    """Add and change what the file says, and leave the rest; ImportRefused with every fault, and nothing is stored.

    What is sent is what the form gives: the text of a FileForm, the file of an UploadForm.
    """

    def __call__(self, sent: Any, /, *, by: User, at: datetime) -> P: ...


@dataclass(frozen=True)
class Wrong:
    """One fault: under which key, in which field, on which line of the file; line 0 when it has none."""

    entry: str
    field: str
    sentence: str
    line: int = 0


class ImportRefused(Refused):
    """Nothing was taken in; `wrong` has every fault. `entry` is what the file holds, such as "check"."""

    def __init__(self, wrong: list[Wrong], entry: str) -> None:
        entries = len({one.entry for one in wrong})
        faults = "1 fault" if len(wrong) == 1 else f"{len(wrong)} faults"
        where = f"1 {entry}" if entries == 1 else f"{entries} {entry}s"
        super().__init__("IMPORT_REFUSED", f"Nothing was imported: {faults} in {where}. Mend them and send all again.")
        self.wrong = wrong


class UploadForm(GuardedForm):
    """A file and nothing beside it, such as a zip. It has to be chosen again for a second press."""

    file = forms.FileField(label="File", error_messages={"required": "Choose a file.", "empty": "This file is empty."})

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > _MOST_UPLOAD:
            raise forms.ValidationError(f"This file is larger than {_MOST_UPLOAD // 1024} KiB. Send it in parts.")
        return file

    def sent(self) -> Any:
        """What the room takes in."""
        return self.cleaned_data["file"]

    @classmethod
    def again(cls, sent: Any) -> "UploadForm":
        """The form for a second press."""
        return cls()

    @classmethod
    def to_mend(cls, sent: Any) -> "UploadForm":
        """The form after a refusal, without any secret."""
        return cls()


class FileForm(UploadForm):
    """A file goes before typed text. What was read of it comes back as text, for a second look and a second press."""

    unguarded = ("text",)  # entry by entry, with the name of the field

    file = forms.FileField(
        required=False,
        label="File",
        help_text="The .yaml file of an export, or one of your own. All of it is imported, or nothing.",
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
        error_messages={"empty": "This file is empty."},
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off", "class": "mono"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not cleaned.get("file") and not str(cleaned.get("text", "")).strip():
            self.add_error("file", "Choose a file, or write its text.")
        return cleaned

    def sent(self) -> str:
        """Its text, whichever way it came."""
        file = self.cleaned_data["file"]
        return file.read().decode(errors="replace") if file else str(self.cleaned_data["text"])

    @classmethod
    def again(cls, sent: Any) -> "FileForm":
        return cls(initial={"text": sent})

    @classmethod
    def to_mend(cls, sent: Any) -> "FileForm":
        return cls(initial={"text": _without_secrets(sent)})


def said_of(errors: Iterable[ValidationError]) -> str:
    """What a form says of a field; of a file nothing was taken out."""
    return " ".join(sentence for error in errors for sentence in error.messages).removesuffix(" We took it out.")


def rehearse(import_file: Callable[..., P], sent: Any, *, by: User, at: datetime) -> P:
    """What an import would do. It is done whole and taken back, so that nothing is overlooked."""
    with transaction.atomic():
        plan = import_file(sent, by=by, at=at)
        transaction.set_rollback(True)
    return plan


def import_page(
    request: HttpRequest, template: str, *, import_file: ImportFile[Plan], then: str, kind: type[UploadForm] = FileForm
) -> HttpResponse:
    """Look at what a file would do, then take it in: all of it, or nothing and every fault. Then the list, `then`."""
    form = kind(request.POST, request.FILES) if request.method == "POST" else kind()
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        sent, by, at = form.sent(), person(request), now()
        try:
            if request.POST.get("act") == "import":
                plan = import_file(sent, by=by, at=at)
                said = f"{len(plan.added)} added, {len(plan.changed)} changed, {plan.left} left as they were."
                status_message(request, said)
                return see(request, then)
            context |= {"plan": rehearse(import_file, sent, by=by, at=at), "form": kind.again(sent)}
        except Refused as refusal:
            context |= {"refusal": refusal, "wrong": getattr(refusal, "wrong", []), "form": kind.to_mend(sent)}
    status = 422 if form.errors or "refusal" in context else 200
    return render_page(request, template, context, status=status)


def _without_secrets(text: str) -> str:
    """What comes back to be mended: no secret does, also none that an escape in quotes writes."""
    meant = "\n\n".join(plain_yaml.words(text))
    if guard.for_export(meant) != meant:
        text = plain_yaml.rewritten(text, guard.for_export)
    return guard.for_export(text)


def download(text: str, name: str) -> HttpResponse:
    """An export as a file of this name."""
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
