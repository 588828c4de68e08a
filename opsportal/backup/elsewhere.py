"""Restore into a server that this process is not bound to: a process of its own does it and says one line.

`python -m opsportal.backup.elsewhere FILE [--for-good BY] [--replace-all NAME]`
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from opsportal.embedded import postgres

_SAID = re.compile(r"^restored (?:reason=(\w+)|tables=(\d+) rows=(\d+) chains=(\d+) secrets=(\d+))$", re.M)
_LONGEST_SECONDS = 6 * 3600


def restore_into(server: postgres.Postgres, path: Path, *words: str) -> tuple[str, str]:
    """What it says of the database that it made: tokens, and sentences for the person.

    Faults: those of restoring; and when it is not for good, what the proof found.
    """
    from opsportal.schema.fault import Fault

    address = server.url(postgres.OWNER)
    done = subprocess.run(
        [sys.executable, "-m", "opsportal.backup.elsewhere", str(path), *words],
        env={
            **os.environ,
            "DATABASE_URL": address,
            "DATABASE_MIGRATE_URL": address,
            "OPSPORTAL_STATEMENT_TIMEOUT_MS": str(_LONGEST_SECONDS * 1000),
            "DJANGO_SETTINGS_MODULE": "opsportal.settings",
        },
        cwd=Path(__file__).resolve().parent.parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_SECONDS,
    )
    said = _SAID.search(done.stdout)
    if said and said[1]:
        raise Fault(said[1], done.stderr.strip())
    if done.returncode or not said:
        raise Fault("restore_failed", "The restore ended before it was done.")
    return said[0].partition(" ")[2], done.stderr.strip()


def main(arguments: Sequence[str]) -> int:
    """The process of its own."""
    import django

    django.setup()
    from opsportal.backup import restoring
    from opsportal.schema.fault import Fault

    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--for-good", default="", metavar="BY")
    parser.add_argument("--replace-all", default="", metavar="NAME")
    options = parser.parse_args(arguments)
    try:
        restored = restoring.restore(options.file, replace_all=options.replace_all)
        if restored.proof.faults and not options.for_good:
            raise restored.proof.faults[0]
    except Fault as fault:
        sys.stdout.write(f"restored reason={fault.reason}\n")
        sys.stderr.write(f"{fault.sentence}\n")
        return 1
    for found in restored.proof.faults:
        sys.stderr.write(f"{found.sentence}\n")
    if options.for_good:
        restoring.settle_in(options.file, by=options.for_good, at=datetime.now(UTC))
    sys.stdout.write(f"restored {restored}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
