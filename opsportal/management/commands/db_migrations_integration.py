"""`db_migrations_integration`: every migration on a database of its own, then db_verify there."""

import os
import re
import subprocess
import sys
from typing import Any

from django.conf import settings

from opsportal.commands import Exit, OpsCommand
from opsportal.embedded import postgres
from opsportal.embedded.places import Unusable
from opsportal.embedded.scratch import scratch

_APPLIED = re.compile(r"^db_bootstrap status=ok mode=apply_migrations applied=(\d+)", re.M)
_REASON = re.compile(r"status=fail(?: mode=\w+)? reason=(\w+)")


class Command(OpsCommand):
    speaks = "db_migrations_integration"
    help = "Start an empty PostgreSQL, apply every migration, verify, and throw it away. Touches no other database."

    def run(self, **_: Any) -> Exit:
        try:
            with scratch() as server:
                done = _bootstrap(server)
        except Unusable as reason:
            self.token("db_migrations_integration", status="fail", reason="no_scratch_database")
            self.say(str(reason))
            return Exit.ERROR
        self.stderr.write(done.stderr, ending="")
        if done.returncode or not (applied := _APPLIED.search(done.stdout)):
            found = _REASON.search(done.stdout)
            self.token("db_migrations_integration", status="fail", reason=found[1] if found else "migration_failed")
            return Exit.ERROR
        self.token("db_migrations_integration", status="ok", applied=applied[1])
        return Exit.OK


def _bootstrap(server: postgres.Postgres) -> subprocess.CompletedProcess[str]:
    """In a process of its own: this one is bound to the database it was started with."""
    address = server.url(postgres.OWNER)
    return subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "db_bootstrap", "all"],
        env={**os.environ, "DATABASE_URL": address, "DATABASE_MIGRATE_URL": address},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
