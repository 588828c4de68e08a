"""`rotate_keys`: close every stored secret again under the newest key."""

from typing import Any

from opsportal.commands import Exit, OpsCommand
from opsportal.secrets import actions


class Command(OpsCommand):
    speaks = "rotate_keys"
    help = "Encrypt every stored secret again under the first key of INTEGRATION_ENCRYPTION_KEY. Prints counts only."

    def run(self, **_: Any) -> Exit:
        self.token("rotate_keys", status="ok", secrets=actions.rotate(by="shell"))
        return Exit.OK
