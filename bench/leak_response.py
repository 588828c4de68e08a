"""After a leak: 10,000 people signed in, as many tokens, 1,000 links; how long until nothing of it opens a door.

Against a database of its own with the usual care for its disk. The promise is 10 s (docs/security.md).
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from opsportal.embedded import postgres
from opsportal.supervisor import Console, Supervisor

SESSIONS, TOKENS, LINKS = 10_000, 10_000, 1_000


def run() -> dict[str, float]:
    """Seconds of the act alone, and of the command from the shell's prompt to its next; what was ended."""
    data_dir = Path(tempfile.mkdtemp(prefix="opsportal-bench-"))
    supervisor = Supervisor(Console(io.StringIO()))
    database = postgres.prepare(data_dir)
    try:
        supervisor.start(database.child())
        if not supervisor.wait_until(database.is_ready, within=30):
            raise RuntimeError("PostgreSQL did not come up within 30 s.")
        database.create_roles()
        env = _environment(database, data_dir)
        _python(env, "manage.py", "migrate", "--no-input", "--verbosity", "0")
        counts = (str(SESSIONS), str(TOKENS), str(LINKS))
        act = float(_python(env, "-m", "bench._leak", "respond", *counts))
        _python(env, "-m", "bench._leak", "fill", *counts)
        started = time.perf_counter()
        said = _python(env, "manage.py", "leak_response")
        command = time.perf_counter() - started
        ended = {name: float(number) for name, number in re.findall(r"(\w+)=(\d+)", said)}
        return {"act_seconds": act, "command_seconds": command, **ended}
    finally:
        supervisor.stop()
        postgres.discard(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def _environment(database: postgres.Postgres, data_dir: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database.url(),
        "DATABASE_MIGRATE_URL": database.url(postgres.OWNER),
        "OPSPORTAL_DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "opsportal.settings",
    }


def _python(env: dict[str, str], *words: str) -> str:
    return subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True, text=True).stdout
