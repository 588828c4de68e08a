"""Try a check before it is kept: run its probe once, here and now, and say what would be stored."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.catalogue import surroundings, words
from checks.catalogue.kinds import Kind
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
    figures = surroundings.figures([str(spec.get("figure", ""))])
    outcome = asyncio.run(_probe(kind, spec, figures))
    return Trial(outcome, words.stored(buckets.counts_of(0, at, outcome)))


async def _probe(kind: Kind, spec: Mapping[str, Any], figures: Mapping[str, float | None]) -> Outcome | None:
    client = surroundings.client()
    try:
        return await kind.probe(spec, surroundings.context(client, figures))
    finally:
        await client.close()
