"""The proof that the keys of today open what was closed before."""

from django.db import models
from django.db.models.functions import Now

from opsportal.secrets.sealed import SecretField


class KeyProof(models.Model):
    """One row, closed at the first start: a key that does not open it is the wrong one."""

    proof = SecretField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return "proof of the keys"
