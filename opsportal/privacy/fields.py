"""The one model field for free text that people or machines hand in: what must never be stored cannot be saved."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from opsportal.privacy import guard


class GuardedTextField(models.TextField[str, str]):
    """Text that has passed the privacy guard. The last door: forms and actions ask the guard before."""

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        if isinstance(prepared, str):
            guard.require_clean(prepared)
        return prepared

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        found = guard.scan(str(value))
        if found:
            raise ValidationError(guard.sentence(found), code="privacy")
