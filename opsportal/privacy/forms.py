"""Forms whose free text passes the guard before anything is saved, and comes back without what may not be stored."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from opsportal.privacy import guard


class GuardedForm(forms.Form):
    """Every field passes the guard, since a secret lands in whatever box has the focus; `unguarded` names exceptions.

    Text with a finding is refused, nothing of it is kept, and the field comes back with `[removed: kind]` in its
    place, so that the person only has to send again. `removed` names the kinds for the note on top.
    """

    unguarded: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.removed: list[str] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if name not in self.unguarded and not field.disabled:
                self._guard(name, str(self.data.get(self.add_prefix(name), "")))
        return cleaned

    def _guard(self, name: str, text: str) -> None:
        if len(text) > guard.MAX_CHARACTERS:
            self.add_error(name, ValidationError(f"Shorten this to {guard.MAX_CHARACTERS} characters.", code="long"))
            return
        found = guard.scan(text)
        if not found:
            return
        self.removed += [one.kind for one in found]
        if any(text in sentence for sentence in self.errors.get(name, [])):
            del self.errors[name]
        places = ", ".join(f"{one.kind} in line {one.line}, column {one.column}" for one in found[:5])
        self.add_error(name, ValidationError(f"Not saved: {places}. We took it out.", code="privacy"))
        typed: Any = self.data
        data = typed.copy()
        data[self.add_prefix(name)] = guard.redact(text)
        self.data = data
