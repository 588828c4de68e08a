"""What each act writes, what it starts and stops, and what it refuses."""

import pytest

from incidents.obligations.models import Obligation
from incidents.response import actions, checklist, timeline
from incidents.response.models import ChecklistStep, ChecklistTemplateStep, Incident, SeverityPolicy, TimelineEvent
from incidents.statuspage import actions as statuspage
from opsportal.errors import Refused
from tests.incidents.cast import AT, OPENING, SECRET, domain, minutes, open_incident

pytestmark = pytest.mark.django_db


def running(incident: Incident) -> dict[str, float]:
    """Kind and minutes after the moment of every running clock."""
    clocks = Obligation.objects.open().filter(subject=incident.label)
    return {one.kind: (one.due_at - AT).total_seconds() / 60 for one in clocks}


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("id").values_list("kind", flat=True))


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def test_declaring_opens_a_room_with_its_first_fact_and_its_checklist(responder):
    incident = open_incident(responder)

    assert (incident.number, incident.status, incident.severity_confirmed) == (1, "investigating", True)
    assert kinds(incident) == OPENING
    event = incident.timeline.get(kind="incident.declared")
    assert (event.actor, event.new, event.text.body) == (responder, "SEV-2", "71.4 % of 1,310 captured, floor 97 %")
    columns = ("phase", "position", "text", "link", "command", "mandatory_from")
    copied = list(incident.checklist.order_by("position").values_list(*columns))
    assert copied == list(ChecklistTemplateStep.objects.order_by("position").values_list(*columns))


def test_the_checklist_has_the_five_phases_of_the_runbook(incident):
    phases = list(incident.checklist.order_by("position").values_list("phase", flat=True))

    assert list(dict.fromkeys(phases)) == list(ChecklistStep.Phase)
    assert [phases.count(one) for one in ChecklistStep.Phase] == [2, 4, 3, 3, 2]


@pytest.mark.parametrize(
    ("severity", "clocks"),
    [
        ("SEV-1", {"acknowledge": 0, "first_public_update": 15}),
        ("SEV-2", {"acknowledge": 0, "first_public_update": 15}),
        ("SEV-3", {"acknowledge": 0}),
    ],
)
def test_declaring_starts_the_clocks_of_the_severity(responder, severity, clocks):
    assert running(open_incident(responder, severity=severity)) == clocks


def test_numbers_have_no_gap_after_a_refusal(responder):
    open_incident(responder)
    with pytest.raises(Refused):
        open_incident(responder, summary=SECRET)

    assert open_incident(responder).number == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "  "}, "TITLE_MISSING"),
        ({"title": " \u200b\u202e"}, "TITLE_MISSING"),
        ({"severity": "SEV-9"}, "SEVERITY_UNKNOWN"),
        ({"title": SECRET}, "PRIVACY_BLOCKED"),
        ({"summary": SECRET}, "PRIVACY_BLOCKED"),
    ],
)
def test_declaring_is_refused_without_a_trace(responder, changes, code):
    with pytest.raises(Refused) as refusal:
        open_incident(responder, **changes)

    assert refusal.value.code == code
    assert not Incident.objects.exists()
    assert not Obligation.objects.exists()


def test_an_alert_proposes_and_only_a_person_starts_the_public_clock(responder):
    incident = actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=AT)
    assert (incident.severity_confirmed, running(incident)) == (False, {"acknowledge": 0})

    actions.acknowledge(incident, by=responder, at=minutes(4))

    assert fresh(incident).severity_confirmed
    assert running(incident) == {"first_public_update": 19}


def test_choosing_another_severity_confirms_it_and_forgets_the_proposed_peak(responder):
    incident = actions.open_from_alert(title="API slow", severity="SEV-1", domain=domain("backend"), at=AT)

    actions.change_severity(incident, to="SEV-3", reason="Only the export is slow", by=responder, at=minutes(2))

    incident = fresh(incident)
    assert (incident.severity, incident.severity_peak, incident.severity_confirmed) == ("SEV-3", "SEV-3", True)
    assert running(incident) == {"acknowledge": 0}


def test_confirming_the_proposed_severity_as_it_is_starts_the_public_clock(responder):
    incident = actions.open_from_alert(title="API down", severity="SEV-2", domain=domain("backend"), at=AT)

    actions.change_severity(incident, to="SEV-2", reason="Seen it myself", by=responder, at=minutes(1))

    assert running(incident)["first_public_update"] == 16


