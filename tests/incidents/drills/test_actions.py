"""A drill from its flag to its end: what runs for real, what never leaves, and that nothing is left behind."""

import asyncio
from datetime import UTC, datetime

import pytest

from checks.catalogue.models import Check
from checks.probes import drill as probe
from incidents import reactions
from incidents.alerts.models import Alert
from incidents.drills import actions, ending, queries
from incidents.drills.models import Drill, Inject, Plan, Scenario, State
from incidents.duties.models import Duty
from incidents.metrics import queries as metrics
from incidents.obligations import queries as owed
from incidents.obligations.models import Obligation
from incidents.response import queries as response
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind, Status
from incidents.statuspage import load
from incidents.statuspage.actions import require_may_be_public
from incidents.statuspage.models import PublicIncident
from opsportal.errors import Refused
from opsportal.models import Delivery, User
from tests.incidents.cast import AT, fire, minutes, open_incident
from tests.incidents.drills.cast import begin, detected, flip, play, room_of, tell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ops_channel(settings):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"


def left_behind() -> dict[str, int]:
    """Everything that a drill could leave."""
    return {
        "flags": Drill.objects.exclude(flag="").count(),
        "running": Drill.objects.filter(state=State.RUNNING).count(),
        "rooms": Incident.objects.filter(mode=Incident.Mode.DRILL, closed_at=None).count(),
        "alerts": Alert.objects.filter(is_drill=True, resolved_at=None).count(),
        "duties": Obligation.objects.open().count(),
    }


CLEAN = dict.fromkeys(("flags", "running", "rooms", "alerts", "duties"), 0)


def test_the_check_fails_with_the_word_of_what_is_played_while_the_flag_is_up() -> None:
    up, down = (asyncio.run(probe.probe(spec, None)) for spec in ({"known": "status_5xx"}, {}))  # type: ignore[arg-type]

    assert (up.ok, up.error, down.ok) == (False, "status_5xx", True)


def test_the_flag_stands_from_the_start_to_the_mitigation(responder: User) -> None:
    assert queries.flag() == ""

    drill = detected(responder)
    assert queries.flag() == "status_5xx"

    actions.mitigate(drill, by=responder, at=minutes(9))
    assert queries.flag() == ""


def test_its_alert_opens_a_room_that_is_marked_everywhere(responder: User) -> None:
    drill = detected(responder)

    room, alert = room_of(drill), Alert.objects.get(is_drill=True)
    assert (room.mode, room.mark, room.may_be_public) == ("drill", "Drill", False)
    assert room.title.startswith("DRILL: Ingest answers 5xx") and alert.title.startswith("DRILL: ")
    assert (room.domain.slug, room.severity) == ("backend", "SEV-1")
    reactions.react(room.timeline.get(kind=Kind.DECLARED).pk, at=minutes(2))
    told = list(Delivery.objects.order_by("pk").values_list("subject", flat=True))
    assert told == [
        "DRILL: DRILL-1 begins: Ingest answers 5xx",
        f"DRILL: {room.label} SEV-1 (proposed) Ingest answers 5xx",
    ]


def test_a_drill_runs_alone_and_not_beside_what_is_real(responder: User) -> None:
    begin(responder)
    with pytest.raises(Refused, match="runs already"):
        begin(responder)
    actions.stop(Drill.objects.get(), reason="That is enough.", by=responder, at=minutes(1))
    real = open_incident(responder)
    with pytest.raises(Refused, match=f"{real.label} is open"):
        begin(responder)


def test_real_trouble_joins_no_room_of_a_drill_and_a_drill_no_real_one(responder: User) -> None:
    drill = detected(responder)
    real = fire(at=minutes(3), joins_domain=True, domain_id=drill.domain_id)

    assert real.room.pk != room_of(drill).pk
    assert real.room.mode == "standard"


