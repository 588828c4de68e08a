"""Something to look at: twelve believable weeks."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from checks.demo.load import is_loaded, load
from opsportal.commands import Exit, OpsCommand


class Command(OpsCommand):
    help = "Load twelve weeks of believable data and one person per role, once. Refused in production posture."

    def run(self, **_: Any) -> Exit:
        if settings.POSTURE.is_production:
            self.say("Demo data is refused when ENVIRONMENT=production or LAUNCH_MODE=true.")
            return Exit.ERROR
        if is_loaded():
            self.say("The demo is loaded already.")
            return Exit.OK
        loaded = load(at=timezone.now())
        self.token("load_demo", status="ok", incidents=loaded.incidents, checks=loaded.checks)
        return Exit.OK
