"""How long the embedded servers take: first start, start after a kill, stop. Part of "under 60 s to the first page"."""

import io
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from opsportal.embedded import postgres, redis
from opsportal.supervisor import Console, Supervisor


def run() -> dict[str, float]:
    """Seconds, on an empty folder that is removed again."""
    data_dir = Path(tempfile.mkdtemp(prefix="opsportal-bench-"))
    supervisor = Supervisor(Console(io.StringIO()))
    try:
        return {
            "create_cluster_seconds": _seconds(lambda: postgres.prepare(data_dir)),
            "first_start_seconds": _seconds(lambda: _start(supervisor, data_dir)),
            "after_kill_seconds": _seconds(lambda: _kill_and_wait(supervisor, data_dir)),
            "stop_seconds": _seconds(lambda: supervisor.stop([["redis"], ["postgres"]])),
        }
    finally:
        supervisor.stop()
        postgres.discard(data_dir)
        redis.discard(data_dir)
        shutil.rmtree(data_dir)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _start(supervisor: Supervisor, data_dir: Path) -> None:
    database, queue = postgres.prepare(data_dir), redis.prepare(data_dir)
    supervisor.start(database.child())
    supervisor.start(queue.child())
    _wait(supervisor, database, queue)
    database.create_roles()


def _kill_and_wait(supervisor: Supervisor, data_dir: Path) -> None:
    """The supervisor's own pause of half a second is part of it: that is what people wait for."""
    before = supervisor.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    supervisor.wait_until(lambda: not before.items() & supervisor.pids().items(), within=10)
    _wait(supervisor, postgres.prepare(data_dir), redis.prepare(data_dir))


def _wait(supervisor: Supervisor, database: postgres.Postgres, queue: redis.Redis) -> None:
    if not supervisor.wait_until(lambda: database.is_ready() and queue.is_ready(), within=30):
        raise RuntimeError("The servers did not come up within 30 s.")
