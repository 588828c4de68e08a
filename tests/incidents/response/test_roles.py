"""Roles of an incident: who may do what when, what stands on the timeline, who is told."""

from typing import Any

import pytest

from incidents.response import actions, queries, roles
from incidents.response.lines import line_of
from incidents.response.models import Incident, Seat
from incidents.response.seats import Act
from incidents.response.states import IncidentRole
from opsportal.errors import Denied, Refused
from opsportal.models import Delivery, User
from opsportal.roles import Role
from tests.incidents.cast import AT, SECRET, domain, minutes

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def ann(responder: User) -> User:
    """Who declared the incident and so leads it."""
    return responder


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.add("bob", Role.RESPONDER)


@pytest.fixture(autouse=True)
def _ops_channel(settings: Any) -> None:
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.BASE_URL = "http://localhost:8123"


def acts(incident: Incident, role: str, person: User) -> set[str]:
    """What the room offers this person for the role."""
    return {str(one) for one in queries.role_or_404(incident, role, person).acts}


def holder(incident: Incident, role: str) -> User | None:
    return Seat.objects.get(incident=incident, role=role).holder


def told(incident: Incident) -> list[str]:
    """The timeline's role events as people read them, oldest first."""
    lines = [line_of(one, "") for one in incident.timeline.filter(kind="role").order_by("id")]
    return [" ".join(filter(None, (one.who, one.before, one.strong, one.after))) for one in lines]


# --- who leads at first -----------------------------------------------------------------------------------------------


def test_whoever_declares_leads(incident, ann):
    assert holder(incident, "commander") == ann
    event = incident.timeline.get(kind="role")
    assert (event.actor, event.old, event.new) == (ann, "commander", "commander responder")


def test_an_incident_of_an_alert_is_led_by_who_first_acknowledges(ann, bob):
    incident = actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=AT)
    assert not Seat.objects.exists()

    actions.acknowledge(incident, by=bob, at=minutes(2))

    assert holder(incident, "commander") == bob


def test_acknowledging_does_not_take_the_lead_from_anybody(incident, ann, bob):
    actions.acknowledge(incident, by=bob, at=minutes(2))

    assert holder(incident, "commander") == ann


# --- what may follow what ---------------------------------------------------------------------------------------------

TABLE = {
    # The role stands so         ann holds or led it           bob, a responder            eve, an admin
    "free":               ({"take", "offer"},                  {"take"},                   {"take", "offer"}),
    "ann has it":         ({"lay_down", "offer"},              {"take_over"},              {"take_over"}),
    "ann offers it bob":  ({"lay_down", "withdraw"},           {"accept", "decline"},        {"take_over", "withdraw"}),
    "free, offered bob":  ({"take", "withdraw"},               {"take", "accept", "decline"},
                                                                                           {"take", "withdraw"}),
    "bob has it":         ({"take_over"},                      {"lay_down", "offer"},      {"take_over"}),
    "ann has it, gone":   (set(),                              {"take"},                   {"take", "offer"}),
}  # fmt: skip


@pytest.mark.parametrize(("state", "expected"), TABLE.items(), ids=list(TABLE))
def test_the_room_offers_each_person_what_the_table_says(incident, ann, bob, admin, viewer, state, expected):
    stand(incident, state, ann, bob)

    assert tuple(acts(incident, "scribe", one) for one in (fresh(ann), bob, admin)) == expected
    assert acts(incident, "scribe", viewer) == set()


@pytest.mark.parametrize("act", [str(one) for one in Act])
@pytest.mark.parametrize("state", list(TABLE))
def test_every_act_is_refused_where_the_room_does_not_offer_it(incident, ann, bob, admin, viewer, state, act):
    stand(incident, state, ann, bob)

    for person in (fresh(ann), bob, admin, viewer):
        if act not in acts(incident, "scribe", person):
            before = incident.timeline.count()
            with pytest.raises(Refused):
                do(act, incident, by=person, to=bob)
            assert incident.timeline.count() == before


def stand(incident: Incident, state: str, ann: User, bob: User) -> None:
    """Bring the scribe's role where the table says; ann leads throughout."""
    if state.startswith(("ann has", "ann offers")):
        roles.take(incident, "scribe", by=ann, at=AT)
    if state == "bob has it":
        roles.take(incident, "scribe", by=bob, at=AT)
    if "bob" in state and not state.startswith("bob"):
        roles.offer(incident, "scribe", to=bob, by=ann, at=AT)
    if state.endswith("gone"):
        User.objects.filter(pk=ann.pk).update(is_active=False)