def test_each_step_is_met_by_the_fact_itself_and_timed_with_its_moment(responder: User) -> None:
    drill = play(detected(responder), responder)

    assert [(one.key, one.done_at, one.is_late) for one in queries.steps(drill)] == [
        ("flag", AT, False),
        ("detect", minutes(3), False),
        ("publish", minutes(20), False),
        ("mitigate", minutes(22), False),
        ("recover", minutes(41), False),
        ("lessons", minutes(50), False),
    ]


def test_a_drill_played_within_its_targets_earns_every_point_and_leaves_nothing(responder: User) -> None:
    drill = play(detected(responder), responder)

    assert (drill.state, drill.points, drill.possible, drill.percent) == ("finished", 70, 70, 100)
    assert left_behind() == CLEAN


def test_the_public_side_never_knows(responder: User) -> None:
    drill = play(detected(responder), responder)

    assert not PublicIncident.objects.exists()
    assert load.page(minutes(60)).incidents == ()
    card = queries.preview(drill, at=minutes(60))
    assert card is not None
    assert [entry.update.status for entry in card.entries] == [
        Status.RESOLVED, Status.MONITORING, Status.IDENTIFIED, Status.INVESTIGATING,
    ]  # fmt: skip
    with pytest.raises(Refused, match="own preview page"):
        require_may_be_public(room_of(drill))


def test_no_figure_knows_of_it(responder: User) -> None:
    play(detected(responder), responder)

    report = metrics.report(4, person=responder, at=minutes(90))
    assert (report.all.n, report.left_out.drills) == (0, 1)
    assert owed.shares(AT, minutes(90), without=response.rehearsed_labels()) == []
    assert set(response.open_by_severity().values()) == {0.0}
    assert not Alert.objects.counted().exists()
    assert "drill-flag" not in Check.objects.counted().values_list("key", flat=True)


def test_what_is_due_is_thrown_in_once_and_nothing_is_lost(responder: User) -> None:
    drill = detected(responder)

    ending.keep(at=minutes(16))
    ending.keep(at=minutes(16))

    sent = list(Inject.objects.filter(sent_at__isnull=False).order_by("position").values_list("position", flat=True))
    told = TimelineEvent.objects.filter(incident=room_of(drill), kind=Kind.DRILL, new="inject")
    assert (sent, told.count()) == ([1, 2, 3], 3)
    assert Alert.objects.filter(dedup_key="drill:1:3", incident=room_of(drill)).count() == 1


def test_what_comes_before_detection_waits_for_the_room(responder: User) -> None:
    drill = begin(responder)
    ending.keep(at=minutes(6))
    assert not drill.injects.exclude(sent_at=None).exists()

    flip("unhealthy", at=minutes(7))
    ending.keep(at=minutes(7))

    assert drill.injects.exclude(sent_at=None).count() == 1


def test_players_do_not_see_what_is_to_come(responder: User, publisher: User) -> None:
    drill = detected(responder)

    assert len(queries.room(drill, responder, at=minutes(3)).injects) == 5
    assert queries.room(drill, publisher, at=minutes(3)).hidden == 5


def test_what_was_held_back_is_sent_by_hand_once(responder: User) -> None:
    drill = detected(responder)
    held = drill.injects.get(due_at=None)

    actions.throw_in(held, by=responder, at=minutes(12))

    with pytest.raises(Refused, match="sent already"):
        actions.throw_in(held, by=responder, at=minutes(13))


def test_a_drill_that_nobody_ends_ends_by_itself_and_leaves_nothing(responder: User) -> None:
    drill = detected(responder)
    ending.keep(at=minutes(16))

    ending.keep(at=minutes(121))

    drill.refresh_from_db()
    assert (drill.state, drill.flag, room_of(drill).is_closed) == ("expired", "", True)
    assert left_behind() == CLEAN


def test_an_alert_that_comes_after_the_end_is_put_away_by_the_next_sweep(responder: User) -> None:
    drill = begin(responder)
    flip("unhealthy", at=minutes(1))
    # As if the worker had been killed before it found the room, and the drill was stopped by another.
    actions.stop(drill, reason="Something real happens.", by=responder, at=minutes(2))
    assert left_behind()["rooms"] == 1

    ending.keep(at=minutes(3))

    assert left_behind() == CLEAN
    flip("unhealthy", at=minutes(4))
    assert left_behind() == CLEAN, "without a drill the check says nothing"


