"""The door with nothing behind it: what Granian serves while bench/statuspage.py measures."""

import os
from pathlib import Path
from typing import Any

from opsportal.responder import SnapshotResponder


def _nobody(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


application = SnapshotResponder(_nobody, directory=Path(os.environ["STATUSPAGE_BENCH_DIR"]))
