"""The embedded PostgreSQL of a portal that is stopped, up for as long as a restore into it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsportal import data_folder
from opsportal.embedded import places, postgres
from opsportal.embedded.places import Unusable
from opsportal.supervisor import Console, Supervisor, end_orphans

_LEAST_FREE = 200 * data_folder.MEGABYTE


@contextmanager
def own_server(folder: Path) -> Iterator[postgres.Postgres]:
    """Locks the folder, so that no portal starts meanwhile; Unusable says why it cannot be had."""
    taken = data_folder.take(folder, least_free=_LEAST_FREE)
    end_orphans(taken.children)
    said = io.StringIO()
    supervisor = Supervisor(Console(said), record=taken.children)
    server = postgres.prepare(taken.path)
    try:
        supervisor.start(server.child())
        if not supervisor.wait_until(server.is_ready, within=60):
            raise Unusable("PostgreSQL did not answer within 60 s: " + said.getvalue()[-300:].strip())
        server.create_roles()
        yield server
    finally:
        supervisor.stop([["postgres"]])
        places.remove_socket_folder(server.sockets)
        taken.release()
