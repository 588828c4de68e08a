"""One sentence for the whole page: the roll-up of component statuses and open incidents.

The order of the rules and the words are those of the Statuspage v2 public contract (docs/status-api.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OPERATIONAL = "operational"
MAINTENANCE = "under_maintenance"
DEGRADED = "degraded_performance"
PARTIAL = "partial_outage"
MAJOR = "major_outage"

# No status of the contract and of no component: in the record it says that nobody looked.
UNSEEN = "unknown"

# From best to worst; the worst of a day, a group or an incident is the one furthest to the right.
BEST_TO_WORST = (OPERATIONAL, MAINTENANCE, DEGRADED, PARTIAL, MAJOR)
IMPACTS = ("none", "minor", "major", "critical")
_INDICATORS = ("none", "maintenance", "minor", "major", "critical")
_IMPACT_OF = {OPERATIONAL: "none", MAINTENANCE: "none", DEGRADED: "minor", PARTIAL: "major", MAJOR: "critical"}


@dataclass(frozen=True)
class Overall:
    """The page's indicator for programs and its description for people."""

    indicator: str
    description: str


ALL_WELL = Overall("none", "All Systems Operational")
# The contract has no word for it, so the indicator stays; the sentence must not call well what nobody has looked at.
UNKNOWN = Overall("none", "Status of Some Systems Unknown")
_OF_IMPACT = {
    "none": ALL_WELL,
    "minor": Overall("minor", "Minor Service Outage"),
    "major": Overall("major", "Partial System Outage"),
    "critical": Overall("critical", "Major System Outage"),
}


def worst(statuses: Iterable[str]) -> str:
    """The worst of some component statuses; of none it is operational.

    >>> worst(["operational", "partial_outage", "under_maintenance"])
    'partial_outage'
    """
    return max(statuses, key=BEST_TO_WORST.index, default=OPERATIONAL)


def impact(statuses: Iterable[str]) -> str:
    """How hard an incident hits, from the components it names.

    >>> impact(["degraded_performance", "operational"])
    'minor'
    """
    return _IMPACT_OF[worst(statuses)]


def worse_impact(one: str, other: str) -> str:
    return max(one, other, key=IMPACTS.index)


def overall(statuses: Sequence[str], open_impacts: Sequence[str] = (), *, some_unknown: bool = False) -> Overall:
    """The first rule that fits the components, lifted by the worst open incident.

    `some_unknown` says that the checks of a component are silent: then all is not said to be well.

    >>> overall(["operational", "degraded_performance"]).description
    'Partially Degraded Service'
    """
    by_impact = _OF_IMPACT[max(open_impacts, key=IMPACTS.index, default="none")]
    found = max(_of_components(statuses), by_impact, key=lambda one: _INDICATORS.index(one.indicator))
    return UNKNOWN if some_unknown and found == ALL_WELL else found


def _of_components(statuses: Sequence[str]) -> Overall:
    present, is_uniform = set(statuses), len(set(statuses)) == 1
    rules = (
        (is_uniform and MAJOR in present, Overall("critical", "Major System Outage")),
        (MAJOR in present or (is_uniform and PARTIAL in present), Overall("major", "Partial System Outage")),
        (PARTIAL in present, Overall("minor", "Minor Service Outage")),
        (is_uniform and DEGRADED in present and len(statuses) > 1, Overall("minor", "Degraded System Service")),
        (DEGRADED in present, Overall("minor", "Partially Degraded Service")),
        (MAINTENANCE in present, Overall("maintenance", "Service Under Maintenance")),
    )
    return next((result for fits, result in rules if fits), ALL_WELL)
