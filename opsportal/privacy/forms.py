"""Forms whose free text passes the guard before anything is saved, and comes back without what may not be stored."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from opsportal.privacy import guard, leaks
from opsportal.privacy.normalise import is_blank

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
        return cleaned

    def _see(self, name: str, field: forms.Field, text: str) -> None:
        """Signs of no width are no words: a title of them could not be read or clicked."""
        if isinstance(field, forms.CharField) and field.required and name not in self.errors and is_blank(text):
            self.add_error(name, ValidationError(field.error_messages["required"], code="required"))

    def _guard(self, name: str, text: str, *, is_typed: bool) -> None:
        if len(text) > guard.MAX_CHARACTERS:
            self.add_error(name, ValidationError(f"Shorten this to {guard.MAX_CHARACTERS} characters.", code="long"))
            return
        found = [one for one in guard.scan(text) if not is_typed or one.must is guard.Must.BLOCK]
        if not found:
            if self.is_public and not is_typed and guard.judge(text, is_public=True).word != "pass":
                self.add_error(name, ValidationError(guard.UNREAD, code="privacy"))
            return
        leaks.prevented(one.kind for one in found)
        self.removed += [one.kind for one in found]
        if any(text in sentence for sentence in self.errors.get(name, [])):
            del self.errors[name]
        places = ", ".join(f"{one.kind} in line {one.line}, column {one.column}" for one in found[:5])
        self.add_error(name, ValidationError(f"Not saved: {places}. We took it out.", code="privacy"))
        typed: Any = self.data
        data = typed.copy()
        data[self.add_prefix(name)] = guard.redact(text, is_public=self.is_public)
        self.data = data
