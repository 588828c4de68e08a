"""What linked checks say of a component: the worst of them, nothing while one has no data, and as old as the oldest."""

from datetime import datetime, timedelta

import pytest

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.runs import actions, observing
from checks.runs.models import Flip
from incidents.statuspage import observing as statuspage
from incidents.statuspage.models import Component, Observation
from opsportal.errors import Refused

UP, DOWN = State.HEALTHY, State.UNHEALTHY


@pytest.fixture
def api(db, tmp_path, settings) -> Component:
    settings.SNAPSHOT_DIR = tmp_path / "snapshot"
    component = Component.objects.get(name="API")
    component.follows = Component.Follows.CHECKS
    component.save()
    return component


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([(UP, "SEV-1"), (UP, "SEV-3")], "operational"),
        ([(DOWN, "SEV-1"), (UP, "SEV-3")], "major_outage"),
        ([(DOWN, "SEV-2"), (DOWN, "SEV-3")], "partial_outage"),
        ([(UP, "SEV-1"), (DOWN, "SEV-3")], "degraded_performance"),
        ([(DOWN, "SEV-1"), (State.PAUSED, "SEV-1")], "major_outage"),
        ([(UP, "SEV-1"), (State.INSUFFICIENT_DATA, "SEV-3")], None),
        ([(UP, "SEV-1"), (State.BLOCKED, "SEV-3")], None),
        ([(State.PAUSED, "SEV-1")], None),
        # Sure trouble is said, whatever those beside it cannot say.
        ([(DOWN, "SEV-1"), (State.BLOCKED, "SEV-3")], "major_outage"),
        ([(DOWN, "SEV-2"), (State.INSUFFICIENT_DATA, "SEV-1")], "partial_outage"),
        ([(State.FLAPPING, "SEV-1"), (State.INSUFFICIENT_DATA, "SEV-1"), (UP, "SEV-1")], "degraded_performance"),
        ([(State.BLOCKED, "SEV-1"), (State.BLOCKED, "SEV-1")], None),
    ],
)
def test_the_worst_of_the_linked_checks_counts_by_its_severity(add_check, api, at, checks, said):
    for number, (state, severity) in enumerate(checks):
        add_check(f"check-{number}", component=api, state=state, severity=severity, last_run_at=at)

    observing.observe_all(at=at)

    assert list(Observation.objects.values_list("status", flat=True)) == ([said] if said else [])
    assert Component.objects.get(pk=api.pk).status == (said or "operational")


def test_a_component_that_cannot_be_told_keeps_no_other_waiting(add_check, api, at, monkeypatch):
    other = Component.objects.in_use().exclude(pk=api.pk).order_by("-pk")[0]
    Component.objects.filter(pk=other.pk).update(follows="checks")
    for component in (api, other):
        add_check(f"check-{component.pk}", component=component, state=DOWN, severity="SEV-1", last_run_at=at)
    first, observe = min(api.pk, other.pk), statuspage.observe

    def fail(pk, status, **said):
        if pk == first:
            raise Refused("NO", "Not this one.")
        return observe(pk, status, **said)

    monkeypatch.setattr(statuspage, "observe", fail)

    with pytest.raises(Refused, match="Not this one"):
        observing.observe_all(at=at)

    assert Observation.objects.get().component_id == max(api.pk, other.pk)


def test_it_is_as_old_as_its_oldest_result_and_fresh_as_long_as_its_most_hasty_check(add_check, api, at):
    add_check("quick", component=api, state=UP, every_seconds=30, last_run_at=at)
    add_check("slow", component=api, state=UP, every_seconds=600, last_run_at=at - timedelta(minutes=9))

    observing.observe_all(at=at)

    seen = Observation.objects.get()
    assert (seen.as_of, seen.fresh_until) == (at - timedelta(minutes=9), at + timedelta(seconds=90))


def test_an_outage_is_said_while_one_check_has_never_run_and_its_end_is_heard(add_check, api, at):
    parent = add_check("parent", component=api, state=DOWN, severity="SEV-1", every_seconds=60, last_run_at=at)
    child = add_check(
        "child", component=api, state=State.BLOCKED, every_seconds=3600, last_run_at=at - timedelta(minutes=30)
    )
    add_check("new", component=api, state=State.INSUFFICIENT_DATA)

    observing.observe_all(at=at)

    seen = Observation.objects.get()
    assert (seen.status, seen.fresh_until) == ("major_outage", at + timedelta(minutes=3))

    later = at + timedelta(minutes=5)
    Check.objects.filter(key="new").update(state=UP, last_run_at=later)
    Check.objects.filter(pk__in=[parent.pk]).update(state=UP, last_run_at=later)
    Check.objects.filter(pk=child.pk).update(state=UP)
    observing.observe_all(at=later)
    assert Component.objects.get(pk=api.pk).status == "operational"


def test_an_outage_goes_on_being_heard_when_a_check_with_an_old_result_joins(add_check, api, at):
    rules = {"component": api, "severity": "SEV-1"}
    parent = add_check("parent", state=DOWN, every_seconds=60, last_run_at=at, **rules)
    old = {"every_seconds": 3600, "last_run_at": at - timedelta(minutes=30)}
    child = add_check("child", state=State.INSUFFICIENT_DATA, **old, **rules)
    observing.observe_all(at=at)

    def look(minutes: int, parent_says: State, child_says: State) -> tuple[str, datetime]:
        moment = at + timedelta(minutes=minutes)
        Check.objects.filter(pk=parent.pk).update(state=parent_says, last_run_at=moment)
        Check.objects.filter(pk=child.pk).update(state=child_says)
        observing.observe_all(at=moment)
        return Observation.objects.values_list("status", "as_of").get()

    # Blocked, back as it was before with a word older than the outage, and the end.
    for minutes, child_says in ((1, State.BLOCKED), (10, State.BLOCKED), (11, DOWN)):
        moment = at + timedelta(minutes=minutes)
        assert look(minutes, DOWN, child_says) == ("major_outage", moment)
    assert look(12, UP, DOWN) == ("major_outage", at + timedelta(minutes=11))
    assert look(13, UP, UP)[0] == "operational"
    assert Component.objects.get(pk=api.pk).status == "operational"


def test_a_check_that_names_no_component_says_nothing(add_check, api, at):
    add_check(state=DOWN, last_run_at=at)

    assert observing.observe_all(at=at) == 0


def test_a_flip_reaches_the_page_without_waiting_for_the_sweep(add_check, api, at):
    check: Check = add_check(component=api, state=DOWN, severity="SEV-2", last_run_at=at)
    flip = Flip.objects.create(check_ref=check, at=at, old=UP, new=DOWN, reason="timeout", failures=3)

    actions.deliver_flip(flip.pk, at=at)

    assert Component.objects.get(pk=api.pk).status == "partial_outage"
