"""Rotas are made and changed, somebody stands in, takes it or is away; what was before stays true."""

from datetime import UTC, datetime, time

import pytest

from incidents.oncall import actions, handles, queries
from incidents.oncall.models import Override, Rotation, RotationPlan
from incidents.oncall.shifts import final
from opsportal.errors import Conflict, Refused
from opsportal.models import AuditEvent, Delivery, User
from tests.incidents.cast import AT, SECRET
from tests.incidents.oncall.cast import DAY, HOUR, rota, rule


@pytest.fixture
def primary(responder, publisher, admin) -> Rotation:
    return rota("Primary", responder, publisher, by=admin, handle="@sre-oncall")


def on_shift(at: datetime = AT) -> User | None:
    return queries.who("@sre-oncall", at).person


def said() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.order_by("pk").values_list("act", "object"))


def test_a_rota_that_is_made_is_called_by_its_handle(primary, responder, publisher):
    assert (on_shift(), on_shift(AT + 5 * HOUR)) == (responder, publisher)
    assert said() == [("rota.define", "primary"), ("handle.hold", "@sre-oncall")]


def test_another_rule_holds_from_its_moment_and_never_before(primary, admin, responder, publisher):
    actions.change(primary, "Primary", rule(admin), since=AT + HOUR, seen=1, by=admin, at=AT)

    assert (on_shift(AT - DAY), on_shift(), on_shift(AT + HOUR)) == (publisher, responder, admin)


def test_a_change_never_reaches_into_the_past(primary, admin, publisher):
    actions.change(primary, "Primary", rule(admin), since=AT - 30 * DAY, seen=1, by=admin, at=AT)

    assert (on_shift(AT - DAY), on_shift()) == (publisher, admin)


def test_a_plan_that_was_to_begin_later_is_replaced(primary, admin, publisher):
    actions.change(primary, "Primary", rule(publisher), since=AT + 3 * DAY, seen=1, by=admin, at=AT)
    actions.change(primary, "Primary", rule(admin), since=AT + 2 * DAY, seen=2, by=admin, at=AT)

    assert on_shift(AT + 4 * DAY) == admin
    assert RotationPlan.objects.filter(rotation=primary).count() == 2


