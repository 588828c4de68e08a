"""The rules that admins edit: periods by severity, and the checklist of new incidents."""

import html
from dataclasses import replace

import pytest

from incidents.obligations.models import Obligation
from incidents.response import actions, checklist_template, policy
from incidents.response.checklist_template import Step
from incidents.response.models import ChecklistTemplateStep
from incidents.response.states import Severity
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import AuditEvent
from tests.incidents.cast import AT, SECRET, domain, minutes, open_incident

pytestmark = pytest.mark.django_db
STEP = Step("triage", "Ask the provider", "https://status.example.org/", "bin/manage doctor", "SEV-2")


def periods(severity: str = "SEV-1") -> policy.Periods:
    return policy.of(severity).periods


def texts(phase: str = "triage") -> list[str]:
    return list(ChecklistTemplateStep.objects.filter(phase=phase).values_list("text", flat=True))


def due(kind: str) -> float:
    return (Obligation.objects.open().get(kind=kind).due_at - AT).total_seconds() / 60


def test_the_periods_of_the_operating_documents_stand_from_the_start():
    found = {severity.value: rules.periods.mark for severity, rules in policy.every().items()}

    assert found == {"SEV-1": "0-15-30-60-48-5-5", "SEV-2": "0-15-60-60-48-5-5", "SEV-3": "0--60---5-5"}
    assert policy.of("SEV-1").words == "Public within 15 min, then every 30 min."
    assert policy.of("SEV-3").words == "Public only if you decide so."


def test_new_clocks_follow_a_change_and_running_ones_keep_their_time(responder, admin):
    open_incident(responder, severity="SEV-1")

    policy.change(
        "SEV-1", replace(periods(), first_public_minutes=10, acknowledge_minutes=3), seen=periods().mark, by=admin
    )

    assert (due("acknowledge"), due("first_public_update")) == (0, 15)
    Obligation.objects.all().delete()
    open_incident(responder, severity="SEV-1")
    assert (due("acknowledge"), due("first_public_update")) == (3, 10)
    line = AuditEvent.objects.get(act="policy.change")
    assert (line.actor, line.object) == ("admin", "SEV-1")
    assert line.reason == "acknowledge_minutes 0 to 3, first_public_minutes 15 to 10"


@pytest.mark.parametrize(
    ("severity", "changes", "code"),
    [
        ("SEV-1", {"first_public_minutes": 0}, "PERIOD_OUT_OF_BOUNDS"),
        ("SEV-1", {"public_every_minutes": 1441}, "PERIOD_OUT_OF_BOUNDS"),
        ("SEV-1", {"public_every_minutes": None}, "PERIOD_OUT_OF_BOUNDS"),
        ("SEV-2", {"verification_minutes": None}, "GATE_NEEDS_IT"),
        ("SEV-2", {"postmortem_hours": None}, "GATE_NEEDS_IT"),
        ("SEV-3", {"verification_minutes": 30, "first_public_minutes": 30}, ""),
    ],
)
def test_periods_are_checked(admin, severity, changes, code):
    before = periods(severity)

    if code:
        with pytest.raises(Refused) as refusal:
            policy.change(severity, replace(before, **changes), seen=before.mark, by=admin)
        assert refusal.value.code == code
        assert periods(severity) == before
    else:
        assert policy.change(severity, replace(before, **changes), seen=before.mark, by=admin).verification


def test_two_admins_at_the_same_periods_are_told(admin, publisher):
    seen = periods().mark
    policy.change("SEV-1", replace(periods(), public_every_minutes=20), seen=seen, by=admin)

    with pytest.raises(Conflict):
        policy.change("SEV-1", replace(periods(), public_every_minutes=40), seen=seen, by=admin)
    with pytest.raises(Denied):
        policy.change("SEV-1", periods(), seen=periods().mark, by=publisher)

    assert periods().public_every_minutes == 20


@pytest.mark.parametrize("severity", list(Severity))
def test_a_severity_costs_one_query(severity, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert policy.of(severity).public_every
    with django_assert_num_queries(1):
        assert len(policy.every()) == 3


def test_public_clocks_of_an_alert_wait_for_a_person(responder):
    incident = actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=AT)
    assert set(Obligation.objects.open().values_list("kind", flat=True)) == {"acknowledge"}

    actions.acknowledge(incident, by=responder, at=minutes(6))

    assert due("first_public_update") == 21


