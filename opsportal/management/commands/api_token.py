"""A token from the shell, for the first program and for emergencies."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from opsportal.commands import Exit, OpsCommand
from opsportal.models import User
from opsportal.tokens import actions, scopes


class Command(OpsCommand):
    """Prints the token once; it is stored as a hash only."""

    help = "Make an API token for a person and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="name of the person")
        parser.add_argument("--scopes", required=True, help=f"comma list out of: {', '.join(scopes.BY_NAME)}")
        parser.add_argument("--name", default="shell", help="what will use it")
        parser.add_argument("--days", type=int, default=90, help="days until it ends (default 90)")

    def run(self, *args: Any, **options: Any) -> Exit:
        person = User.objects.filter(username=options["user"]).first()
        if person is None:
            self.say(f"There is nobody named {options['user']}.")
            return Exit.ERROR
        issued = actions.issue(
            person,
            name=options["name"][:64] or "shell",
            scopes=[name.strip() for name in options["scopes"].split(",") if name.strip()],
            lifetime=timedelta(days=min(options["days"], 10_000)),
            by="shell",
            at=timezone.now(),
        )
        self.stdout.write(issued.text)
        self.say(f"Shown once. Acts for {person.username} until {issued.token.expires_at:%Y-%m-%d %H:%M} UTC.")
        return Exit.OK
