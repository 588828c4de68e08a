"""One act on many checks: asked about first, all or none of them, and long work in slices that survive anything."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checks.catalogue import actions
from checks.catalogue.bulk import actions as bulk
from checks.catalogue.bulk import queries
from checks.catalogue.bulk.acts import ACTS, Act, Given
from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.tasks import work_off, work_off_all
from incidents.alerts import mutes
from incidents.alerts.mutes import Mute
from incidents.ownership.models import Domain
from opsportal import background
from opsportal.audit.models import AuditEvent
from opsportal.errors import Denied, Refused
from opsportal.models import JobClaim, User
from tests.incidents.response.test_races import at_once

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]
ASK, DO = "/checks/many/ask/", "/checks/many/do/"


@pytest.fixture
def three(add_check: AddCheck) -> list[Check]:
    return [add_check(f"shop-{number}", state=State.HEALTHY) for number in range(3)]


@pytest.fixture
def many(db: None) -> list[int]:
    """More than are done at once, without the portal's own."""
    Check.objects.all().delete()
    domain = Domain.objects.get(slug="frontend")
    made = Check.objects.bulk_create(
        Check(key=f"many-{number:03}", name=f"Many {number}", kind="http", domain=domain)
        for number in range(bulk.AT_ONCE + 50)
    )
    return [check.pk for check in made]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bells that rang, and none reaches a worker."""
    bells: list[str] = []

    def ring(task: str, **_: object) -> bool:
        bells.append(task)
        return True

    monkeypatch.setattr(background, "after_commit", ring)
    monkeypatch.setattr(background, "wake", ring)
    return bells


def ids(checks: list[Check]) -> list[int]:
    return [check.pk for check in checks]


def states(checks: list[Check]) -> set[str]:
    return set(Check.objects.filter(pk__in=ids(checks)).values_list("state", flat=True))


# --- all of them, or none -------------------------------------------------------------------------------------------


def test_a_few_are_done_at_once_with_a_line_each(three: list[Check], responder: User, at: datetime) -> None:
    until = at + timedelta(hours=4)

    begun = bulk.begin(ACTS["pause"], ids(three), Given(until=until, reason="Moves house"), by=responder, at=at)

    assert (begun.done, begun.ended_at, begun.ids) == (3, at, [])
    paused = Check.objects.filter(state=State.PAUSED, paused_until=until, paused_by=responder)
    assert set(paused.values_list("key", flat=True)) == {"shop-0", "shop-1", "shop-2"}
    said = AuditEvent.objects.filter(act="check.pause").order_by("object").values_list("object", "actor", "reason")
    reason = "until 2026-11-21 07:12 UTC. Moves house"
    assert list(said) == [(f"shop-{number}", responder.username, reason) for number in range(3)]


def test_one_that_cannot_stops_all_and_is_named(three: list[Check], responder: User, at: datetime) -> None:
    actions.pause(three[1], by=responder, at=at)

    with pytest.raises(bulk.BulkRefused, match=r"Nothing was done: Shop 1 is paused already\."):
        bulk.begin(ACTS["pause"], ids(three), Given(), by=responder, at=at)

    assert states([three[0], three[2]]) == {State.HEALTHY}
    assert not BulkAct.objects.exists()


def test_one_that_somebody_else_was_quicker_with_takes_back_all(
    three: list[Check], responder: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the locks."""
    look = queries.hindered

    def looked_then_paused(act: Act, checks: list[Check]) -> object:
        seen = look(act, checks)
        actions.pause(three[2], by=responder, at=at)
        return seen

    monkeypatch.setattr(queries, "hindered", looked_then_paused)

    with pytest.raises(bulk.BulkRefused, match="Shop 2 is paused already"):
        bulk.begin(ACTS["pause"], ids(three), Given(), by=responder, at=at)
    assert states(three) == {State.HEALTHY}


@pytest.mark.parametrize(
    ("act", "given", "before", "after"),
    [
        ("resume", Given(), {"state": "paused"}, {"state": "insufficient_data"}),
        ("move", "x", {}, {"domain__slug": "devops-sre"}),
        (
            "move",
            "x",
            {"spec": {"url": "https://shop.example/", "json_path": "v", "artifact_of": "frontend"}},
            {"domain__slug": "devops-sre", "spec__artifact_of": "devops-sre"},
        ),
        ("daily", Given(is_daily=False), {"is_daily": True}, {"is_daily": False}),
        ("daily", Given(is_daily=True), {"is_daily": False}, {"is_daily": True}),
        ("archive", Given(), {"state": "healthy"}, {"state": "paused", "archived_at__isnull": False}),
        ("archive", Given(), {"state": "paused"}, {"state": "paused", "archived_at__isnull": False}),
    ],
)
def test_each_act_does_what_the_single_one_does(
    act: str, given: Given | str, before: dict[str, object], after: dict[str, object], three: list[Check], admin: User,
    at: datetime,
) -> None:  # fmt: skip
    Check.objects.filter(pk__in=ids(three)).update(**before)
    if isinstance(given, str):
        given = Given(domain=Domain.objects.get(slug="devops-sre"))

    begun = bulk.begin(ACTS[act], ids(three), given, by=admin, at=at)

    assert begun.done == 3
    assert Check.objects.filter(pk__in=ids(three), **after).count() == 3


