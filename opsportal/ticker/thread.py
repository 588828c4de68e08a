"""The clock of the house: a thread in each worker that rings each job's bell. No beat process.

Several workers mean several tickers; that is harmless, because each job claims its period in PostgreSQL.
"""

import threading
from dataclasses import dataclass
from datetime import timedelta

from opsportal.background import listen, wake


@dataclass(frozen=True)
class Job:
    """A task that is woken every so often on a queue. An old bell is worthless: it expires with its period."""

    task: str
    every: timedelta
    queue: str = "default"


class Ticker(threading.Thread):
    """Rings until stopped. Drift does not matter; the claims in PostgreSQL keep the periods."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        super().__init__(name="ticker", daemon=True)
        self.jobs = jobs
        self.stopped = threading.Event()

    def run(self) -> None:
        second = 0
        while not self.stopped.wait(1.0):
            listen()
            for job in self.jobs:
                every = int(job.every.total_seconds())
                if second % every == 0:
                    wake(job.task, queue=job.queue, expires=max(5.0, float(every)))
            second += 1

    def stop(self) -> None:
        self.stopped.set()
