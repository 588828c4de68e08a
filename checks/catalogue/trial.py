"""Try a check before it is kept: run its probe once, here and now, and say what would be stored."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.catalogue import beforehand, surroundings, words
from checks.catalogue.kinds import Kind
from checks.catalogue.surroundings import Known
from checks.probes import ours, running
from checks.probes.outcome import ErrorClass, Outcome
from checks.rollups import buckets

_FULL = "This portal has no memory, thread or socket left."


@dataclass(frozen=True)
class Trial:
    """What one run found; nothing of it was kept."""

    outcome: Outcome | None
    stored: str
    # What it means that there was nothing to measure.
    silence: str = ""
    # Variables that it names and that hold nothing.
    unset: tuple[str, ...] = ()
    # This portal's own machine had no room for it, which says nothing about the target.
    is_full: bool = False

    @property
    def sentence(self) -> str:
        if self.is_full:
            return "It is unknown."
        if self.outcome is None:
            return "There was nothing to measure."
        if self.outcome.error:
            return f"It fails: {self.outcome.error.words}."
        return "It passes."

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person who tries it should know; nothing of it would be stored."""
        if self.is_full:
            return (_FULL,)
        if self.outcome is None:
            return (self.silence,) if self.silence else ()
        if self.outcome.error is not ErrorClass.CONFIG:
            return self.outcome.notes
        return (*self.outcome.notes, *(f"{name} is not set where this portal runs." for name in self.unset))


@dataclass(frozen=True)
class Asked:
    """A check that may not exist yet, as a batch sees one."""

    check_id: int
    kind: str
    spec: Mapping[str, Any]


def run_once(kind: Kind, spec: Mapping[str, Any], at: datetime, *, check_id: int = 0) -> Trial:
    """One run outside the schedule, bounded by the probe's own deadline."""
    whole = beforehand.with_known([Asked(check_id, kind.slug, spec)], at)[check_id]
    try:
        found, is_full = _at_once(_probe(kind, whole, surroundings.known([spec]))), False
    except Exception as problem:
        if not ours.is_ours(problem):
            raise
        found, is_full = None, True
    outcome = found if found is not None and found.has_data else None
    return Trial(outcome, _stored(kind, spec, at, outcome), kind.silence, _unset(spec), is_full)


def _unset(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The variables of connections and headers that are not there."""
    named = [spec.get("dsn_env"), spec.get("url_env"), *(spec.get("headers") or {}).values()]
    return tuple(str(name) for name in named if name and not surroundings.variable(str(name)))


def _stored(kind: Kind, spec: Mapping[str, Any], at: datetime, outcome: Outcome | None) -> str:
    """The bucket, and the number beside it where there is one."""
    lines = words.stored(buckets.counts_of(0, at, outcome))
    if outcome is None or outcome.value is None:
        return lines
    name = kind.measures(dict(spec))
    return f"{lines}\nvalue    {name + ' ' if name else ''}{outcome.value:g} (the last one only)"


def _at_once(work: Coroutine[Any, Any, Outcome | None]) -> Outcome | None:
    """As asyncio.run, which would wait for threads that nobody can stop, such as the lookup of a dead name."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for one in left:
            one.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _probe(kind: Kind, spec: Mapping[str, Any], known: Known) -> Outcome | None:
    client = surroundings.client()
    try:
        return await running.ask(kind.probe, kind.slug, spec, surroundings.context(client, known, is_trial=True))
    finally:
        await client.close()
