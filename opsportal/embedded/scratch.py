"""A PostgreSQL of one's own for as long as a block of code: nothing of it stays."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsportal.embedded import postgres
from opsportal.embedded.places import Unusable
from opsportal.supervisor import Console, Supervisor


@contextmanager
def scratch() -> Iterator[postgres.Postgres]:
    """An empty one with both roles, gone after the block; Unusable when it cannot start."""
    parent = Path(tempfile.mkdtemp(prefix="opsportal-scratch-"))
    parent.chmod(0o711)  # the server's own user passes through when we are root
    said = io.StringIO()
    supervisor = Supervisor(Console(said))
    data_dir = parent / "data"
    data_dir.mkdir(mode=0o711)
    try:
        server = postgres.prepare(data_dir)
        supervisor.start(server.child())
        if not supervisor.wait_until(server.is_ready, within=60):
            raise Unusable("A scratch PostgreSQL did not answer within 60 s: " + said.getvalue()[-300:].strip())
        server.create_roles()
        yield server
    finally:
        supervisor.stop([["postgres"]])
        postgres.discard(data_dir)
        shutil.rmtree(parent, ignore_errors=True)
