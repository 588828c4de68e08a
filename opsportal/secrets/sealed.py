"""A closed value, and the model field that holds nothing else: plain text cannot be saved or printed by mistake."""

from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import models

from opsportal.errors import Refused
from opsportal.secrets import keys


@dataclass(frozen=True, repr=False)
class Sealed:
    """Ciphertext. Only `open` gives the value, and who calls it says by that that it is needed."""

    token: str = ""

    def __bool__(self) -> bool:
        return bool(self.token)

    def __repr__(self) -> str:
        return "Sealed()" if not self.token else "Sealed(…)"

    __str__ = __repr__

    def open(self) -> str:
        """The value; Refused, naming the variable only, when no key opens it."""
        if not self.token:
            return ""
        try:
            return keys.ring().decrypt(self.token.encode()).decode()
        except InvalidToken:
            raise _wrong_key() from None

    def again(self) -> "Sealed":
        """The same value under the newest key."""
        try:
            return Sealed(keys.ring().rotate(self.token.encode()).decode()) if self.token else self
        except InvalidToken:
            raise _wrong_key() from None


def _wrong_key() -> Refused:
    return Refused("WRONG_KEY", f"{keys.NAME} does not open what is stored. Set the key it had before.")


def seal(value: str) -> Sealed:
    """Close a value under the newest key; nothing stays nothing."""
    return Sealed(keys.ring().encrypt(value.encode()).decode()) if value else Sealed()


class SecretField(models.TextField[Sealed, Sealed]):
    """A column of ciphertext. Assign `seal(value)`; a plain string is a mistake and is refused when it is saved."""

    def from_db_value(self, value: str | None, *_: object) -> Sealed:
        return Sealed(value or "")

    def to_python(self, value: Any) -> Sealed:
        return value if isinstance(value, Sealed) else Sealed(value or "")

    def get_prep_value(self, value: Any) -> str:
        if isinstance(value, Sealed):
            return value.token
        if value:
            raise TypeError(f"{self.name} takes seal(value), not plain text")
        return ""

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj).token)
