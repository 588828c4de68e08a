"""`check_schema_policy`: time zones, indexes with a reader, guarded words, append-only tables."""

from django.conf import settings

from checks.operations.policies import schema_policy
from checks.operations.policies.command import PolicyCommand
from checks.operations.policies.finding import Result
from opsportal.schema import database


class Command(PolicyCommand):
    speaks = "check_schema_policy"
    help = "Hold the models, and the database where one is set, against the schema policy."

    def look(self) -> Result:
        if settings.DATABASE_CONFIGURED:
            database.verify()  # what is not there has no triggers either, and that is not the finding
        return schema_policy.look()