def test_stopping_puts_everything_away_and_does_not_count(responder: User) -> None:
    drill = detected(responder)

    stopped = actions.stop(drill, reason="Something real happens.", by=responder, at=minutes(5))

    assert (stopped.state, queries.months(minutes(9))[-1].held) == ("stopped", 0)
    assert left_behind() == CLEAN


def test_readers_of_the_preview_are_promised_as_strictly_as_real_ones(responder: User) -> None:
    drill = detected(responder)
    with pytest.raises(Refused, match="by when readers hear"):
        actions.publish(
            drill, status="investigating", body="We look.", next_update_at=None, by=responder, at=minutes(3)
        )
    with pytest.raises(Refused):
        actions.publish(
            drill, status="investigating", body="Mail jane@example.com", next_update_at=minutes(30), by=responder,
            at=minutes(3),
        )  # fmt: skip


def test_a_late_update_costs_points(responder: User) -> None:
    drill = detected(responder)
    tell(drill, Status.INVESTIGATING, responder, at=minutes(8), next_minutes=10)
    tell(drill, Status.IDENTIFIED, responder, at=minutes(25))

    rows = {row.key: row for row in queries.room(drill, responder, at=minutes(26)).rows}

    assert (rows["updates"].measured, rows["first_word"].points) == ("0 of 1", 10)


def test_the_schedule_begins_the_one_that_waited_longest_once(responder: User) -> None:
    Plan.objects.update(is_on=True, next_at=AT)

    drill = actions.start_planned(at=minutes(1))

    assert drill is not None and drill.facilitator is None and drill.scenario.slug == "database-lost"
    assert actions.start_planned(at=minutes(2)) is None
    # The second Tuesday of December, ten o'clock.
    assert Plan.objects.get().next_at == AT.replace(month=12, day=8, hour=10, minute=0)


def test_a_scheduled_drill_that_cannot_begin_for_a_day_is_told_as_missed(responder: User) -> None:
    open_incident(responder)
    Plan.objects.update(is_on=True, next_at=AT)

    assert actions.start_planned(at=minutes(5)) is None
    assert Plan.objects.get().next_at == AT, "it is tried again"
    actions.start_planned(at=minutes(25 * 60))

    assert Plan.objects.get().next_at != AT
    assert Delivery.objects.filter(subject="The scheduled drill was missed").exists()


def test_a_retired_scenario_is_not_played(responder: User) -> None:
    Scenario.objects.filter(slug="secret-leak").update(retired_at=AT)

    with pytest.raises(Refused, match="retired"):
        begin(responder, slug="secret-leak")


def test_the_weekly_review_hears_of_drills_and_of_readiness(responder: User) -> None:
    Duty.objects.filter(evidence="drill").update(since=AT)
    play(detected(responder), responder)
    monday = AT.replace(day=16, hour=0, minute=0)

    section = queries.week_summary(monday, monday.replace(day=23))

    assert section.lines == ("DRILL-1: finished, 70 of 70 points", "Readiness: 0 of 1 months missed, best scores 100 %")


def test_a_house_that_never_practised_missed_the_months_since_the_duty_first_asked() -> None:
    # After the 28th the first one is owed in the next month.
    Duty.objects.filter(evidence="drill").update(since=datetime(2026, 8, 30, tzinfo=UTC))

    assert [(one.first.month, one.is_missed) for one in queries.months(AT)] == [(9, True), (10, True), (11, False)]
    monday = AT.replace(day=16, hour=0, minute=0)
    assert queries.week_summary(monday, AT).lines == ("Readiness: 2 of 3 months missed",)


def test_a_portal_that_owes_no_drill_yet_or_no_more_missed_none() -> None:
    Duty.objects.filter(evidence="drill").update(since=AT.replace(day=29))
    assert queries.months(AT) == []

    Duty.objects.filter(evidence="drill").update(since=AT.replace(year=2025), retired_at=AT)
    assert queries.months(AT) == []
