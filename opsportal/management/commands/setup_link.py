"""The first admin's way in; bin/up prints it."""

from typing import Any

from django.utils import timezone

from opsportal.accounts import actions
from opsportal.accounts.views import link_address
from opsportal.commands import Exit, OpsCommand


class Command(OpsCommand):
    help = "Print the one-time set-up link for the first admin; nothing when an admin exists."

    def run(self, **_: Any) -> Exit:
        token = actions.offer_setup(at=timezone.now())
        if token:
            self.stdout.write(link_address("accounts:setup", token))
        return Exit.OK
