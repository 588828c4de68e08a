"""The gate between resolved and closed: its table whole, the act, and the way back."""

import itertools
from functools import partial

import pytest

from incidents.obligations.models import Obligation
from incidents.postmortems import actions as postmortems
from incidents.response import actions, checklist, closing, duties
from incidents.response.closing import Facts, what_is_missing
from incidents.response.models import Incident
from incidents.response.past import Past
from opsportal.errors import Refused
from opsportal.models import User
from tests.incidents.cast import minutes, open_incident
from tests.incidents.postmortems.conftest import written
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db
PROOFS = frozenset({"verification", "postmortem"})


def resolved(by: User, **changes: object) -> Incident:
    """Resolved after 20 minutes, without a word to readers."""
    incident = open_incident(by, **changes)
    actions.waive(incident, kind="first_public_update", reason="Staff only", by=by, at=minutes(2))
    actions.change_status(incident, to="resolved", note="It is over", by=by, at=minutes(20))
    incident.refresh_from_db()
    return incident


def settle_steps(incident: Incident, by: User) -> None:
    for step in incident.checklist.all():
        if closing.is_in_the_way(step):
            checklist.tick(step, by=by, at=minutes(21))


def ready(by: User, reader: User, **changes: object) -> Incident:
    """Nothing is missing any more."""
    incident = resolved(by, **changes)
    settle_steps(incident, by)
    duties.verify_recovery(incident, note="Error share 0.2 % for 30 min", by=by, at=minutes(50))
    report = postmortems.ask_review(written(incident, by), by=by, at=minutes(60))
    postmortems.review(report, by=reader, at=minutes(70))
    incident.refresh_from_db()
    return incident


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        (Facts("SEV-1", settled=PROOFS), []),
        (Facts("SEV-1"), ["verification", "postmortem"]),
        (Facts("SEV-2", open_steps=2, settled=PROOFS), ["checklist"]),
        (Facts("SEV-2", readers_wait=True, settled=PROOFS), ["last_word"]),
        (Facts("SEV-2", running=PROOFS), ["verification", "postmortem"]),
        (Facts("SEV-2", settled=frozenset({"verification"})), ["postmortem"]),
        # What was over before it was written down, and a test.
        (Facts("SEV-1", proofs=("postmortem",)), ["postmortem"]),
        (Facts("SEV-1", proofs=()), []),
        (Facts("SEV-3"), []),
        (Facts("SEV-3", open_steps=1), ["checklist"]),
        (Facts("SEV-3", readers_wait=True), ["last_word"]),
        # Whoever asked for a report of a SEV-3 finishes it, or says why not.
        (Facts("SEV-3", running=frozenset({"postmortem"})), ["postmortem"]),
        # A public word that is late is one thing to do, not two.
        (Facts("SEV-3", readers_wait=True, running=frozenset({"public_update"})), ["last_word"]),
        (Facts("SEV-1", running=frozenset({"first_public_update", "check_back"}), settled=PROOFS),
         ["first_public_update", "check_back"]),
    ],
)  # fmt: skip
def test_the_gate_names_what_is_missing(facts, what):
    assert [one.what for one in what_is_missing(facts)] == what


@pytest.mark.parametrize(
    ("severity", "steps", "wait", "running"),
    list(itertools.product(["SEV-1", "SEV-2", "SEV-3"], [0, 1], [False, True], [frozenset(), PROOFS])),
)
def test_the_gate_opens_only_when_everything_is_settled(severity, steps, wait, running):
    facts = Facts(severity, steps, wait, running, PROOFS - running)

    assert (not what_is_missing(facts)) == (not steps and not wait and not running)


def test_a_big_one_is_closed_after_steps_proof_and_report(responder, admin):
    incident = ready(responder, admin, severity="SEV-1")

    event = closing.close(incident, by=admin, at=minutes(80))

    incident.refresh_from_db()
    assert (incident.closed_at, incident.closed_by, incident.is_closed) == (minutes(80), admin, True)
    assert (event.kind, event.actor) == ("incident.closed", admin)


def test_what_is_missing_is_named_and_nothing_changes(responder):
    incident = resolved(responder)

    with pytest.raises(Refused) as refusal:
        closing.close(incident, by=responder, at=minutes(30))

    assert refusal.value.code == "NOT_READY_TO_CLOSE"
    assert refusal.value.sentence == (
        "12 mandatory steps are open. Nobody has verified the recovery. The post-mortem is not reviewed."
    )
    incident.refresh_from_db()
    assert incident.closed_at is None
    assert not incident.timeline.filter(kind="incident.closed").exists()


