"""What the privacy guard says about a text: kinds and numbers, never the text."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandParser

from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.privacy import guard

CHUNK = 48_000
OVERLAP = 12_000


class Command(OpsCommand):
    help = "Look through a file or standard input (-): `privacy_scan status=clean`, or `status=found` with counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="a file, or - for standard input")
        parser.add_argument("--public", action="store_true", help="judge as text that readers outside will see")
        parser.add_argument("--jsonl", action="store_true", help='read {"text": …} lines, print a verdict for each')

    def run(self, *, file: str, public: bool, jsonl: bool, **_: Any) -> Exit:
        if file == "-":
            return self._judge(sys.stdin, is_public=public, jsonl=jsonl)
        try:
            with Path(file).open(encoding="utf-8", errors="replace", newline="") as opened:
                return self._judge(opened, is_public=public, jsonl=jsonl)
        except OSError:
            raise Refused("NO_FILE", "This file cannot be read.") from None

    def _judge(self, source: TextIO, *, is_public: bool, jsonl: bool) -> Exit:
        return self._verdicts(source, is_public) if jsonl else self._counts(source.read(), is_public)

    def _verdicts(self, source: TextIO, is_public: bool) -> Exit:
        words: Counter[str] = Counter()
        for number, line in enumerate(source, 1):
            if line.strip():
                verdict = guard.judge(_text(line, number), is_public=is_public)
                words[verdict.word] += 1
                self.stdout.write(json.dumps({"verdict": verdict.word, "kinds": verdict.kinds}))
        return Exit.UNHEALTHY if words["block"] or words["warn"] else Exit.OK

    def _counts(self, text: str, is_public: bool) -> Exit:
        found: dict[int, str] = {}
        unread = False
        for start, chunk in chunks(text):
            verdict = guard.judge(chunk, is_public=is_public)
            unread |= verdict.word != "pass" and not verdict.findings
            for one in verdict.findings:
                found[start + one.start] = "block" if is_public else one.must.value
        lines = text.count("\n") + (not text.endswith("\n") and bool(text))
        if not found and not unread:
            self.token("privacy_scan", status="clean", lines=lines)
            return Exit.OK
        counts = Counter(found.values()) + Counter({"block" if is_public else "warn": int(unread)})
        self.token("privacy_scan", status="found", lines=lines, block=counts["block"], warn=counts["warn"])
        return Exit.UNHEALTHY


def _text(line: str, number: int) -> str:
    try:
        said = json.loads(line)["text"]
    except (ValueError, TypeError, KeyError):
        raise Refused("NOT_JSONL", f'Line {number} is not of the form {{"text": …}}.') from None
    return str(said)


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Pieces within the guard's cap that overlap, cut at the ends of lines where there are some."""
    start = 0
    while True:
        end = start + CHUNK
        if end < len(text):
            end = max(text.rfind("\n", start + CHUNK // 2, end) + 1, 0) or end
        yield start, text[start:end]
        if end >= len(text):
            return
        start = max(text.find("\n", end - OVERLAP, end) + 1, end - OVERLAP)