def test_a_step_is_added_changed_moved_and_taken_out(admin):
    row = checklist_template.add(STEP, by=admin)
    assert texts()[-1] == "Ask the provider"
    assert row.position == 2

    checklist_template.move(row, up=True, by=admin)
    assert texts()[1] == "Ask the provider"
    row.refresh_from_db()
    checklist_template.change(row, replace(STEP, phase="recover", text="Ask again"), seen=STEP.mark, by=admin)
    assert texts("recover")[0] == "Ask again" or "Ask again" in texts("recover")
    checklist_template.remove(row, by=admin)

    assert "Ask again" not in texts("recover")
    rows = list(ChecklistTemplateStep.objects.values_list("position", "phase"))
    assert [position for position, _ in rows] == list(range(14))
    acts = AuditEvent.objects.filter(act__startswith="checklist.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["checklist.add", "checklist.move", "checklist.change", "checklist.remove"]


def test_the_first_step_of_a_phase_stays_where_it_is(admin):
    before = texts()

    checklist_template.move(ChecklistTemplateStep.objects.get(position=0), up=True, by=admin)

    assert texts() == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": " "}, "TEXT_MISSING"),
        ({"phase": "lunch"}, "PHASE_UNKNOWN"),
        ({"mandatory_from": "SEV-9"}, "SEVERITY_UNKNOWN"),
        ({"link": "javascript:alert(1)"}, "LINK_UNKNOWN"),
        ({"link": "//evil.example"}, "LINK_UNKNOWN"),
        ({"link": "http://plain.example"}, "LINK_UNKNOWN"),
        ({"command": f"psql {SECRET}"}, "PRIVACY_BLOCKED"),
    ],
)
def test_a_step_is_checked(admin, changes, code):
    with pytest.raises(Refused) as refusal:
        checklist_template.add(replace(STEP, **changes), by=admin)

    assert refusal.value.code == code
    assert ChecklistTemplateStep.objects.count() == 14


def test_only_admins_change_the_template_and_the_last_step_stays(admin, publisher):
    with pytest.raises(Denied):
        checklist_template.add(STEP, by=publisher)
    ChecklistTemplateStep.objects.exclude(position=0).delete()

    with pytest.raises(Refused) as refusal:
        checklist_template.remove(ChecklistTemplateStep.objects.get(), by=admin)

    assert refusal.value.code == "LAST_STEP"


def test_the_screens(client_as, admin):
    client = client_as(admin)
    page = html.unescape(client.get("/settings/response/").content.decode())
    assert "15 min" in page
    assert "Mandatory for SEV-1 and SEV-2" in page
    form = {name: "" if value is None else value for name, value in vars(periods("SEV-2")).items()}
    form["seen"] = periods("SEV-2").mark

    saved = client.post("/settings/response/SEV-2/periods/", form | {"public_every_minutes": 45})
    stale = client.post("/settings/response/SEV-2/periods/", form | {"public_every_minutes": 20})
    wrong = client.post("/settings/response/SEV-2/periods/", form | {"public_every_minutes": 1})
    empty = client.post(
        "/settings/response/SEV-2/periods/", form | {"seen": periods("SEV-2").mark, "postmortem_hours": ""}
    )

    assert [one.status_code for one in (saved, stale, wrong, empty)] == [302, 409, 422, 422]
    assert "then every 45" in stale.content.decode()
    assert periods("SEV-2").public_every_minutes == 45
    assert client.get("/settings/response/SEV-4/periods/").status_code == 404

    assert client.get("/settings/response/checklist/new/").status_code == 200
    assert client.post("/settings/response/checklist/new/", vars(STEP)).status_code == 302
    row = ChecklistTemplateStep.objects.get(text=STEP.text)
    assert STEP.text in client.get(f"/settings/response/checklist/{row.pk}/").content.decode()
    changed = vars(STEP) | {"text": "Other words", "seen": STEP.mark}
    path = f"/settings/response/checklist/{row.pk}/"
    assert [client.post(path, changed).status_code for _ in range(2)] == [302, 409]
    assert client.post(f"{path}up/").status_code == 302
    assert client.post(f"{path}sideways/").status_code == 404
    assert client.post(f"{path}remove/").status_code == 302
    assert not ChecklistTemplateStep.objects.filter(pk=row.pk).exists()
