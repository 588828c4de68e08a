"""Seals: the links of the hash chains over append-only rows. Append-only themselves (decision 0009)."""

from django.db import models
from django.db.models.functions import Now


class Seal(models.Model):
    """That a row stood there, as it was, at this place of its chain. Append-only."""

    chain = models.CharField(max_length=16)
    seq = models.BigIntegerField()
    row_id = models.BigIntegerField()
    # Which list of columns was hashed; a table that gains a column later keeps its old seals.
    form = models.PositiveSmallIntegerField(default=0)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # Read by verification, in order; also what makes two sealers harmless without their lock.
            models.UniqueConstraint(fields=["chain", "seq"], name="seal_one_place"),
            # Read by the sealer: which rows have no seal yet.
            models.UniqueConstraint(fields=["chain", "row_id"], name="seal_once"),
        ]
        indexes = [
            # Read by the sealer: where the last hour began.
            models.Index(fields=["chain", "-at", "-seq"], name="seal_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}"