def test_running_many_now_wakes_the_worker_once(
    three: list[Check], responder: User, at: datetime, rung: list[str]
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Check.objects.filter(pk__in=ids(three)).update(next_due=later)

    bulk.begin(ACTS["run"], ids(three), Given(), by=responder, at=at)

    assert Check.objects.filter(pk__in=ids(three), next_due=at).count() == 3
    assert rung == ["checks.tick"]


def test_muting_many_gives_each_an_end_and_the_reason(three: list[Check], responder: User, at: datetime) -> None:
    until = at + timedelta(hours=1)

    bulk.begin(ACTS["mute"], ids(three), Given(until=until, reason="Provider moves"), by=responder, at=at)

    found = Mute.objects.order_by("dedup_key").values_list("dedup_key", "until", "reason")
    assert list(found) == [(f"check:shop-{number}", until, "Provider moves") for number in range(3)]


def test_many_are_heard_again_and_a_domains_mute_stays(three: list[Check], responder: User, at: datetime) -> None:
    until = at + timedelta(hours=1)
    bulk.begin(ACTS["mute"], ids(three), Given(until=until, reason="Provider moves"), by=responder, at=at)
    mutes.mute(domain=three[0].domain, until=until, reason="All of it", by=responder, at=at)

    bulk.begin(ACTS["hear"], ids(three), Given(), by=responder, at=at + timedelta(minutes=1))

    assert [one.what for one in Mute.objects.active(at + timedelta(minutes=1))] == ["domain Frontend"]


def test_what_is_archived_runs_no_more_and_comes_back_paused(add_check: AddCheck, admin: User, at: datetime) -> None:
    check = actions.archive(add_check(state=State.UNHEALTHY), by=admin, at=at)

    with pytest.raises(Refused, match="Restore it first"):
        actions.resume(check, by=admin, at=at)
    with pytest.raises(Refused, match="archived already"):
        actions.archive(check, by=admin, at=at)
    back = actions.take_back(check, by=admin)
    with pytest.raises(Refused, match="not archived"):
        actions.take_back(check, by=admin)

    assert (back.archived_at, back.state) == (None, State.PAUSED)
    acts = AuditEvent.objects.filter(object=check.key).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["check.archive", "check.take_back"]


def test_the_portals_own_checks_are_not_archived(admin: User, at: datetime) -> None:
    own = Check.objects.filter(is_own=True)

    with pytest.raises(bulk.BulkRefused, match="is the portal's own"):
        bulk.begin(ACTS["archive"], ids(list(own)), Given(), by=admin, at=at)
    with pytest.raises(Refused, match="cannot be archived"):
        actions.archive(own.get(key="portal-live"), by=admin, at=at)


@pytest.mark.parametrize("act", [act.slug for act in ACTS.values() if act.role == "admin"])
def test_a_responder_may_not_what_only_admins_may_alone(
    act: str, three: list[Check], responder: User, at: datetime, client_as: ClientAs
) -> None:
    with pytest.raises(Denied):
        bulk.begin(ACTS[act], ids(three), Given(), by=responder, at=at)
    assert client_as(responder).get(ASK, {"act": act, "chosen": str(three[0].pk)}).status_code == 403
    assert client_as(responder).post(DO, {"act": act, "chosen": three[0].pk}).status_code == 403


# --- long work ------------------------------------------------------------------------------------------------------


def test_long_work_is_a_row_that_is_worked_off_in_slices(
    many: list[int], responder: User, at: datetime, rung: list[str]
) -> None:
    begun = bulk.begin(ACTS["pause"], many, Given(reason="Big move"), by=responder, at=at)
    assert (begun.done, begun.ended_at, rung) == (0, None, ["checks.work_off"])

    rounds = [bulk.work_off(begun.pk, at=at + timedelta(seconds=number)) for number in range(4)]

    begun.refresh_from_db()
    assert rounds == [True, True, False, False]
    assert (begun.done, begun.left_alone, begun.ended_at) == (250, 0, at + timedelta(seconds=2))
    assert Check.objects.filter(state=State.PAUSED, pause_reason="Big move").count() == 250
    assert AuditEvent.objects.filter(act="check.pause", actor=responder.username, source="system").count() == 250


def test_what_cannot_be_done_any_more_is_left_alone_and_named(many: list[int], responder: User, at: datetime) -> None:
    begun = bulk.begin(ACTS["pause"], many, Given(), by=responder, at=at)
    actions.pause(Check.objects.get(key="many-007"), by=responder, at=at)
    Check.objects.get(key="many-008").delete()

    while bulk.work_off(begun.pk, at=at):
        pass

    begun.refresh_from_db()
    assert begun.refused == [["many-007", "is paused already"]]
    assert (begun.looked_at, begun.done, begun.left_alone) == (250, 248, 2)


def test_a_worker_that_dies_in_mid_slice_leaves_all_of_it_to_the_next(
    many: list[int], responder: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = bulk.begin(ACTS["pause"], many, Given(), by=responder, at=at)
    bulk.work_off(begun.pk, at=at)
    pause, calls = actions.pause, []

    def dies(check: Check, **kwargs: object) -> Check:
        calls.append(check)
        if len(calls) == 50:
            raise KeyboardInterrupt
        return pause(check, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(actions, "pause", dies)
        with pytest.raises(KeyboardInterrupt):
            bulk.work_off(begun.pk, at=at)
    assert Check.objects.filter(state=State.PAUSED).count() == 100

    assert bulk.work_off_all(at=at + timedelta(seconds=14)) == 0
    assert bulk.work_off_all(at=at + timedelta(seconds=15)) == 2
    begun.refresh_from_db()
    assert (begun.done, begun.left_alone, Check.objects.filter(state=State.PAUSED).count()) == (250, 0, 250)


def test_who_ends_many_alerts_asks_once_for_all_news(many: list[int]) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as seen:
        actions.hold(many)

    assert sum('FROM "checks_flip"' in query["sql"] for query in seen) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_do_a_slice_twice(many: list[int], responder: User, at: datetime) -> None:
    begun = bulk.begin(ACTS["run"], many, Given(), by=responder, at=at)

    at_once(*[lambda: bulk.work_off(begun.pk, at=at)] * 3)
    while bulk.work_off(begun.pk, at=at):
        pass

    begun.refresh_from_db()
    assert (begun.done, AuditEvent.objects.filter(act="check.run_now").count()) == (250, 250)


def test_the_tasks_go_on_until_it_is_done(
    many: list[int], responder: User, at: datetime, rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = bulk.begin(ACTS["archive"], many, Given(), by=_as_admin(responder), at=at)
    work_off(number=begun.pk)
    assert rung == ["checks.work_off", "checks.work_off"]

    BulkAct.objects.update(worked_at=at)
    JobClaim.objects.filter(name="checks.work_off_all").delete()
    work_off_all()

    assert Check.objects.filter(archived_at=None).count() == 0


def _as_admin(user: User) -> User:
    user.role = "admin"
    user.save(update_fields=["role"])
    return user


# --- the screens ----------------------------------------------------------------------------------------------------


def test_the_list_has_boxes_only_for_whom_chooses(
    client_as: ClientAs, viewer: User, responder: User, admin: User, three: list[Check]
) -> None:
    plain = client_as(responder).get("/checks/").content.decode()
    choosing = client_as(responder).get("/checks/?choose=1&q=shop").content.decode()
    ticked = client_as(admin).get("/checks/?choose=page&q=shop").content.decode()
    looked = client_as(viewer).get("/checks/?choose=1").content.decode()

    box = f'<input type="checkbox" name="chosen" value="{three[0].pk}" aria-label="Choose Shop 0"'
    assert box not in plain
    assert "Choose several" in plain
    assert "Choose several" not in looked
    assert "chosen" not in looked
    assert f"{box}>" in choosing
    assert f"{box} checked>" in ticked
    assert "With all 3 that fit" in choosing
    assert '<option value="archive">' in ticked
    assert '<option value="archive">' not in choosing
    assert "every 15s" not in choosing.partition('id="listing"')[2].partition(">")[0]


def test_the_page_before_the_act_names_the_first_ten_and_counts_the_rest(
    client_as: ClientAs, responder: User, many: list[int]
) -> None:
    page = client_as(responder).get(ASK, {"act": "pause", "all": "1", "q": "Many"}).content.decode()

    assert "Pause 250 checks?" in page
    assert page.count('<li><span class="state') == 10
    assert "and 240 more" in page
    assert "run in the background" in page
    assert not BulkAct.objects.exists()


def test_what_was_shown_is_what_is_done_whatever_joins_the_filter_meanwhile(
    client_as: ClientAs, responder: User, three: list[Check], add_check: AddCheck
) -> None:
    client = client_as(responder)
    page = client.get(ASK, {"act": "pause", "all": "1", "q": "shop"}).content.decode()
    chosen = page.partition('name="chosen" value="')[2].partition('"')[0]
    late = add_check("shop-late", state=State.HEALTHY)

    client.post(DO, {"act": "pause", "chosen": chosen, "hours": "4", "reason": ""})

    assert states(three) == {State.PAUSED}
    assert states([late]) == {State.HEALTHY}


def test_those_that_cannot_are_named_and_the_others_can_go_on(
    client_as: ClientAs, responder: User, three: list[Check], at: datetime
) -> None:
    actions.pause(three[0], by=responder, at=at)
    client, chosen = client_as(responder), [str(check.pk) for check in three]

    asked = client.get(ASK, {"act": "pause", "chosen": chosen}).content.decode()
    others = asked.partition('name="chosen" value="')[2].partition('"')[0]
    again = client.post(ASK, {"act": "pause", "chosen": others}).content.decode()

    assert "1 of them cannot" in asked
    assert "is paused already" in asked
    assert DO not in asked
    assert "Go on with the other 2" in asked
    assert "Pause 2 checks?" in again


def test_a_choice_that_went_stale_is_refused_whole(
    client_as: ClientAs, responder: User, three: list[Check], at: datetime
) -> None:
    chosen = ",".join(str(check.pk) for check in three)
    actions.pause(three[0], by=responder, at=at)

    answer = client_as(responder).post(DO, {"act": "pause", "chosen": chosen, "hours": "4", "reason": "Moves"})

    assert answer.status_code == 409
    assert "Nothing was done: Shop 0 is paused already." in answer.content.decode()
    assert states(three[1:]) == {State.HEALTHY}


@pytest.mark.parametrize(
    ("act", "fields", "sentence"),
    [
        ("mute", {"hours": "1"}, "Say why they are muted."),
        ("mute", {"hours": "9", "reason": "Moves"}, "Choose a length from the list."),
        ("pause", {"hours": "x", "reason": "Moves"}, "Choose a length from the list."),
        ("move", {}, "Choose a domain."),
        ("daily", {"is_daily": "maybe"}, "Choose one."),
        ("mute", {"hours": "1", "reason": "ask jane@example.com"}, "We took it out."),
    ],
)
def test_a_form_that_is_not_right_says_why_and_keeps_the_choice(
    act: str, fields: dict[str, str], sentence: str, client_as: ClientAs, admin: User, three: list[Check]
) -> None:
    chosen = ",".join(str(check.pk) for check in three)

    answer = client_as(admin).post(DO, {"act": act, "chosen": chosen, **fields})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert f'value="{chosen}"' in page
    assert "jane" not in page
    assert states(three) == {State.HEALTHY}
    assert not Mute.objects.exists()


@pytest.mark.parametrize("given", [{}, {"act": "melt"}, {"act": "pause"}, {"act": "pause", "chosen": "x,-1,99999999"}])
def test_without_a_choice_the_list_asks_for_one(
    given: dict[str, str], client_as: ClientAs, responder: User, db: None
) -> None:
    for answer in (client_as(responder).get(ASK, given), client_as(responder).post(DO, {**given, "hours": "1"})):
        assert (answer.status_code, answer["Location"]) == (302, "/checks/?choose=1")


def test_the_progress_polls_until_it_is_done(
    client_as: ClientAs, responder: User, many: list[int], at: datetime
) -> None:
    client = client_as(responder)
    started = client.post(DO, {"act": "pause", "chosen": ",".join(map(str, many)), "hours": "4", "reason": "Big move"})
    begun = BulkAct.objects.get()
    assert started["Location"] == f"/checks/many/{begun.pk}/"

    bulk.work_off(begun.pk, at=at)
    part = client.get(started["Location"], headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    newest = client.get("/checks/many/").content.decode()
    while bulk.work_off(begun.pk, at=at):
        pass
    done = client.get(started["Location"]).content.decode()

    assert '<progress class="grow" max="250" value="100"' in part.content.decode()
    assert "every 2s" in part.content.decode()
    assert "100 of 250" in newest
    assert "every 2s" not in done
    assert "250 of 250." in done


def test_one_check_is_archived_and_taken_back_on_its_page(
    client_as: ClientAs, admin: User, responder: User, add_check: AddCheck
) -> None:
    add_check(state=State.HEALTHY)
    client = client_as(admin)

    asked = client.get("/checks/checkout/archive/").content.decode()
    client.post("/checks/checkout/archive/")
    page = client.get("/checks/checkout/").content.decode()
    listed = client.get("/checks/?q=checkout").content.decode()
    archived = client.get("/checks/?state=archived").content.decode()
    client.post("/checks/checkout/take-back/")

    assert "Archive Checkout?" in asked
    assert '<span class="badge">Archived</span>' in page
    assert "Resume</button>" not in page
    assert "check-checkout" not in listed
    assert "check-checkout" in archived
    assert Check.objects.get(key="checkout").archived_at is None
    assert client_as(responder).get("/checks/checkout/archive/").status_code == 403
