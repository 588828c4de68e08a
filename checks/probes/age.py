"""Is the newest backup, or the newest restore test, not older than agreed? By report, by file time or by address."""

import asyncio
import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from checks.probes import ours
from checks.probes.asking import CLASSIFIED, SUCCESS, classify, headers, judge_status
from checks.probes.client import Request
from checks.probes.context import KNOWN, Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

MAX_AGE_HOURS = 26.0
DEADLINE_SECONDS = 10.0
# So many files may fit a pattern; of more the newest would take too long to find.
FILES = 100_000
TOO_MANY = "More than 100,000 files fit the pattern. Write a narrower one."
# A clock may be a little ahead; a time that lies further in the future would keep the check green for ever.
AHEAD = timedelta(hours=1)
FROM_THE_FUTURE = "Its time lies in the future, so its age is not known."


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """The value kept is the age in hours."""
    try:
        longest, find = float(spec.get("max_age_hours") or MAX_AGE_HOURS), _SOURCES[str(spec["source"])]
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            found = await find(spec, context)
    except CLASSIFIED as problem:
        if ours.is_ours(problem):
            raise
        return failed(classify(problem))
    if found is None or isinstance(found, Outcome):
        return found
    age = context.now() - found
    if age < -AHEAD:
        return failed(ErrorClass.ASSERTION, notes=(FROM_THE_FUTURE,))
    hours = max(0.0, age / timedelta(hours=1))
    return passed(value=hours) if hours <= longest else failed(ErrorClass.LATE, value=hours)


async def _by_report(spec: Spec, context: Context) -> datetime | Outcome | None:
    """The last success that the job of another check reported; MISSING when there is none."""
    known = spec.get(KNOWN)
    return known if isinstance(known, datetime) else failed(ErrorClass.MISSING)


async def _by_file(spec: Spec, context: Context) -> datetime | Outcome | None:
    """The newest file of a pattern that is long enough, below a folder that the operator opened."""
    least, pattern = int(spec.get("least_bytes") or 1), str(spec.get("pattern") or "")
    return await asyncio.to_thread(_newest, context.folders, pattern, least, time.monotonic() + DEADLINE_SECONDS)


def _newest(folders: tuple[Path, ...], pattern: str, least: int, until: float) -> datetime | Outcome:
    """Nobody can stop a thread, so it looks at the clock itself."""
    if not folders or not is_below(pattern) or not is_readable(pattern):
        return failed(ErrorClass.CONFIG)
    newest: float | None = None
    for place, (path, inside) in enumerate(_fitting(folders, pattern)):
        if place >= FILES:
            return failed(ErrorClass.CONFIG, notes=(TOO_MANY,))
        if time.monotonic() > until:
            raise TimeoutError
        found = _time(path, inside, least, newest)
        newest = newest if found is None else found
    return failed(ErrorClass.MISSING) if newest is None else datetime.fromtimestamp(newest, UTC)


def _fitting(folders: tuple[Path, ...], pattern: str) -> Iterator[tuple[Path, Path]]:
    for folder in folders:
        inside = folder.resolve()
        for path in folder.glob(pattern):
            yield path, inside


def _time(path: Path, inside: Path, least: int, newest: float | None) -> float | None:
    """When a whole file was changed, if that is later; what is gone by now and links that lead out do not count."""
    try:
        found = os.stat(path)
        is_later = (
            stat.S_ISREG(found.st_mode) and found.st_size >= least and (newest is None or found.st_mtime > newest)
        )
        return found.st_mtime if is_later and path.resolve().is_relative_to(inside) else None
    except OSError:
        return None


def is_readable(pattern: str) -> bool:
    """Whether `**` stands for whole folders only, as Python's patterns want it."""
    return all("**" not in part or part == "**" for part in Path(pattern).parts)


def is_below(pattern: str) -> bool:
    """Whether a pattern stays below its folder."""
    parts = Path(pattern).parts
    return bool(parts) and not Path(pattern).is_absolute() and ".." not in parts and "\0" not in pattern


async def _by_address(spec: Spec, context: Context) -> datetime | Outcome | None:
    """What the answer says in Last-Modified; its body is not read."""
    request = Request(str(spec.get("url") or ""), headers=headers(spec, context), is_fresh=True)
    async with context.client.ask(request) as response:
        status, said = response.status, response.headers.get("Last-Modified", "")
        response.close()
    if error := judge_status(status, SUCCESS):
        return failed(error)
    try:
        found = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return failed(ErrorClass.ASSERTION)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_SOURCES = {"report": _by_report, "file": _by_file, "address": _by_address}
