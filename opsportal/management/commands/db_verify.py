"""`db_verify`: does the database answer, and has it every table of this version?"""

from typing import Any

from opsportal.commands import Exit, OpsCommand
from opsportal.schema import database
from opsportal.schema.fault import Fault


class Command(OpsCommand):
    speaks = "db_verify"
    help = "Connect, look for every table and every migration. Exit 0 where no database is configured."

    def run(self, **_: Any) -> Exit:
        try:
            database.verify()
        except Fault as fault:
            configured = fault.reason != "missing_dsn"
            self.token("db_verify", status="fail" if configured else "not_configured", reason=fault.reason)
            self.say(fault.sentence)
            return Exit.ERROR if configured else Exit.OK
        self.token("db_verify", status="ok")
        return Exit.OK
