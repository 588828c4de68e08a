"""`prod_config_contract`: are all names set that production needs?"""

from typing import Any

from django.core.management.base import CommandParser

from opsportal import prod_config
from opsportal.commands import Exit, OpsCommand


class Command(OpsCommand):
    speaks = "prod_config"
    help = "Say which environment names production needs and does not have; names only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mode", default="ci", help="ci or prod_required")

    def run(self, *, mode: str, **_: Any) -> Exit:
        found = prod_config.read(mode)
        for line in found.lines():
            self.stdout.write(line)
        return Exit.OK if found.is_complete else Exit.ERROR