def test_acknowledging_stops_its_clock_once(incident, responder, admin):
    actions.acknowledge(incident, by=responder, at=minutes(1))

    assert fresh(incident).acknowledged_by == responder
    assert running(incident) == {"first_public_update": 15}
    with pytest.raises(Refused, match="responder has acknowledged it already"):
        actions.acknowledge(incident, by=admin, at=minutes(2))
    assert kinds(incident) == [*OPENING, "incident.acknowledged"]


def test_a_note_stands_on_the_timeline(incident, responder):
    event = actions.post_note(incident, text="  Moved to provider B  ", by=responder, at=minutes(3))

    assert (event.kind, event.text.body, event.occurred_at) == ("note", "Moved to provider B", minutes(3))
    assert fresh(incident).version == 4


def test_a_note_about_earlier_carries_both_times(incident, responder):
    event = actions.post_note(incident, text="First call", by=responder, at=minutes(9), occurred_at=minutes(-20))

    assert (event.occurred_at, event.recorded_at) == (minutes(-20), minutes(9))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"text": " "}, "TEXT_MISSING"),
        ({"text": SECRET}, "PRIVACY_BLOCKED"),
        ({"text": "Soon", "occurred_at": minutes(60)}, "TIME_IN_FUTURE"),
    ],
)
def test_a_note_is_refused_without_a_trace(incident, responder, words, code):
    with pytest.raises(Refused) as refusal:
        actions.post_note(incident, **words, by=responder, at=minutes(1))

    assert refusal.value.code == code
    assert kinds(incident) == OPENING


def test_moving_the_status_says_from_where_to_where(incident, responder):
    event = actions.change_status(incident, to="identified", by=responder, at=minutes(5), note="Provider A rejects")

    assert (event.old, event.new, event.text.body) == ("investigating", "identified", "Provider A rejects")
    assert fresh(incident).status == "identified"


@pytest.mark.parametrize(
    ("to", "code"), [("investigating", "STATUS_UNCHANGED"), ("closed", "STATUS_UNKNOWN"), ("", "STATUS_UNKNOWN")]
)
def test_a_wrong_status_is_refused(incident, responder, to, code):
    with pytest.raises(Refused) as refusal:
        actions.change_status(incident, to=to, by=responder, at=minutes(1))

    assert refusal.value.code == code
    assert fresh(incident).version == incident.version


def test_resolving_in_time_owes_the_report_alone(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(10))

    incident = fresh(incident)
    assert (incident.resolved_at, incident.acknowledged_by) == (minutes(10), responder)
    assert set(running(incident)) == {"verification", "postmortem"}
    waived = Obligation.objects.get(kind="first_public_update")
    assert waived.reason == "Resolved before a public update was due."


def test_resolving_does_not_forgive_a_late_public_word(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(20))

    assert set(running(incident)) == {"first_public_update", "verification", "postmortem"}


def test_resolving_a_sev_3_owes_nothing(responder):
    incident = open_incident(responder, severity="SEV-3")

    actions.change_status(incident, to="resolved", by=responder, at=minutes(10))

    assert running(incident) == {}


def test_reopening_puts_the_report_off_and_the_public_clock_on(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(10))

    actions.change_status(incident, to="investigating", by=responder, at=minutes(30), note="It came back")

    assert fresh(incident).resolved_at is None
    assert running(incident) == {"first_public_update": 45}


def test_once_public_reopening_owes_the_next_update_not_the_first(incident, responder):
    timeline.record(
        incident, "public_update", by=responder, at=minutes(5), new="investigating", text="We look into it."
    )
    actions.change_status(incident, to="resolved", by=responder, at=minutes(10))

    actions.change_status(incident, to="investigating", by=responder, at=minutes(30), note="It came back")

    assert running(incident) == {"public_update": 90}


def test_a_promise_to_readers_is_not_put_off_by_acknowledging_nor_by_reopening(responder, publisher):
    incident = actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=AT)
    draft = statuspage.save_draft(
        incident, title="API down", status="investigating", body="We look into it.", components={}, by=responder, at=AT,
        next_update_at=minutes(20),
    )  # fmt: skip
    statuspage.publish(draft, by=publisher, at=AT)

    actions.acknowledge(incident, by=responder, at=minutes(18))
    assert running(incident)["public_update"] == 20

    actions.change_status(incident, to="resolved", by=responder, at=minutes(25))
    actions.change_status(incident, to="investigating", by=responder, at=minutes(40), note="It came back")
    assert running(incident) == {"public_update": 20}


def test_a_late_first_word_stays_late_when_it_is_reopened(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(20))

    actions.change_status(incident, to="investigating", by=responder, at=minutes(30), note="It came back")

    assert running(incident) == {"first_public_update": 15}