def do(act: str, incident: Incident, *, by: User, to: User) -> None:
    words: dict[str, dict[str, Any]] = {"offer": {"to": to}, "take_over": {"reason": "Does not answer"}}
    getattr(roles, act)(incident, "scribe", by=by, at=minutes(1), **words.get(act, {}))


def fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


# --- acts -------------------------------------------------------------------------------------------------------------


def test_a_hand_over_moves_the_role_only_when_it_is_accepted(incident, ann, bob):
    roles.offer(incident, "commander", to=bob, by=ann, at=minutes(1))
    assert holder(incident, "commander") == ann

    event = roles.accept(incident, "commander", by=bob, at=minutes(2))

    assert holder(incident, "commander") == bob
    assert (event.kind, event.old, event.new) == ("role", "commander responder > bob", "commander bob")
    assert told(incident)[1:] == [
        "responder offered the role commander to bob",
        "bob took over the role commander from responder",
    ]


def test_a_declined_and_a_withdrawn_offer_leave_the_role_where_it_is(incident, ann, bob):
    roles.offer(incident, "commander", to=bob, by=ann, at=minutes(1))
    roles.decline(incident, "commander", by=bob, at=minutes(2))
    roles.offer(incident, "commander", to=bob, by=ann, at=minutes(3))
    roles.withdraw(incident, "commander", by=ann, at=minutes(4))

    assert holder(incident, "commander") == ann
    assert told(incident)[2::2] == [
        "bob declined the role commander",
        "responder withdrew the offer of the role commander",
    ]
    with pytest.raises(Refused, match="not offered to you"):
        roles.accept(incident, "commander", by=bob, at=minutes(5))


def test_a_role_laid_down_is_free_and_its_offer_is_gone(incident, ann, bob):
    roles.offer(incident, "commander", to=bob, by=ann, at=minutes(1))

    roles.lay_down(incident, "commander", by=ann, at=minutes(2))

    seat = Seat.objects.get(role="commander")
    assert (seat.holder, seat.offered_to, seat.offered_by) == (None, None, None)
    assert told(incident)[-1] == "responder stepped down from the role commander"


def test_somebody_who_does_not_answer_is_relieved_with_a_reason(incident, ann, bob):
    with pytest.raises(Refused, match="Say why"):
        roles.take_over(incident, "commander", reason=" ", by=bob, at=minutes(1))

    event = roles.take_over(incident, "commander", reason="Asleep since four", by=bob, at=minutes(1))

    assert holder(incident, "commander") == bob
    assert event.text.body == "Asleep since four"
    assert told(incident)[-1] == "bob took over the role commander from responder, without an offer"


def test_a_reason_with_a_secret_changes_nothing(incident, ann, bob):
    with pytest.raises(Refused, match="connection string"):
        roles.take_over(incident, "commander", reason=SECRET, by=bob, at=minutes(1))

    assert holder(incident, "commander") == ann
    assert not Delivery.objects.exists()


def test_one_person_may_have_several_roles(incident, ann):
    for role in ("communications", "scribe", "operations"):
        roles.take(incident, role, by=ann, at=minutes(1))

    assert {one.role for one in Seat.objects.filter(holder=ann)} == set(IncidentRole)


@pytest.mark.parametrize(("person", "code"), [("ann", "NOT_TO_THEM"), ("viewer", "NOT_A_RESPONDER")])
def test_a_role_is_not_offered_to_oneself_or_to_who_may_not_act(request, incident, ann, person, code):
    with pytest.raises(Refused) as refusal:
        roles.offer(incident, "commander", to=request.getfixturevalue(person), by=ann, at=minutes(1))

    assert refusal.value.code == code
    assert incident.timeline.filter(kind="role").count() == 1


def test_a_viewer_is_denied_and_an_unknown_role_refused(incident, viewer, bob):
    with pytest.raises(Denied):
        roles.take(incident, "scribe", by=viewer, at=AT)
    with pytest.raises(Refused, match="no such role"):
        roles.take(incident, "captain", by=bob, at=AT)


def test_a_resolved_incident_keeps_its_roles(incident, ann, bob):
    actions.change_status(incident, to="resolved", by=ann, at=minutes(1))

    with pytest.raises(Refused) as refusal:
        roles.take(incident, "scribe", by=bob, at=minutes(2))

    assert refusal.value.code == "INCIDENT_RESOLVED"
    assert [one.acts for one in queries.roles(Incident.objects.get(), bob)] == [frozenset()] * 4


def test_who_became_a_viewer_holds_nothing_any_more(incident, ann, bob):
    User.objects.filter(pk=ann.pk).update(role="viewer")

    roles.take(incident, "commander", by=bob, at=minutes(1))

    assert holder(incident, "commander") == bob


