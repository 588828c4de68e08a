"""Force people to sign in again, from the host."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from opsportal.commands import Exit, OpsCommand
from opsportal.leaks import actions
from opsportal.models import User


class Command(OpsCommand):
    speaks = "invalidate_sessions"
    help = "Log out everybody (--all) or one person (--user NAME). Prints a count."

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--all", action="store_true")
        who.add_argument("--user", metavar="NAME")

    def run(self, *, user: str | None = None, **_: Any) -> Exit:
        at = timezone.now()
        if user is None:
            ended = actions.invalidate_all_sessions(by="shell", at=at)
        elif person := User.objects.filter(username=user).first():
            ended = actions.invalidate_sessions_of(person, by="shell", at=at)
        else:
            self.say("Nobody has this name. The People screen lists all.")
            self.token("invalidate_sessions", status="fail", reason="unknown_user")
            return Exit.ERROR
        self.token("invalidate_sessions", status="ok", sessions=ended)
        return Exit.OK
