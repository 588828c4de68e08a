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
        parser.add_argument(
            "--break-glass", action="store_true", help="pass the second factor too; every admin is told of the use"
        )

    def run(self, *, user: str, break_glass: bool, **_: Any) -> Exit:
        person = User.objects.filter(username=user).first()
        if person is None:
            known = ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20])
            self.say(f"Nobody is named {user}. Known: {known or 'nobody yet'}.")
            return Exit.ERROR
        token = actions.offer_login(person, by="shell", at=timezone.now(), skips_factor=break_glass)
        self.stdout.write(link_address("accounts:login-link", token))
        return Exit.OK
