"""`statuspage_post`: an operator on the host tells readers, also while the database is down."""

import getpass
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from incidents.statuspage import from_host
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused

_MOST_BYTES = 64 * 1024


class Command(OpsCommand):
    help = "Publish an update from a file, without the database; it is carried into it later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-file", type=Path, required=True, metavar="FILE", help="The update; - is stdin.")

    def run(self, *, from_file: Path, **_: Any) -> Exit:
        try:
            done = self._post(from_file)
        except Refused as refusal:
            self.token("statuspage_post", status="fail", reason=refusal.code.lower())
            raise
        self.token(
            "statuspage_post",
            status="ok",
            result="repeated" if done.is_repeated else "published",
            incident=done.post.incident_id,
            update=done.post.public_id,
            waiting=done.waiting,
        )
        return Exit.OK

    def _post(self, file: Path) -> from_host.Posted:
        text = _text(file)
        try:
            return from_host.post(text, by=f"host:{_user()}"[:64], at=timezone.now())
        except OSError as failure:
            sentence = f"{settings.SNAPSHOT_DIR} cannot be written: {failure.strerror or failure}."
            raise Refused("NOT_WRITABLE", sentence) from failure


def _text(file: Path) -> str:
    try:
        body = sys.stdin.buffer.read(_MOST_BYTES + 1) if str(file) == "-" else file.read_bytes()
        if len(body) > _MOST_BYTES:
            raise Refused("FILE_TOO_LARGE", f"{file} is larger than {_MOST_BYTES // 1024} KB.")
        return body.decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused("FILE_UNREADABLE", f"{file} cannot be read as UTF-8 text.") from problem


def _user() -> str:
    """Who sits there, by the account of the host; the audit log says it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
