"""The roll-up rules, one row each."""

import pytest

from incidents.statuspage import looks, rollup
from incidents.statuspage.models import ComponentStatus, PublicIncident

UP, MAINT, DEG, PART, MAJ = (
    rollup.OPERATIONAL,
    rollup.MAINTENANCE,
    rollup.DEGRADED,
    rollup.PARTIAL,
    rollup.MAJOR,
)


@pytest.mark.parametrize(
    ("statuses", "indicator", "description"),
    [
        ([], "none", "All Systems Operational"),
        ([UP], "none", "All Systems Operational"),
        ([UP, UP], "none", "All Systems Operational"),
        ([MAJ], "critical", "Major System Outage"),
        ([MAJ, MAJ], "critical", "Major System Outage"),
        ([MAJ, UP], "major", "Partial System Outage"),
        ([MAJ, PART], "major", "Partial System Outage"),
        ([MAJ, MAINT, DEG], "major", "Partial System Outage"),
        ([PART], "major", "Partial System Outage"),
        ([PART, PART], "major", "Partial System Outage"),
        ([PART, UP], "minor", "Minor Service Outage"),
        ([PART, DEG], "minor", "Minor Service Outage"),
        ([DEG, DEG], "minor", "Degraded System Service"),
        ([DEG], "minor", "Partially Degraded Service"),
        ([DEG, UP], "minor", "Partially Degraded Service"),
        ([DEG, MAINT], "minor", "Partially Degraded Service"),
        ([MAINT], "maintenance", "Service Under Maintenance"),
        ([MAINT, UP], "maintenance", "Service Under Maintenance"),
    ],
)
def test_components_roll_up_to_one_sentence(statuses, indicator, description):
    assert rollup.overall(statuses) == rollup.Overall(indicator, description)


@pytest.mark.parametrize(
    ("statuses", "impacts", "indicator", "description"),
    [
        ([UP], ["none"], "none", "All Systems Operational"),
        ([UP], ["minor"], "minor", "Minor Service Outage"),
        ([UP], ["minor", "critical"], "critical", "Major System Outage"),
        ([], ["major"], "major", "Partial System Outage"),
        ([DEG, UP], ["minor"], "minor", "Partially Degraded Service"),
        ([MAJ], ["minor"], "critical", "Major System Outage"),
        ([MAINT], ["minor"], "minor", "Minor Service Outage"),
    ],
)
def test_an_open_incident_lifts_the_indicator_and_never_lowers_it(statuses, impacts, indicator, description):
    assert rollup.overall(statuses, impacts) == rollup.Overall(indicator, description)


@pytest.mark.parametrize(
    ("statuses", "impact"),
    [([], "none"), ([UP, MAINT], "none"), ([DEG, UP], "minor"), ([DEG, PART], "major"), ([PART, MAJ], "critical")],
)
def test_an_incidents_impact_is_that_of_its_worst_component(statuses, impact):
    assert rollup.impact(statuses) == impact


def test_the_pure_words_are_those_of_the_models():
    assert set(rollup.BEST_TO_WORST) == set(ComponentStatus.values) == set(looks.COMPONENT)
    assert list(rollup.IMPACTS) == PublicIncident.Impact.values == list(looks.IMPACT)
