"""Which periodic job ran when: the row that makes several tickers harmless."""

from django.db import models


class JobClaim(models.Model):
    """One row a job; whoever moves `claimed_at` forward runs this period. `done_at` is the job's heartbeat."""

    name = models.CharField(max_length=64, primary_key=True)
    claimed_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