# --- who is told ------------------------------------------------------------------------------------------------------


def test_the_channel_hears_of_offers_and_changes_with_a_link_and_no_free_text(incident, ann, bob):
    roles.take(incident, "scribe", by=bob, at=minutes(1))
    roles.offer(incident, "commander", to=bob, by=ann, at=minutes(2))
    roles.accept(incident, "commander", by=bob, at=minutes(3))
    roles.lay_down(incident, "scribe", by=bob, at=minutes(4))
    roles.take_over(incident, "commander", reason="Words of the room", by=ann, at=minutes(5))

    assert list(Delivery.objects.order_by("pk").values_list("subject", flat=True)) == [
        "INC-1 SEV-2: responder offers commander to bob, who accepts it in the room",
        "INC-1 SEV-2: bob has commander now",
        "INC-1 SEV-2: bob stepped down as scribe, which is unassigned",
        "INC-1 SEV-2: responder took over commander without an offer",
    ]
    assert {one.body for one in Delivery.objects.all()} == {"http://localhost:8123/incidents/INC-1/"}


def test_who_is_asked_hears_of_it_by_mail_as_well(incident, ann, bob, settings):
    settings.EMAIL_CONFIGURED, settings.ALERT_EMAIL = True, ["ops@example.org"]
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")

    roles.offer(incident, "commander", to=fresh(bob), by=ann, at=minutes(1))
    roles.accept(incident, "commander", by=fresh(bob), at=minutes(2))

    mails = Delivery.objects.filter(channel="email").order_by("pk").values_list("destination", flat=True)
    assert list(mails) == ["ops@example.org", "bob@example.org", "ops@example.org"]


def test_a_name_that_is_an_address_leaves_as_a_token(incident, ann, bob):
    User.objects.filter(pk=bob.pk).update(username="bob@example.org")

    roles.offer(incident, "commander", to=fresh(bob), by=ann, at=minutes(1))

    assert "example.org" not in Delivery.objects.get().subject


# --- screens ----------------------------------------------------------------------------------------------------------


def address(incident: Incident, tail: str = "") -> str:
    return f"/incidents/{incident.label}/{tail}"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_role_is_handed_over_by_buttons(client_as, incident, ann, bob, headers):
    client_as(ann).post(address(incident, "roles/commander/"), {"to": "bob"}, headers=headers)
    room = client_as(bob).get(address(incident)).content.decode()
    assert "offered to you" in room

    answer = client_as(bob).post(address(incident, "roles/commander/accept/"), headers=headers)

    assert answer.status_code == (200 if headers else 302)
    assert holder(incident, "commander") == bob


def test_a_button_that_came_too_late_says_so_and_shows_what_is(client_as, incident, ann, bob):
    roles.take(incident, "scribe", by=ann, at=AT)

    answer = client_as(bob).post(address(incident, "roles/scribe/take/"), headers=HTMX)

    assert answer.status_code == 422
    assert "responder has scribe already." in answer.content.decode()
    assert '<hx-partial hx-target="#roles"' in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_taking_over_without_a_reason_comes_back_with_the_page_of_the_role(client_as, incident, ann, bob, headers):
    answer = client_as(bob).post(address(incident, "roles/commander/take-over/"), {"reason": ""}, headers=headers)

    assert answer.status_code == 422
    assert "Say why you take it over." in answer.content.decode()
    assert holder(incident, "commander") == ann


@pytest.mark.parametrize("to", ["viewer", "nobody-here", ""])
def test_only_people_who_may_act_can_be_chosen(client_as, incident, ann, viewer, to):
    answer = client_as(ann).post(address(incident, "roles/commander/"), {"to": to})

    assert answer.status_code == 422
    assert not Seat.objects.exclude(offered_to=None).exists()


@pytest.mark.parametrize("tail", ["roles/captain/", "roles/scribe/steal/", "roles/captain/take-over/"])
def test_an_unknown_role_or_act_is_not_found(client_as, incident, ann, tail):
    assert client_as(ann).post(address(incident, tail), {"to": "responder", "reason": "Why"}).status_code == 404


def test_a_viewer_sees_who_has_which_role_and_no_button(client_as, incident, viewer, ann):
    page = client_as(viewer).get(address(incident)).content.decode()

    card = page[page.index('id="roles"') : page.index('id="on-call"')]
    assert "responder" in card
    assert "<form" not in card
    assert client_as(viewer).post(address(incident, "roles/scribe/take/")).status_code == 403
