#!/usr/bin/env python
"""Django's command line for the portal; use it through bin/manage, which gives it the running servers' addresses."""

import os
import sys

# These change tables, so they connect as the owner of the schema; everything else runs as the application's role.
OWNER_COMMANDS = {"migrate", "createcachetable", "flush", "db_bootstrap", "restore"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")
    if OWNER_COMMANDS & set(sys.argv[1:2]) and os.environ.get("DATABASE_MIGRATE_URL"):
        os.environ["DATABASE_URL"] = os.environ["DATABASE_MIGRATE_URL"]
        os.environ["OPSPORTAL_STATEMENT_TIMEOUT_MS"] = str(
            24 * 3600 * 1000
        )  # an index over a year of rows takes its time
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as problem:
        from opsportal.commands import database_sentence

        sentence = database_sentence(problem)
        if not sentence or "--traceback" in sys.argv:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()
