"""`check_runtime_health`: a running portal from outside, its limits included."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from checks.operations.asking import Base
from checks.operations.runtime_health import examine
from opsportal import env
from opsportal.commands import Exit, OpsCommand


class Command(OpsCommand):
    speaks = "runtime_health"
    help = "Ask a portal whether it lives, is ready and quick, and whether its limits refuse what is too large."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default=settings.INTERNAL_URL, help="Where it answers; default: this portal.")

    def run(self, *, base_url: str, **_: Any) -> Exit:
        reasons = []
        most_ms = float(env.number("RUNTIME_HEALTH_P95_MS", 400))
        for part in examine(Base.read(base_url), most_ms=most_ms, token=env.text("OPSPORTAL_TOKEN")):
            self.stdout.write(str(part))
            if part.status == "fail":
                reasons.append(part.reason)
        if reasons:
            self.token("runtime_health", status="unhealthy", reason=reasons[0])
            return Exit.UNHEALTHY
        self.token("runtime_health", status="ok")
        return Exit.OK
