"""Try a check before it is kept: run its probe once, here and now, and say what would be stored."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.catalogue import surroundings, words
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


def run_once(kind: Kind, spec: Mapping[str, Any], at: datetime) -> Trial:
    """One run outside the schedule, bounded by the probe's own deadline."""
    outcome = asyncio.run(_probe(kind, spec, surroundings.known([spec])))
    value = "" if outcome is None or outcome.value is None else f"\nvalue    {outcome.value:g} (the last one only)"
    return Trial(outcome, words.stored(buckets.counts_of(0, at, outcome)) + value)


async def _probe(kind: Kind, spec: Mapping[str, Any], known: Known) -> Outcome | None:
    client = surroundings.client()
    try:
        return await kind.probe(spec, surroundings.context(client, known))
    finally:
        await client.close()
