"""The table of statuses, whole."""

import itertools

import pytest

from incidents.response import states
from incidents.response.states import Severity, Status
from opsportal.errors import Refused

ALLOWED = {
    ("investigating", "identified"),
    ("investigating", "monitoring"),
    ("investigating", "resolved"),
    ("identified", "investigating"),
    ("identified", "monitoring"),
    ("identified", "resolved"),
    ("monitoring", "investigating"),
    ("monitoring", "identified"),
    ("monitoring", "resolved"),
    ("resolved", "investigating"),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Status.values, repeat=2)))
def test_every_pair_of_statuses_is_allowed_or_refused_by_the_table(old, new):
    if (old, new) in ALLOWED:
        states.require(old, to=new)
    else:
        with pytest.raises(Refused) as refusal:
            states.require(old, to=new)
        assert refusal.value.code == ("STATUS_UNCHANGED" if old == new else "STATUS_NOT_ALLOWED")


@pytest.mark.parametrize("old", Status.values)
def test_the_offered_moves_are_the_allowed_ones_in_reading_order(old):
    assert [one.value for one in states.following(old)] == [one for one in Status.values if (old, one) in ALLOWED]


def test_a_word_that_is_no_status_is_refused_with_a_sentence():
    with pytest.raises(Refused, match="There is no status 'closed'"):
        states.require("resolved", to="closed")


@pytest.mark.parametrize("word", ["SEV-4", "", "sev-1"])
def test_a_word_that_is_no_severity_is_refused(word):
    with pytest.raises(Refused) as refusal:
        states.severity_of(word)

    assert refusal.value.code == "SEVERITY_UNKNOWN"


def test_lower_means_less_bad():
    assert states.is_lower("SEV-3", than="SEV-1")
    assert not states.is_lower("SEV-1", than="SEV-1")
    assert not states.is_lower("SEV-1", than="SEV-2")


@pytest.mark.parametrize(
    ("severity", "other", "answer"),
    [
        *(("SEV-1", "SEV-1", True), ("SEV-1", "SEV-2", True), ("SEV-1", "SEV-3", True)),
        *(("SEV-2", "SEV-1", False), ("SEV-2", "SEV-2", True), ("SEV-2", "SEV-3", True)),
        *(("SEV-3", "SEV-1", False), ("SEV-3", "SEV-2", False), ("SEV-3", "SEV-3", True)),
    ],
)
def test_one_severity_is_at_least_as_bad_as_another(severity, other, answer):
    assert Severity(severity).is_at_least(other) is answer
