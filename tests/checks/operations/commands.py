"""How tests of operations call a command: its lines on stdout and its exit code."""

from io import StringIO

from django.core.management import call_command


def run(*words: str) -> tuple[list[str], int]:
    """Lines on stdout and the exit code."""
    out, code = StringIO(), 0
    try:
        call_command(*words, stdout=out, stderr=StringIO())
    except SystemExit as ending:
        code = int(ending.code or 0)
    return out.getvalue().splitlines(), code
