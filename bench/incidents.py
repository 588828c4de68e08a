"""The desk: what one person's pages and polls cost the server, in a warm process on one core.

Real PostgreSQL, every middleware, whole pages; the call is made in the process, as Granian makes it. Beside them in the
same run: `SELECT 1`, the health address (the same middleware with nothing behind), the frame with an empty page in it.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from opsportal.embedded import postgres, redis
from opsportal.supervisor import Console, Supervisor

ROOT = Path(__file__).parents[1]


def run() -> dict[str, float]:
    """Milliseconds at p50 and p95, kilobytes of the pages, bytes of a poll without news, ratios to the bare view."""
    return measured_by("bench._incidents_desk")


def measured_by(program: str) -> dict[str, float]:
    """What a program of ours says beside servers of its own, in a process that lives on one core."""
    data_dir = Path(tempfile.mkdtemp(prefix="opsportal-bench-"))
    supervisor = Supervisor(Console(io.StringIO()))
    try:
        return _measured(program, supervisor, data_dir)
    finally:
        supervisor.stop([["redis"], ["postgres"]])
        postgres.discard(data_dir)
        redis.discard(data_dir)
        shutil.rmtree(data_dir)


def _measured(program: str, supervisor: Supervisor, data_dir: Path) -> dict[str, float]:
    database, queue = postgres.prepare(data_dir), redis.prepare(data_dir)
    supervisor.start(database.child())
    supervisor.start(queue.child())
    if not supervisor.wait_until(lambda: database.is_ready() and queue.is_ready(), within=30):
        raise RuntimeError("The servers did not come up within 30 s.")
    database.create_roles()
    environment = os.environ | {
        "DATABASE_URL": database.url(),
        "DATABASE_MIGRATE_URL": database.url(postgres.OWNER),
        "REDIS_URL": queue.url(),
        "OPSPORTAL_DATA_DIR": str(data_dir),
    }
    for command in ("migrate", "createcachetable", "collectstatic --no-input"):
        _python("manage.py", *command.split(), "--verbosity", "0", environment=environment)
    found: dict[str, float] = json.loads(_python("-m", program, environment=environment))
    return found


def _python(*argv: str, environment: dict[str, str]) -> str:
    """What the program said; its complaints are shown as they come."""
    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