def test_of_two_who_change_a_rota_the_second_is_told(primary, admin, responder):
    actions.change(primary, "First", rule(admin), since=AT, seen=1, by=admin, at=AT)

    with pytest.raises(Conflict):
        actions.change(primary, "Second", rule(responder), since=AT, seen=1, by=admin, at=AT)
    assert Rotation.objects.get().name == "First"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"days": "0000000"}, "ROTA_NEVER"),
        ({"turn": "custom", "turn_hours": 3}, "ROTA_TURN"),
        ({"turn": "custom", "turn_hours": 2_000}, "ROTA_TURN"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(admin, changes, code):
    with pytest.raises(Refused) as refused:
        actions.define("Odd", rule(admin, **changes), by=admin, at=AT)
    assert refused.value.code == code
    assert not Rotation.objects.exists()


def test_a_rota_needs_people_and_a_name_of_its_own(primary, admin):
    with pytest.raises(Refused, match="at least one person"):
        actions.define("Empty", rule(), by=admin, at=AT)
    with pytest.raises(Refused, match="of this name"):
        actions.define("PRIMARY", rule(admin), by=admin, at=AT)
    with pytest.raises(Refused):
        actions.define(SECRET, rule(admin), by=admin, at=AT)


def test_a_day_only_rota_in_berlin_is_right_in_summer_and_in_winter(admin, responder):
    made = rota(
        "Day", responder, by=admin, time_zone="Europe/Berlin", days="1111100", hours=(time(8), time(20)),
        first_on=datetime(2026, 1, 5).date(),  # noqa: DTZ001
    )  # fmt: skip
    found = queries.rotas_between(AT, AT, [responder.pk])[made.pk]

    winter = final(found.plans, (), datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    summer = final(found.plans, (), datetime(2027, 7, 5, tzinfo=UTC), datetime(2027, 7, 6, tzinfo=UTC))

    assert [(one.starts_at.hour, one.ends_at.hour) for one in (*winter, *summer)] == [(7, 19), (6, 18)]


def test_somebody_stands_in_and_it_ends_by_itself(primary, admin, responder):
    actions.stand_in(
        primary, admin, starts_at=AT + HOUR, ends_at=AT + 2 * HOUR, reason="A dentist", by=responder, at=AT
    )  # fmt: skip

    assert [on_shift(AT + number * HOUR) for number in range(3)] == [responder, admin, responder]
    assert queries.who("@sre-oncall", AT + HOUR).why == "stands in on Primary: A dentist"


def test_what_has_been_is_not_rewritten(primary, admin, responder):
    actions.stand_in(primary, admin, starts_at=AT - DAY, ends_at=AT + HOUR, reason="Late", by=responder, at=AT)

    assert on_shift(AT - HOUR) == responder
    assert on_shift() == admin


def test_taking_it_is_at_once_and_the_ops_channel_hears_it(primary, admin, responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
    taken = actions.take(primary, until=AT + 4 * HOUR, reason="I am awake anyway", by=admin, at=AT)

    assert (on_shift(), on_shift(AT + 4 * HOUR)) == (admin, responder)
    assert taken.kind == Override.Kind.TAKEN
    told = Delivery.objects.get()
    assert told.subject == "admin takes Primary"
    assert "instead of responder. I am awake anyway" in told.body


def test_who_has_it_cannot_take_it(primary, responder):
    with pytest.raises(Refused, match="on call for Primary already"):
        actions.take(primary, until=AT + HOUR, reason="Twice", by=responder, at=AT)


def test_being_away_leaves_a_gap_that_somebody_covers(primary, admin, responder):
    span = {"starts_at": AT, "ends_at": AT + 3 * HOUR}
    actions.be_away(primary, **span, reason="Travels", by=responder, at=AT)
    assert on_shift() is None

    actions.stand_in(primary, admin, **span, reason="I cover", by=admin, at=AT)

    assert on_shift() == admin


def test_called_off_the_turns_hold_again_and_what_was_stays(primary, admin, responder):
    soon = actions.stand_in(primary, admin, starts_at=AT, ends_at=AT + 4 * HOUR, reason="X", by=admin, at=AT)
    later = actions.stand_in(primary, admin, starts_at=AT + DAY, ends_at=AT + 2 * DAY, reason="Y", by=admin, at=AT)

    for one in (soon, later):
        actions.call_off(one, by=responder, at=AT + HOUR)

    assert [on_shift(AT), on_shift(AT + HOUR)] == [admin, responder]
    assert not Override.objects.standing().filter(pk=later.pk).exists()
    with pytest.raises(Refused, match="ended already"):
        actions.call_off(soon, by=responder, at=AT + 2 * HOUR)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_at": AT - HOUR}, "OVERRIDE_SPAN"),
        ({"starts_at": AT + DAY}, "OVERRIDE_SPAN"),
        ({"ends_at": AT + 60 * DAY}, "OVERRIDE_LONG"),
        ({"ends_at": AT.replace(year=2300)}, "YEAR_WRONG"),
        ({"reason": "  "}, "REASON_MISSING"),
        ({"reason": f"see {SECRET}"}, "PRIVACY"),
    ],
)
def test_an_override_without_length_reason_or_sense_is_refused(primary, admin, changes, code):
    words = {"starts_at": AT, "ends_at": AT + HOUR, "reason": "Swap"} | changes
    with pytest.raises(Refused) as refused:
        actions.stand_in(primary, admin, **words, by=admin, at=AT)
    assert refused.value.code.startswith(code)
    assert not Override.objects.exists()


def test_a_rota_ends_only_when_no_handle_leads_to_it_and_its_past_stays(primary, admin, responder):
    with pytest.raises(Refused, match="@sre-oncall leads to this rota"):
        actions.end(primary, by=admin, at=AT)

    handles.hold("@sre-oncall", person=admin, seen=1, by=admin)
    actions.end(primary, by=admin, at=AT)

    assert primary.pk in queries.rotas_between(AT - DAY, AT - DAY, [responder.pk])
    assert primary.pk not in queries.rotas_between(AT, AT, [responder.pk])


def test_of_two_who_give_a_handle_away_the_second_is_told(admin, responder):
    handles.hold("@sre-lead", person=admin, seen=0, by=admin)

    with pytest.raises(Conflict):
        handles.hold("@sre-lead", person=responder, seen=0, by=admin)
    handles.hold("@sre-lead", seen=1, by=admin)

    assert queries.who("@sre-lead", AT).person is None