def test_reasons_open_the_gate_as_well(responder):
    incident = resolved(responder)
    for step in incident.checklist.all():
        if closing.is_in_the_way(step):
            checklist.skip(step, reason="A drill of the provider", by=responder, at=minutes(21))
    for kind in ("verification", "postmortem"):
        actions.waive(incident, kind=kind, reason="A drill of the provider", by=responder, at=minutes(22))

    closing.close(incident, by=responder, at=minutes(30))

    assert Incident.objects.get().is_closed


def test_a_partial_one_needs_only_its_steps(responder):
    incident = open_incident(responder, severity="SEV-3")
    actions.change_status(incident, to="resolved", by=responder, at=minutes(5))
    incident.refresh_from_db()
    assert [one.what for one in closing.missing(incident)] == ["checklist"]
    settle_steps(incident, responder)

    closing.close(incident, by=responder, at=minutes(6))

    # Steps that a SEV-3 may leave out were left alone.
    assert incident.checklist.filter(ticked_at=None, mandatory_from="SEV-2").exists()


def test_a_test_is_closed_as_soon_as_it_is_over(responder):
    incident = open_incident(responder, severity="SEV-1", mode="test")
    actions.change_status(incident, to="resolved", by=responder, at=minutes(5))
    assert not any(step.is_mandatory for step in incident.checklist.all())

    closing.close(incident, by=responder, at=minutes(6))

    assert Incident.objects.get().is_closed


def test_what_was_over_before_needs_its_report_and_no_step(responder):
    past = Past(minutes(-300), minutes(-290), minutes(-200))
    incident = open_incident(responder, severity="SEV-1", past=past)
    assert [one.what for one in closing.missing(incident)] == ["postmortem"]
    actions.waive(incident, kind="postmortem", reason="Told in the report of INC-0", by=responder, at=minutes(2))

    closing.close(incident, by=responder, at=minutes(6))

    assert Incident.objects.get().is_closed


def test_the_worst_it_was_counts_and_not_what_it_ended_as(responder):
    incident = open_incident(responder, severity="SEV-1")
    actions.change_severity(incident, to="SEV-3", reason="Only the export", by=responder, at=minutes(3))
    actions.change_status(incident, to="resolved", by=responder, at=minutes(5))
    incident.refresh_from_db()

    assert [one.what for one in closing.missing(incident)] == ["checklist", "verification", "postmortem"]
    assert incident.checklist.get(text__startswith="Shield").is_mandatory


@pytest.mark.parametrize("is_resolved", [False, True])
def test_what_runs_or_is_closed_is_not_closed(responder, admin, is_resolved):
    incident = ready(responder, admin) if is_resolved else open_incident(responder)
    if is_resolved:
        closing.close(incident, by=admin, at=minutes(80))

    with pytest.raises(Refused) as refusal:
        closing.close(incident, by=admin, at=minutes(81))

    assert refusal.value.code == ("ALREADY_CLOSED" if is_resolved else "NOT_RESOLVED")


def test_a_closed_one_is_opened_again_with_a_reason_and_has_to_be_proven_anew(responder, admin):
    incident = ready(responder, admin)
    closing.close(incident, by=admin, at=minutes(80))
    with pytest.raises(Refused) as refusal:
        actions.change_status(incident, to="investigating", note=" ", by=responder, at=minutes(90))
    assert refusal.value.code == "REASON_MISSING"

    actions.change_status(incident, to="investigating", note="It fails again", by=responder, at=minutes(90))
    actions.change_status(incident, to="resolved", note="Over", by=responder, at=minutes(99))

    incident.refresh_from_db()
    assert (incident.closed_at, incident.closed_by) == (None, None)
    assert {one.what for one in closing.missing(incident)} == {"verification", "postmortem"}


