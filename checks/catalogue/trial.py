"""Try a check before it is kept: run its probe once, here and now, and say what would be stored."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.catalogue import beforehand, surroundings, words
from checks.catalogue.kinds import Kind
from checks.catalogue.surroundings import Known
from checks.probes.outcome import Outcome
from checks.rollups import buckets


@dataclass(frozen=True)
class Trial:
    """What one run found; nothing of it was kept."""

    outcome: Outcome | None
    stored: str

    @property
    def sentence(self) -> str:
        if self.outcome is None:
            return "There was nothing to measure."
        if self.outcome.error:
            return f"It fails: {self.outcome.error.words}."
        return "It passes."

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person who tries it should know; nothing of it would be stored."""
        return self.outcome.notes if self.outcome else ()


@dataclass(frozen=True)
class Asked:
    """A check that may not exist yet, as a batch sees one."""

    check_id: int
    kind: str
    spec: Mapping[str, Any]


def run_once(kind: Kind, spec: Mapping[str, Any], at: datetime, *, check_id: int = 0) -> Trial:
    """One run outside the schedule, bounded by the probe's own deadline."""
    whole = beforehand.with_known([Asked(check_id, kind.slug, spec)], at)[check_id]
    outcome = asyncio.run(_probe(kind, whole, surroundings.known([spec])))
    return Trial(outcome, _stored(kind, spec, at, outcome))


def _stored(kind: Kind, spec: Mapping[str, Any], at: datetime, outcome: Outcome | None) -> str:
    """The bucket, and the number beside it where there is one."""
    lines = words.stored(buckets.counts_of(0, at, outcome))
    if outcome is None or outcome.value is None:
        return lines
    name = kind.measures(dict(spec))
    return f"{lines}\nvalue    {name + ' ' if name else ''}{outcome.value:g} (the last one only)"


async def _probe(kind: Kind, spec: Mapping[str, Any], known: Known) -> Outcome | None:
    client = surroundings.client()
    try:
        return await kind.probe(spec, surroundings.context(client, known, is_trial=True))
    finally:
        await client.close()
