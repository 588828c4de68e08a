"""Opening a room: three things are enough, what is over or a test stays apart, and what it looks like is shown."""

import re

import pytest

from incidents import reactions
from incidents.obligations.models import Obligation
from incidents.postmortems.models import Postmortem
from incidents.response import actions, once
from incidents.response.alike import alike
from incidents.response.models import Incident
from incidents.response.past import Past
from incidents.statuspage.models import StatusUpdate
from opsportal.errors import Refused
from opsportal.models import Delivery
from tests.incidents.cast import AT, OPENING, cost, domain, minutes, open_incident

pytestmark = pytest.mark.django_db
NEW = "/incidents/new/"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
THREE = {"title": "Checkout down", "severity": "SEV-1", "domain": "payments"}
PAST = Past(minutes(-120), minutes(-110), minutes(-30))


def owed(incident: Incident) -> set[str]:
    return set(Obligation.objects.open().filter(subject=incident.label).values_list("kind", flat=True))


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("id").values_list("kind", flat=True))


def react(incident: Incident) -> None:
    for event in incident.timeline.filter(reaction__isnull=False):
        reactions.react(event.pk, at=minutes(1))


def test_three_things_are_enough_and_cost_few_queries(client_as, responder, django_assert_max_num_queries):
    client = client_as(responder)

    with django_assert_max_num_queries(60):
        answer = client.post(NEW, THREE)

    assert (answer.status_code, answer["Location"]) == (302, "/incidents/INC-1/")
    incident = Incident.objects.get()
    assert (incident.nature, incident.mode, incident.channel_url) == ("standard", "standard", "")
    assert kinds(incident) == OPENING


def test_a_form_that_is_sent_twice_leads_to_one_room(client_as, responder, publisher):
    first, again = (client_as(responder).post(NEW, THREE) for _ in range(2))
    other = client_as(responder).post(NEW, THREE | {"severity": "SEV-3"})
    theirs = client_as(publisher).post(NEW, THREE)

    assert first["Location"] == again["Location"]
    assert len({one["Location"] for one in (first, other, theirs)}) == 3


def test_the_same_trouble_a_little_later_is_another_incident(responder):
    facts = {"title": "API is slow", "severity": "SEV-2", "nature": "standard", "mode": "standard"}
    first, later = (
        once.declare(before=None, **facts, domain=domain(), by=responder, at=at) for at in (AT, AT + once.TWICE)
    )

    assert first != later


def test_the_rest_is_kept_when_it_is_given(client_as, responder):
    more = {"nature": "security", "mode": "test", "summary": "Seen at 03:00", "channel_url": "https://chat.example/c/9"}

    client_as(responder).post(NEW, THREE | more)

    found = Incident.objects.get()
    assert {name: getattr(found, name) for name in more} == more


def test_a_link_fills_the_form_and_opens_what_it_fills(client_as, responder):
    client = client_as(responder)

    page = client.get(f"{NEW}?title=Keys+out&severity=1&domain=backend&nature=security").content.decode()

    assert re.search(r'value="Keys out"', page)
    assert re.search(r'value="SEV-1" checked', page)
    assert re.search(r'value="backend" checked', page)
    assert '<option value="security" selected>' in page
    assert '<details id="more" open>' in page
    assert '<details id="more">' in client.get(f"{NEW}?title=Keys+out").content.decode()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"mode": "retrospective"}, "Say when it ended."),
        ({"mode": "retrospective", "impact_started_at": "2026-11-21T03:00"}, "Say when it ended."),
        ({"mode": "drill"}, "valid choice"),
        ({"nature": "secret"}, "valid choice"),
        ({"channel_url": "http://chat.example/c/9"}, "https://"),
        ({"channel_url": "javascript:alert(1)"}, "https://"),
        ({"channel_url": "https://ann:hunter2hunter2@chat.example/"}, "took it out"),
        (
            {"mode": "retrospective", "impact_started_at": "2026-11-20T05:00", "resolved_at": "2026-11-20T03:00"},
            "in order",
        ),
        (
            {"mode": "retrospective", "impact_started_at": "2026-11-20T05:00", "resolved_at": "2199-01-01T03:00"},
            "not come yet",
        ),
    ],
)
def test_what_cannot_be_comes_back_with_the_rest_shown(client_as, responder, wrong, sentence):
    answer = client_as(responder).post(NEW, THREE | wrong)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert '<details id="more" open>' in answer.content.decode()
    assert not Incident.objects.exists()


# --- what is over, and what is a test ---------------------------------------------------------------------------------


