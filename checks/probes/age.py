"""Is the newest backup, or the newest restore test, not older than agreed? By report, by file time or by address."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from checks.probes.asking import SUCCESS, classify, judge_status
from checks.probes.client import Request
from checks.probes.context import KNOWN, Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from opsportal.network import Forbidden

MAX_AGE_HOURS = 26.0
DEADLINE_SECONDS = 10.0
# Of a folder so many files are looked at.
FILES = 10_000
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
    except (Forbidden, aiohttp.ClientError, OSError, ValueError) as problem:
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
    least = int(spec.get("least_bytes") or 1)
    return await asyncio.to_thread(_newest, context.folders, str(spec.get("pattern") or ""), least)


def _newest(folders: tuple[Path, ...], pattern: str, least: int) -> datetime | Outcome:
    if not folders or not is_below(pattern):
        return failed(ErrorClass.CONFIG)
    newest = max(_times(folders, pattern, least), default=None)
    return failed(ErrorClass.MISSING) if newest is None else datetime.fromtimestamp(newest, UTC)


def _times(folders: tuple[Path, ...], pattern: str, least: int) -> Iterator[float]:
    """Times of whole files; links that lead out of the folder are passed over."""
    seen = 0
    for folder in folders:
        inside = folder.resolve()
        for path in folder.glob(pattern):
            seen += 1
            if seen > FILES:
                return
            if path.is_file() and path.resolve().is_relative_to(inside):
                found = os.stat(path)
                if found.st_size >= least:
                    yield found.st_mtime


def is_below(pattern: str) -> bool:
    """Whether a pattern stays below its folder."""
    parts = Path(pattern).parts
    return bool(parts) and not Path(pattern).is_absolute() and ".." not in parts and "\0" not in pattern


async def _by_address(spec: Spec, context: Context) -> datetime | Outcome | None:
    """What the answer says in Last-Modified; its body is not read."""
    async with context.client.ask(Request(str(spec.get("url") or ""), is_fresh=True)) as response:
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
