"""`check_docs_routes`: documented routes exist, and open routes are documented."""

from django.conf import settings

from checks.operations.policies import docs_routes
from checks.operations.policies.command import PolicyCommand
from checks.operations.policies.finding import Result


class Command(PolicyCommand):
    speaks = "check_docs_routes"
    help = "Hold the routes in docs/ against the addresses of this version."

    def look(self) -> Result:
        return docs_routes.look(settings.BASE_DIR)
