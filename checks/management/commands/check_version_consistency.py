"""`check_version_consistency`: changelog, package and API say one version."""

from django.conf import settings

from checks.operations.policies import versions
from checks.operations.policies.command import PolicyCommand
from checks.operations.policies.finding import Result


class Command(PolicyCommand):
    speaks = "check_version_consistency"
    help = "Compare the version in pyproject.toml, CHANGELOG.md and the API with the code's."

    def look(self) -> Result:
        return versions.look(settings.BASE_DIR)
