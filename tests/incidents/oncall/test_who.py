"""Who answers: by table for the rule, and from the rows for handles, domains and the house."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.oncall import queries
from incidents.oncall.models import Holder, Override, Rotation, RotationMember, RotationPlan
from incidents.oncall.shifts import Cover, Plan
from incidents.oncall.who import Found, Held, How, Rota, find
from incidents.ownership.models import Contact, Domain
from opsportal.models import User
from tests.incidents.cast import AT, domain

DAY = timedelta(days=1)
FIRST = AT.replace(day=16, hour=8, minute=0, tzinfo=None)
TURNS = Plan("UTC", FIRST, DAY, (1, None), AT - 300 * DAY)
EMPTY = Plan("UTC", FIRST, DAY, (None,), AT - 300 * DAY)
STANDS_IN = Cover(4, 9, AT - DAY / 24, AT + DAY / 24)
BACKUP = Found("@b", 5, How.PERSON, "holds @b")


@pytest.mark.parametrize(
    ("held", "backup", "person", "how", "why"),
    [
        (Held(person=7), BACKUP, 7, How.PERSON, "holds @a"),
        (None, BACKUP, None, How.UNHELD, "nobody holds @a"),
        (Held(), BACKUP, None, How.UNHELD, "nobody holds @a"),
        (Held(rota=Rota("r", "R", (TURNS,))), BACKUP, 1, How.SHIFT, "shift of R"),
        (
            *(Held(rota=Rota("r", "R", (TURNS,), (STANDS_IN,), {4: "a dentist."})), BACKUP),
            *(9, How.OVERRIDE, "stands in on R: a dentist"),
        ),
        (
            *(Held(rota=Rota("r", "R", (EMPTY,))), BACKUP),
            *(5, How.BACKUP, "nobody is on shift in R, so the backup @b"),
        ),
        (
            *(Held(rota=Rota("r", "R", (EMPTY,))), None),
            *(None, How.UNHELD, "nobody is on shift in R, and no backup answers"),
        ),
        (Held(rota=Rota("r", "R", ())), BACKUP, 5, How.BACKUP, "nobody is on shift in R, so the backup @b"),
    ],
)
def test_who_answers_for_a_handle_and_why(held, backup, person, how, why):
    # 03:12 on Saturday the 21st: the fifth turn, which the first of two has.
    found = find("@a", held, AT, lambda: backup)

    assert (found.person, found.how, found.why) == (person, how, why)


def test_a_shift_says_until_when_it_is_true():
    assert find("@a", Held(rota=Rota("r", "R", (TURNS,))), AT, lambda: None).until == AT.replace(hour=8, minute=0)
    assert find("", None, AT, lambda: BACKUP).why == "nobody is named"


def rota(slug: str, *people: User, since=AT - 30 * DAY) -> Rotation:
    """Daily from 08:00 UTC; the first of them has the moment of the tests."""
    rotation = Rotation.objects.create(slug=slug, name=slug.title())
    plan = RotationPlan.objects.create(
        rotation=rotation,
        since=since,
        first_on=date(2026, 11, 20) - len(people) * 7 * DAY if people else date(2026, 11, 20),
        handover_at=time(8),
        turn="daily",
        turn_hours=24,
        created_by=people[0] if people else User.objects.order_by("pk")[0],
        created_at=since,
    )
    for position, person in enumerate(people):
        RotationMember.objects.create(plan=plan, position=position, person=person)
    return rotation


def hold(handle: str, *, person: User | None = None, rotation: Rotation | None = None) -> None:
    Holder.objects.create(handle=handle, person=person, rotation=rotation)


@pytest.fixture
def payments(db) -> Domain:
    return domain("payments")


def test_a_handle_is_held_by_a_person_by_a_rota_by_name_or_by_nobody(responder, publisher, admin, viewer):
    hold("@sre-lead", person=publisher)
    hold("@sre-oncall", rotation=rota("sre", responder, admin))
    desk = queries.desk(AT)

    assert desk.who("@sre-lead").person == publisher
    assert (desk.who("@sre-oncall").person, desk.who("@sre-oncall").rota) == (responder, "sre")
    assert queries.who("@sre-oncall", AT + DAY).person == admin
    assert queries.who(f"@{viewer.username}", AT).person == viewer
    assert queries.who("@no-one", AT).how is How.UNHELD


def test_who_was_on_call_stays_true_when_the_rota_changes(responder, admin):
    rotation = rota("sre", responder)
    hold("@sre-oncall", rotation=rotation)
    plan = RotationPlan.objects.get(rotation=rotation)
    plan.pk, plan.since = None, AT
    plan.save()
    RotationMember.objects.create(plan=plan, position=0, person=admin)

    assert queries.who("@sre-oncall", AT - DAY / 24).person == responder
    assert queries.who("@sre-oncall", AT).person == admin


def test_the_matrixs_backup_answers_for_an_empty_shift(payments, responder, publisher):
    hold("@payments-lead", rotation=rota("payments", responder))
    hold("@payments-oncall", person=publisher)
    Override.objects.create(
        rotation=Rotation.objects.get(slug="payments"),
        kind="away",
        starts_at=AT - DAY / 24,
        ends_at=AT + DAY / 24,
        reason="Travels",
        created_by=responder,
        created_at=AT - DAY,
    )
    found = queries.on_call(payments, AT)

    assert (found.first.person, found.first.how, found.backup.person) == (publisher, How.BACKUP, publisher)
    assert found.first.why == "nobody is on shift in Payments, so the backup @payments-oncall"
    assert found.is_weak
    assert queries.who("@payments-lead", AT).person == publisher
    assert queries.on_call(payments, AT + DAY / 12).first.person == responder


def test_somebody_who_may_not_sign_in_any_more_leaves_a_gap_not_a_dead_end(payments, responder, publisher):
    hold("@payments-lead", rotation=rota("payments", responder))
    hold("@payments-oncall", person=publisher)
    User.objects.filter(pk=responder.pk).update(is_active=False)

    assert queries.on_call(payments, AT).first.person == publisher


def test_two_empty_rotas_do_not_send_one_to_each_other(payments, responder):
    for handle, slug in ((payments.primary, "first"), (payments.backup, "second")):
        rotation = rota(slug)
        hold(handle, rotation=rotation)

    found = queries.on_call(payments, AT)

    assert (found.first.person, found.backup.person, found.is_weak) == (None, None, True)


def test_an_unheld_primary_falls_to_the_backup_and_says_so(payments, publisher):
    hold("@payments-oncall", person=publisher)

    found = queries.on_call(payments, AT)

    assert (found.first.name, found.first.how) == (publisher.username, How.BACKUP)
    assert found.first.why == "nobody holds @payments-lead, so the backup @payments-oncall"


def test_the_house_is_its_primary_and_its_secondary_contact(responder, publisher):
    Contact.objects.filter(slug="primary-on-call").update(handle="@sre-oncall")
    Contact.objects.filter(slug="secondary-on-call").update(handle="@sre-lead")
    hold("@sre-oncall", rotation=rota("sre", responder))
    hold("@sre-lead", person=publisher)

    house = queries.on_call_house(AT)

    assert (house.name, house.first.person, house.backup.person) == ("All domains", responder, publisher)
    assert not house.is_weak


def test_one_desk_answers_for_a_whole_screen_with_the_same_queries(responder, publisher, admin):
    for number in range(4):
        hold(f"@team-{number}", rotation=rota(f"team-{number}", responder, publisher))

    with CaptureQueriesContext(connection) as seen:
        desk = queries.desk(AT)
        for number in range(4):
            desk.who(f"@team-{number}")
        for one in desk.domains:
            desk.on_call(one)
        desk.house()

    assert len(seen) == 8
