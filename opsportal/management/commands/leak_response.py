"""A secret got out: everybody out, every token dead, a new signing key."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from opsportal.commands import Exit, OpsCommand
from opsportal.leaks import actions


class Command(OpsCommand):
    speaks = "leak_response"
    help = "End every session, API token, link and secret address and renew the signing key. Counts only; audited."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="leak_response from the shell", help="For the audit log; no secret.")

    def run(self, *, reason: str, **_: Any) -> Exit:
        report = actions.respond(by="shell", reason=reason, at=timezone.now())
        if report.signing_key == "renewed":
            self.say("Stop bin/up and start it again, so that the new signing key counts.")
        else:
            self.say("SECRET_KEY is yours: set a new one without SECRET_KEY_FALLBACKS and start again.")
        self.token(
            "leak_response", status="ok", sessions=report.sessions, tokens=report.tokens, links=report.links,
            **{one.name: one.count for one in report.more}, signing_key=report.signing_key,
        )  # fmt: skip
        return Exit.OK