def test_nothing_that_closed_it_changes_under_a_closed_one(responder, admin):
    incident = ready(responder, admin)
    closing.close(incident, by=admin, at=minutes(80))
    step = incident.checklist.exclude(ticked_at=None).first()
    assert step is not None

    for act in (
        lambda: checklist.untick(step, by=responder, at=minutes(81)),
        lambda: duties.verify_recovery(incident, note="Again", by=responder, at=minutes(81)),
        lambda: postmortems.send_back(incident.postmortem, reason="No", by=admin, at=minutes(81)),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "INCIDENT_CLOSED"


@pytest.mark.django_db(transaction=True)
def test_closing_and_reopening_at_the_same_moment_leave_one_truth(responder, admin):
    for _ in range(5):
        incident = ready(responder, admin)

        results = at_once(
            partial(closing.close, incident, by=admin, at=minutes(80)),
            partial(
                actions.change_status, incident, to="investigating", note="It fails again", by=responder, at=minutes(80)
            ),
        )

        incident.refresh_from_db()
        assert (incident.is_open, incident.is_closed) == (True, False)
        closed, reopened = (not isinstance(one, Exception) for one in results)
        assert reopened
        assert incident.timeline.filter(kind="incident.closed").exists() == closed
        if not closed:
            assert isinstance(results[0], Refused)
            assert results[0].code == "NOT_RESOLVED"


@pytest.mark.django_db(transaction=True)
def test_closing_twice_at_the_same_moment_closes_once(responder, admin):
    incident = ready(responder, admin)

    results = at_once(*[lambda by=by: closing.close(incident, by=by, at=minutes(80)) for by in (responder, admin)])

    (refused,) = (one for one in results if isinstance(one, Refused))
    assert refused.code == "ALREADY_CLOSED"
    assert incident.timeline.filter(kind="incident.closed").count() == 1


def test_the_recovery_is_verified_once_and_after_the_end(incident, responder):
    with pytest.raises(Refused) as refusal:
        duties.verify_recovery(incident, note="Looks well", by=responder, at=minutes(1))
    assert refusal.value.code == "NOT_RESOLVED"
    actions.change_status(incident, to="resolved", by=responder, at=minutes(5))
    clock = Obligation.objects.open().get(kind="verification")
    assert clock.due_at == minutes(65)
    with pytest.raises(Refused) as refusal:
        duties.verify_recovery(incident, note=" ", by=responder, at=minutes(9))
    assert refusal.value.code == "TEXT_MISSING"

    event = duties.verify_recovery(incident, note="Three sign-ins", by=responder, at=minutes(40))

    clock.refresh_from_db()
    assert clock.met_at == minutes(40)
    assert (event.kind, event.new, event.text.body) == ("duty", "verified", "Three sign-ins")
    with pytest.raises(Refused) as refusal:
        duties.verify_recovery(incident, note="Again", by=responder, at=minutes(41))
    assert refusal.value.code == "ALREADY_VERIFIED"


def test_no_public_impact_stops_the_first_clock_with_its_reason(incident, responder):
    with pytest.raises(Refused) as refusal:
        duties.say_no_public_impact(incident, reason="", by=responder, at=minutes(1))
    assert refusal.value.code == "REASON_MISSING"

    event = duties.say_no_public_impact(incident, reason="A back office list", by=responder, at=minutes(2))

    assert (event.kind, event.new, event.text.body) == ("duty", "no_public_impact", "A back office list")
    assert not Obligation.objects.open().filter(kind="first_public_update").exists()
    with pytest.raises(Refused) as refusal:
        duties.say_no_public_impact(incident, reason="Again", by=responder, at=minutes(3))
    assert refusal.value.code == "CLOCK_STOPPED"


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        ("SEV-1", "SEV-2", False),  # less bad than when nobody noticed
        ("SEV-2", "SEV-3", False),
        ("SEV-2", "SEV-1", True),
    ],
)
def test_no_public_impact_holds_until_it_is_worse(responder, before, after, runs):
    incident = open_incident(responder, severity=before)
    duties.say_no_public_impact(incident, reason="A back office list", by=responder, at=minutes(2))

    actions.change_severity(incident, to=after, reason="Seen anew", by=responder, at=minutes(4))

    assert Obligation.objects.open().filter(kind="first_public_update").exists() == runs


def test_no_public_impact_was_said_of_what_ended_and_not_of_what_comes_back(incident, responder):
    duties.say_no_public_impact(incident, reason="A back office list", by=responder, at=minutes(2))
    actions.change_status(incident, to="resolved", by=responder, at=minutes(5))

    actions.change_status(incident, to="investigating", note="It fails again", by=responder, at=minutes(9))

    assert Obligation.objects.open().filter(kind="first_public_update").exists()


def test_lists_tell_resolved_from_closed(client_as, viewer, responder, admin):
    closing.close(ready(responder, admin, title="Closed one"), by=admin, at=minutes(80))
    resolved(responder, title="Waiting one")
    open_incident(responder, title="Open one")
    client = client_as(viewer)

    found = {
        status: [title for title in ("Closed one", "Waiting one", "Open one") if title in page]
        for status in ("", "open", "to_close", "closed", "resolved")
        if (page := client.get("/incidents/", {"status": status}).content.decode())
    }

    assert found == {
        "": ["Closed one", "Waiting one", "Open one"],
        "open": ["Open one"],
        "to_close": ["Waiting one"],
        "closed": ["Closed one"],
        "resolved": ["Closed one", "Waiting one"],
    }
    page = client.get("/incidents/").content.decode()
    assert "To close 1" in page
    assert ">Closed</span>" in page
