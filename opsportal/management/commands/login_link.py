"""A way in when passwords and the identity provider fail: break-glass from the host."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from opsportal.accounts import actions
from opsportal.accounts.views import link_address
from opsportal.commands import Exit, OpsCommand
from opsportal.models import User


class Command(OpsCommand):
    help = "Print a one-time sign-in link for a person; it works once and ends after an hour. The use is audited."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME")

    def run(self, *, user: str, **_: Any) -> Exit:
        person = User.objects.filter(username=user).first()
        if person is None:
            known = ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20])
            self.say(f"Nobody is named {user}. Known: {known or 'nobody yet'}.")
            return Exit.ERROR
        self.stdout.write(
            link_address("accounts:login-link", actions.offer_login(person, by="shell", at=timezone.now()))
        )
        return Exit.OK
