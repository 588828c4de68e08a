"""The table of a report's states, whole, and the meter."""

import itertools

import pytest

from incidents.postmortems import fields, states
from incidents.postmortems.states import State
from opsportal.errors import Refused

ALLOWED = {
    ("draft", "in_review"),
    ("in_review", "draft"),
    ("in_review", "reviewed"),
    ("reviewed", "draft"),
    ("reviewed", "published"),
    ("published", "draft"),
    ("published", "published"),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State.values, repeat=2)))
def test_every_pair_of_states_is_allowed_or_refused_by_the_table(old, new):
    if (old, new) in ALLOWED:
        states.require(old, to=State(new))
    else:
        with pytest.raises(Refused) as refusal:
            states.require(old, to=State(new))
        assert refusal.value.code == "POSTMORTEM_STATE"


@pytest.mark.parametrize("old", State.values)
def test_the_offered_moves_are_the_allowed_ones_in_reading_order(old):
    assert [one.value for one in states.following(old)] == [one for one in State.values if (old, one) in ALLOWED]


def test_the_documents_five_fields_are_required_and_stand_in_their_order():
    assert [one.label for one in fields.FIELDS if one.is_required] == [
        "Summary and customer impact",
        "Root cause",
        "Detection and response timeline",
        "Mitigation steps",
        "Preventative actions",
    ]


def test_the_meter_counts_all_eight_and_names_what_the_review_needs():
    texts = {"summary": "Felt", "root_cause": "  ", "went_lucky": "It was night"}

    meter = fields.meter(lambda name: texts.get(name, ""), has_lines=True)

    assert (meter.written, meter.total) == (3, 8)
    assert [one.name for one in meter.missing] == ["root_cause", "mitigation", "prevention"]


def test_the_mark_of_a_text_does_not_depend_on_how_a_browser_ends_its_lines():
    assert fields.mark("One\r\ntwo\r\n") == fields.mark("One\ntwo")
    assert fields.mark("One") != fields.mark("Two")