@pytest.mark.parametrize(
    "act",
    [
        lambda incident, by: actions.acknowledge(incident, by=by, at=minutes(11)),
        lambda incident, by: actions.change_severity(incident, to="SEV-1", reason="Worse", by=by, at=minutes(11)),
    ],
)
def test_a_resolved_incident_takes_no_new_severity_and_no_acknowledgement(incident, responder, act):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(10))

    with pytest.raises(Refused) as refusal:
        act(incident, responder)

    assert refusal.value.code == "INCIDENT_RESOLVED"


def test_raising_the_severity_brings_the_next_public_update_forward(incident, responder):
    timeline.record(
        incident, "public_update", by=responder, at=minutes(5), new="investigating", text="We look into it."
    )
    Obligation.objects.filter(kind="first_public_update").update(kind="public_update", due_at=minutes(65))

    actions.change_severity(incident, to="SEV-1", reason="All cards now", by=responder, at=minutes(10))

    assert fresh(incident).severity_peak == "SEV-1"
    assert running(incident)["public_update"] == 40


def test_raising_the_severity_brings_the_first_public_word_forward(incident, responder):
    SeverityPolicy.objects.filter(severity="SEV-1").update(first_public_minutes=10)

    actions.change_severity(incident, to="SEV-1", reason="All cards now", by=responder, at=minutes(2))
    assert running(incident)["first_public_update"] == 12

    actions.change_severity(incident, to="SEV-2", reason="Some cards again", by=responder, at=minutes(4))
    assert running(incident)["first_public_update"] == 12


def test_raising_from_sev_3_starts_the_first_public_clock(responder):
    incident = open_incident(responder, severity="SEV-3")

    actions.change_severity(incident, to="SEV-2", reason="More of them", by=responder, at=minutes(10))

    assert running(incident)["first_public_update"] == 25


def test_lowering_to_sev_3_waives_the_first_public_word_and_keeps_the_peak(incident, responder):
    actions.change_severity(incident, to="SEV-3", reason="One plan only", by=responder, at=minutes(5))

    incident = fresh(incident)
    assert (incident.severity, incident.severity_peak) == ("SEV-3", "SEV-2")
    assert running(incident) == {"acknowledge": 0}
    assert Obligation.objects.get(kind="first_public_update").reason == "Now SEV-3: One plan only"


@pytest.mark.parametrize(
    ("to", "reason", "code"),
    [("SEV-2", "Same", "SEVERITY_UNCHANGED"), ("SEV-1", " ", "REASON_MISSING"), ("SEV-1", SECRET, "PRIVACY_BLOCKED")],
)
def test_a_new_severity_needs_to_be_new_and_a_reason(incident, responder, to, reason, code):
    with pytest.raises(Refused) as refusal:
        actions.change_severity(incident, to=to, reason=reason, by=responder, at=minutes(5))

    assert refusal.value.code == code
    assert fresh(incident).severity == "SEV-2"


def test_ticks_and_unticks_both_stay_on_the_timeline(incident, responder, admin):
    step = incident.checklist.get(position=0)

    checklist.tick(step, by=responder, at=minutes(1))
    with pytest.raises(Refused, match="responder has ticked this step already"):
        checklist.tick(step, by=admin, at=minutes(2))
    checklist.untick(step, by=admin, at=minutes(3))
    with pytest.raises(Refused) as refusal:
        checklist.untick(step, by=admin, at=minutes(4))

    assert refusal.value.code == "NOT_TICKED"
    events = TimelineEvent.objects.filter(kind="checklist").order_by("id")
    assert [(one.new, one.actor, one.text.body) for one in events] == [
        ("ticked", responder, step.text),
        ("unticked", admin, step.text),
    ]


def test_waiving_needs_a_reason_and_a_running_clock(incident, responder):
    with pytest.raises(Refused) as refusal:
        actions.waive(incident, kind="first_public_update", reason="", by=responder, at=minutes(1))
    assert refusal.value.code == "REASON_MISSING"

    event = actions.waive(incident, kind="first_public_update", reason="Staff only", by=responder, at=minutes(1))

    assert event.text.body == "Waived: first public update. Staff only"
    assert running(incident) == {"acknowledge": 0}
    with pytest.raises(Refused) as again:
        actions.waive(incident, kind="first_public_update", reason="Staff only", by=responder, at=minutes(2))
    assert again.value.code == "CLOCK_STOPPED"


def test_a_status_that_was_reached_earlier_carries_both_times(incident, responder):
    event = actions.change_status(
        incident, to="identified", note="Seen on the graph.", by=responder, at=minutes(10), occurred_at=minutes(4)
    )

    assert (event.occurred_at, event.recorded_at) == (minutes(4), minutes(10))