def test_what_is_over_opens_resolved_and_owes_its_report_alone(responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example.com/services/x"
    incident = open_incident(responder, severity="SEV-1", past=PAST)
    react(incident)

    assert (incident.mode, incident.status, incident.mark) == ("retrospective", "resolved", "Written later")
    assert (incident.impact_started_at, incident.detected_at, incident.resolved_at) == tuple(vars(PAST).values())
    assert incident.declared_at == AT
    assert owed(incident) == {"postmortem"}
    assert kinds(incident)[:2] == ["incident.declared", "status"]
    assert incident.timeline.get(kind="status").occurred_at == PAST.resolved_at
    assert Postmortem.objects.filter(incident=incident).exists()
    assert not StatusUpdate.objects.exists()
    assert Delivery.objects.get(key__contains=":opened").subject.startswith("Written later: INC-1 SEV-1")


def test_what_was_over_is_never_opened_again(client_as, responder):
    incident = open_incident(responder, past=PAST)

    with pytest.raises(Refused) as refused:
        actions.change_status(incident, to="investigating", note="It came back", by=responder, at=minutes(5))

    assert refused.value.code == "WRITTEN_LATER"
    assert Incident.objects.get().status == "resolved"
    assert owed(incident) == {"postmortem"}
    room = client_as(responder).get(f"/incidents/{incident.label}/").content.decode()
    assert "Add a note</h2>" in room
    assert "Reopen as" not in room


def test_times_that_cannot_be_are_refused(responder):
    for past in (Past(minutes(-1), minutes(-2), AT), Past(minutes(-3), minutes(-2), minutes(-2.5))):
        with pytest.raises(Refused) as refused:
            open_incident(responder, past=past)
        assert refused.value.code == "TIMES_OUT_OF_ORDER"
    with pytest.raises(Refused) as refused:
        open_incident(responder, past=Past(minutes(-3), minutes(-2), minutes(1)))
    assert refused.value.code == "TIME_IN_FUTURE"


def test_a_test_owes_the_world_nothing_and_leaves_nothing_to_do(responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example.com/services/x"
    incident = open_incident(responder, severity="SEV-1", mode="test")
    react(incident)

    assert owed(incident) == {"acknowledge"}
    assert not StatusUpdate.objects.exists()
    assert Delivery.objects.get(key__contains=":opened").subject == "Test: INC-1 SEV-1 EU card payments failing"

    actions.change_severity(incident, to="SEV-2", reason="Rehearsed", by=responder, at=minutes(2))
    actions.change_status(incident, to="resolved", by=responder, at=minutes(3))
    react(incident)
    assert owed(incident) == set()
    assert not Postmortem.objects.exists()


def test_figures_count_what_happened_when_it_happened(responder):
    plain = open_incident(responder)
    open_incident(responder, mode="test")
    open_incident(responder, past=PAST)
    open_incident(responder, nature="security")

    assert [one.number for one in Incident.objects.counted().order_by("number")] == [plain.number, 4]


@pytest.mark.parametrize(("change", "mark"), [({"mode": "test"}, "Test"), ({"nature": "security"}, "Security")])
def test_its_mark_stands_wherever_it_does(client_as, responder, change, mark):
    open_incident(responder, **change)
    client = client_as(responder)

    for path in ("/", "/incidents/", "/incidents/INC-1/", "/search/?q=card"):
        assert f'<span class="badge">{mark}</span>' in client.get(path).content.decode(), path


def test_the_list_is_narrowed_to_tests(client_as, responder):
    open_incident(responder, title="Real trouble")
    open_incident(responder, title="A rehearsal", mode="test")

    tests = client_as(responder).get("/incidents/?mode=test").content.decode()
    others = client_as(responder).get("/incidents/?mode=standard").content.decode()

    assert "A rehearsal" in tests
    assert "Real trouble" not in tests
    assert "A rehearsal" not in others


# --- looks like -------------------------------------------------------------------------------------------------------


def test_the_nearest_come_first_and_open_ones_before_all(responder, viewer):
    over = open_incident(responder, title="Checkout timeouts at the gateway")
    actions.change_status(over, to="resolved", by=responder, at=minutes(1))
    running = open_incident(responder, title="Checkout timeouts again")
    open_incident(responder, title="Export late")
    open_incident(responder, title="Checkout timeouts rehearsed", mode="test")
    hidden = open_incident(responder, title="Checkout timeouts by intruders", nature="security")

    assert set(alike("Timeouts in checkout", responder)) == {running, over, hidden}
    assert alike("Timeouts in checkout", viewer) == [running, over]
    for nothing in ("", "  ", "of", "'); DROP", "zebra", "é" * 500):
        assert alike(nothing, responder) == []


def test_it_is_shown_while_typing_and_after_a_refusal(client_as, responder):
    open_incident(responder, title="Checkout timeouts")
    client = client_as(responder)

    part = client.get(NEW, {"title": "checkout"}, headers=HTMX).content.decode()
    refused = client.post(NEW, {"title": "Checkout slow", "severity": "SEV-1"})

    assert part.startswith('<div id="alike"')
    assert "INC-1 Checkout timeouts" in part
    assert refused.status_code == 422
    assert "INC-1 Checkout timeouts" in refused.content.decode()


def test_the_form_costs_the_same_however_much_there_is(client_as, responder):
    client = client_as(responder)
    open_incident(responder, title="Checkout timeouts")
    few = cost(client, f"{NEW}?title=Checkout")

    for number in range(8):
        open_incident(responder, title=f"Checkout timeouts {number}")

    assert cost(client, f"{NEW}?title=Checkout") == few <= 6
