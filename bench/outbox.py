"""A storm through the outbox: 5,000 messages for seven receivers, beside the same messages sent straight.

Six signed webhooks and a mail server on this machine, which take at once, so what is measured is our own cost. One
message in fifty was written by a person and is queued last. An eighth receiver has a budget of 60 a minute.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

MESSAGES = int(os.environ.get("OPSPORTAL_BENCH_MESSAGES") or 5000)
ROOT = Path(__file__).resolve().parent.parent


def run() -> dict[str, float]:
    """Messages a second both ways and their ratio; lost, doubled, shares, places in line, megabytes."""
    from tests.engines import Engines

    engines = Engines()
    try:
        engines.start()
        _python("manage.py", "migrate", "--no-input", "--verbosity", "0")
        found: dict[str, float] = json.loads(_python("-m", "bench._outbox", "receive", str(MESSAGES)).splitlines()[-1])
    finally:
        engines.stop()
    return found


def _python(*argv: str) -> str:
    return subprocess.run([sys.executable, *argv], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
