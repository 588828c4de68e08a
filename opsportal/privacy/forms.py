"""Forms whose free text passes the guard before anything is saved, and comes back without what may not be stored."""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from opsportal.privacy import guard, leaks
from opsportal.privacy.normalise import is_blank

# Control characters and other ends of a line; a tab comes from spreadsheets.
_NO_LINE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# Embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9).
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TYPED = (forms.EmailField, forms.URLField, forms.GenericIPAddressField, forms.UUIDField)


class GuardedForm(forms.Form):
    """Every field passes the guard, since a secret lands in whatever box has the focus; `unguarded` names exceptions.

    Text with a finding is refused, nothing of it is kept, and the field comes back with `[removed: kind]` in place of
    a secret and a stable token in place of a person, so that the person only has to send again. `removed` names the
    kinds for the note on top. `is_public` says that readers outside will see it: there a person is removed as well.
    Fields in `typed`, and fields for e-mail, web and network addresses, may hold what they are for, but no secret.
    """

    is_public: ClassVar[bool] = False
    typed: ClassVar[tuple[str, ...]] = ()

    unguarded: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.removed: list[str] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if name not in self.unguarded and not field.disabled:
                is_typed = name in self.typed or isinstance(field, _TYPED)
                text = str(self.data.get(self.add_prefix(name), ""))
                self._guard(name, text, is_typed=is_typed)
                self._see(name, field, text)
                self._shape(name, field, text)
        return cleaned

    def _see(self, name: str, field: forms.Field, text: str) -> None:
        """Signs of no width are no words: a title of them could not be read or clicked."""
        if isinstance(field, forms.CharField) and field.required and name not in self.errors and is_blank(text):
            self.add_error(name, ValidationError(field.error_messages["required"], code="required"))

    def _shape(self, name: str, field: forms.Field, text: str) -> None:
        """A one-line field holds one line: its words become subjects and headers, where a second line is an order.

        Readers outside get no letters that turn the reading direction either, behind which a text says another thing.
        """
        if name in self.errors or not isinstance(field, forms.CharField):
            return
        is_one_line = isinstance(field.widget, forms.TextInput) and field.widget.input_type == "text"
        if is_one_line and _NO_LINE.search(text.strip()):
            self.add_error(name, ValidationError("Write one line, without signs that cannot be seen.", code="line"))
        elif self.is_public and _TURNING.search(text):
            self.add_error(name, ValidationError("Take out the signs that turn the reading direction.", code="turning"))

    def _guard(self, name: str, text: str, *, is_typed: bool) -> None:
        if len(text) > guard.MAX_CHARACTERS:
            self.add_error(name, ValidationError(f"Shorten this to {guard.MAX_CHARACTERS} characters.", code="long"))
            return
        found = [one for one in guard.scan(text) if not is_typed or one.must is guard.Must.BLOCK]
        if not found:
            if self.is_public and not is_typed and guard.judge(text, is_public=True).word != "pass":
                self.add_error(name, ValidationError(guard.UNREAD, code="privacy"))
            return
        if any(text in sentence for sentence in self.errors.get(name, [])):
            del self.errors[name]
        places = ", ".join(f"{one.kind} in line {one.line}, column {one.column}" for one in found[:5])
        self._take_out(name, found, places, guard.redact(text, is_public=self.is_public))

    def take_out_of_meaning(self, name: str, found: list[guard.Finding], instead: str) -> None:
        """The field's words hide these, where no line and column says: they come back as `instead`."""
        kinds = ", ".join(dict.fromkeys(one.kind for one in found))
        self._take_out(name, found, f"{kinds}, written so that it is not seen at once", instead)

    def _take_out(self, name: str, found: list[guard.Finding], said: str, instead: str) -> None:
        leaks.prevented(one.kind for one in found)
        self.removed += [one.kind for one in found]
        self.add_error(name, ValidationError(f"Not saved: {said}. We took it out.", code="privacy"))
        typed: Any = self.data
        data = typed.copy()
        data[self.add_prefix(name)] = instead
        self.data = data
