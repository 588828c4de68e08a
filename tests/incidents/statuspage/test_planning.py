"""Planned work through its actions: rows, words, refusals, what readers get, what checks are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from incidents.ownership.models import Domain
from incidents.statuspage import bars, components, load, maintenance_queries, news, planning, wording
from incidents.statuspage.maintenance import Maintenance, MaintenanceSeries, MaintenanceUpdate
from incidents.statuspage.models import Component
from incidents.statuspage.planning import Plan, Repeat
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import AuditEvent, Delivery, User
from tests.incidents.statuspage.conftest import NOW, ago
from tests.locking import locked

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def later(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@pytest.fixture
def api(backend: Domain, snapshot_dir) -> Component:
    return Component.objects.get(name="API")


@pytest.fixture
def wanted(api: Component) -> Plan:
    return Plan("Database upgrade", "Sign-in may pause.", "public", api.domain, (api,), later(2), later(4))


@pytest.fixture
def planned(wanted: Plan, publisher: User) -> Maintenance:
    return planning.plan(wanted, by=publisher, at=NOW)


@pytest.fixture
def told(planned: Maintenance, publisher: User) -> Maintenance:
    return planning.announce(planned, by=publisher, at=NOW)


def seen_at(at: datetime) -> tuple[str, str]:
    """What readers see of the component and of the work at a moment."""
    page = load.page(at)
    component = next(one for one in page.components if one.name == "API")
    return component.status, page.maintenances[0].status


def test_what_is_planned_is_not_public_until_it_is_announced(planned, publisher):
    assert load.page(NOW).maintenances == ()

    planning.announce(planned, by=publisher, at=NOW)

    [shown] = load.page(NOW).maintenances
    assert (shown.name, shown.updates[0].body) == ("Database upgrade", "Sign-in may pause.")
    acts = AuditEvent.objects.filter(act__startswith="maintenance.").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["maintenance.plan", "maintenance.announce"]


def test_it_begins_and_ends_by_itself_and_no_row_changes(told):
    rows = list(Maintenance.objects.values()), list(MaintenanceUpdate.objects.values())

    assert seen_at(later(1.9)) == ("operational", "scheduled")
    assert seen_at(later(2)) == ("under_maintenance", "in_progress")
    assert seen_at(later(4)) == ("operational", "completed")
    assert rows == (list(Maintenance.objects.values()), list(MaintenanceUpdate.objects.values()))


def test_a_window_ahead_never_turns_the_page_yellow(told):
    from incidents.statuspage import documents

    assert documents.overall(load.page(later(1))).indicator == "none"
    assert documents.overall(load.page(later(3))).indicator == "maintenance"


def test_an_outage_that_a_person_set_wins_over_the_window(told, api, publisher):
    components.set_component(api, to="major_outage", by=publisher, at=later(2.5))

    assert seen_at(later(3)) == ("major_outage", "in_progress")


def test_it_counts_as_neither_up_nor_down(told, api):
    def share(at: datetime) -> tuple[float | None, float]:
        component = next(one for one in load.page(at).components if one.name == "API")
        bar = bars.days(component.stretches, at=at)
        return bars.uptime(bar), sum(day.seconds.get("under_maintenance", 0.0) for day in bar)

    assert share(later(6)) == (100.0, 7200.0)


def test_extending_says_so_and_counts_for_calendars(told, publisher):
    planning.extend(told, ends_at=later(5), words="A table is larger than we thought.", by=publisher, at=later(3))

    assert seen_at(later(4.5)) == ("under_maintenance", "in_progress")
    [shown] = load.page(later(3)).maintenances
    assert shown.sequence == 1
    assert shown.updates[0].body == (
        "The work takes longer. New time: 21 Nov 2026, 05:12 to 08:12 UTC. A table is larger than we thought."
    )


def test_ending_early_ends_it_for_readers_bars_and_checks(told, publisher, backend):
    planning.finish(told, words="", by=publisher, at=later(3))

    assert seen_at(later(3)) == ("operational", "completed")
    assert load.page(later(3)).maintenances[0].updates[0].body == "The work is done, earlier than planned."
    assert maintenance_queries.maintenance_at(later(3), domain=backend) is None


def test_verifying_keeps_the_component_under_maintenance(told, publisher):
    planning.verify(told, words="", by=publisher, at=later(3))

    assert seen_at(later(3.5)) == ("under_maintenance", "verifying")
    assert seen_at(later(4)) == ("operational", "completed")


def test_what_is_cancelled_never_begins(told, publisher, backend):
    planning.cancel(told, words="", by=publisher, at=later(1))

    assert seen_at(later(3)) == ("operational", "cancelled")
    assert maintenance_queries.maintenance_at(later(3), domain=backend) is None


def test_what_readers_know_of_is_said_again_when_it_changes(told, wanted, publisher):
    moved = replace(wanted, starts_at=later(10), ends_at=later(12), text="Sign-in pauses for a minute.")

    planning.edit(told, moved, by=publisher, at=later(1))

    [shown] = load.page(later(1)).maintenances
    assert shown.updates[0].body == ("New time: 21 Nov 2026, 13:12 to 15:12 UTC. Sign-in pauses for a minute.")
    assert (shown.sequence, len(shown.updates)) == (1, 2)


def test_words_once_said_cannot_be_changed(told):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        MaintenanceUpdate.objects.update(body="x")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        MaintenanceUpdate.objects.all().delete()


Act = Callable[[Maintenance, User, datetime], Any]
ACTS: dict[str, Act] = {
    "announce": lambda one, by, at: planning.announce(one, by=by, at=at),
    "say": lambda one, by, at: planning.say(one, words="More.", by=by, at=at),
    "verify": lambda one, by, at: planning.verify(one, words="", by=by, at=at),
    "extend": lambda one, by, at: planning.extend(one, ends_at=later(9), words="", by=by, at=at),
    "finish": lambda one, by, at: planning.finish(one, words="", by=by, at=at),
    "cancel": lambda one, by, at: planning.cancel(one, words="", by=by, at=at),
}


def tried(act: Act, one: Maintenance, by: User, at: datetime) -> bool:
    """Whether it can be done; nothing of it stays."""
    with transaction.atomic():
        try:
            act(one, by, at)
        except Refused:
            return False
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.parametrize(
    ("hours", "possible"),
    [(1, {"say", "extend", "cancel"}), (3, {"say", "verify", "extend", "finish"}), (5, set())],
    ids=["before", "within", "after"],
)
def test_each_act_has_its_time(told, publisher, hours, possible):
    assert {name for name, act in ACTS.items() if tried(act, told, publisher, later(hours))} == possible


def test_only_publishers_act(told, responder):
    for act in ACTS.values():
        with pytest.raises(Denied), transaction.atomic():
            act(told, responder, later(1))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": "  "}, "TEXT_MISSING"),
        ({"components": ()}, "COMPONENTS_MISSING"),
        ({"starts_at": ago(hours=1)}, "STARTS_IN_PAST"),
        ({"ends_at": later(1)}, "WINDOW_UNSOUND"),
        ({"ends_at": later(24 * 15)}, "WINDOW_UNSOUND"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(wanted, publisher, values, code):
    with pytest.raises(Refused) as refusal:
        planning.plan(replace(wanted, **values), by=publisher, at=NOW)

    assert refusal.value.code == code


def test_internal_work_is_recorded_afterwards_as_far_back_as_minutes_are_kept(wanted, publisher):
    """Readers are told before; what only the portal's checks know may be written down when it is over."""
    quiet = replace(wanted, audience="internal", starts_at=ago(hours=30), ends_at=ago(hours=29))

    made = planning.plan(quiet, by=publisher, at=NOW)

    assert (made.starts_at, made.window.status(NOW)) == (ago(hours=30), "completed")
    assert AuditEvent.objects.get(act="maintenance.plan").reason.endswith("recorded afterwards")
    with pytest.raises(Refused) as refusal:
        planning.plan(replace(quiet, starts_at=ago(hours=24 * 13 + 1)), by=publisher, at=NOW)
    assert refusal.value.code == "TOO_LONG_AGO"
    repeat = planning.Repeat("weekly", quiet.starts_at.date(), quiet.starts_at.time(), "UTC")
    with pytest.raises(Refused, match="The beginning has passed"):
        planning.plan_series(quiet, repeat, by=publisher, at=NOW)


def test_public_words_pass_the_guard(wanted, publisher):
    with pytest.raises(Refused, match="cloud access key"):
        planning.plan(replace(wanted, text="the key AKIAIOSFODNN7EXAMPLE rolls"), by=publisher, at=NOW)


def test_what_changed_after_the_preview_is_not_announced(planned, wanted, publisher):
    seen = planning.fingerprint(planned)
    planning.edit(planned, replace(wanted, title="Another"), by=publisher, at=NOW)

    with pytest.raises(Conflict):
        planning.announce(planned, by=publisher, at=NOW, seen=seen)


def test_subscribers_hear_what_is_said_and_of_a_rule_the_next_day_alone(told, wanted, api, publisher, monkeypatch):
    heard: list[news.News] = []
    monkeypatch.setattr(news, "listeners", [heard.append])

    planning.extend(told, ends_at=later(5), words="", by=publisher, at=later(3))
    first = planning.plan_series(wanted, Repeat("weekly", date(2026, 11, 24), time(3), "UTC"), by=publisher, at=NOW)
    planning.announce(first, by=publisher, at=NOW)
    internal = planning.plan(replace(wanted, audience="internal"), by=publisher, at=NOW)
    planning.say(internal, words="Nobody outside hears this.", by=publisher, at=NOW)

    assert [(one.topic, one.word) for one in heard] == [
        (f"maintenance:{told.public_id}", "In progress"),
        (f"maintenance:{first.public_id}", "Scheduled"),
    ]
    assert heard[0].component_ids == (api.public_id,)


def test_subscribers_hear_once_that_work_began_and_ended_by_itself(told, monkeypatch):
    heard: dict[str, news.News] = {}
    monkeypatch.setattr(news, "listeners", [lambda one: heard.setdefault(one.key, one)])

    for hours in (1.9, 2, 2.5, 4, 4.5):
        planning.sweep(later(hours))

    assert [(one.word, one.at, one.text.split("\n")[0]) for one in heard.values()] == [
        ("In progress", later(2), "The work has begun. We say here when it is done."),
        ("Completed", later(4), "The work is done."),
    ]
    shown = {one.public_id for one in load.page(later(4)).maintenances[0].updates}
    assert {key.partition(":")[2] for key in heard} < shown


def test_what_a_person_said_and_what_was_noticed_late_is_not_said_again(told, wanted, publisher, monkeypatch):
    heard: dict[str, news.News] = {}
    quiet = planning.plan(replace(wanted, audience="internal"), by=publisher, at=NOW)
    gone = planning.announce(planning.plan(wanted, by=publisher, at=NOW), by=publisher, at=NOW)
    planning.cancel(gone, words="", by=publisher, at=later(1))
    monkeypatch.setattr(news, "listeners", [lambda one: heard.setdefault(one.key, one)])

    planning.finish(told, words="Done early.", by=publisher, at=later(3.5))
    planning.sweep(later(4))

    assert [one.text.split("\n")[0] for one in heard.values()] == ["Done early."]
    assert quiet.window.status(later(3)) == "in_progress"


# --- checks -----------------------------------------------------------------------------------------------------------


def test_internal_work_is_known_to_checks_and_to_nobody_else(wanted, publisher, backend):
    planning.plan(replace(wanted, audience="internal", components=()), by=publisher, at=NOW)

    assert load.page(later(3)).maintenances == ()
    found = maintenance_queries.maintenance_at(later(3), domain=backend)
    assert found is not None and found.title == "Database upgrade"


def test_checks_ask_for_a_moment_a_domain_or_a_component(told, api, backend):
    other = Domain.objects.exclude(pk=backend.pk).order_by("pk")[0]

    assert maintenance_queries.maintenance_at(later(1.99)) is None
    assert maintenance_queries.maintenance_at(later(2), component=api) == told
    assert maintenance_queries.maintenance_at(later(2), domain=other) is None
    assert maintenance_queries.maintenance_at(later(4), component=api) is None
    assert maintenance_queries.windows_between(later(3.5), later(30), domain=backend) == [told]
    assert maintenance_queries.windows_between(later(4), later(30)) == []


def test_work_that_nobody_announced_is_not_in_force(planned):
    assert maintenance_queries.maintenance_at(later(3)) is None


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def weekly(wanted: Plan, publisher: User) -> MaintenanceSeries:
    """Tuesdays at three in Berlin, for two hours; daylight saving ended weeks ago and begins again on 28 March."""
    repeat = Repeat("weekly", date(2026, 11, 24), time(3), "Europe/Berlin")
    planning.plan_series(wanted, repeat, by=publisher, at=NOW)
    return MaintenanceSeries.objects.get()


def begins(series: MaintenanceSeries) -> list[str]:
    return [f"{one.starts_at:%m-%d %H:%M}" for one in series.occurrences.order_by("starts_at")]


def test_occurrences_are_made_two_months_ahead_and_once(weekly):
    assert begins(weekly)[:2] == ["11-24 02:00", "12-01 02:00"]
    assert len(begins(weekly)) == 9

    planning.sweep(NOW)
    assert len(begins(weekly)) == 9
    planning.sweep(NOW + timedelta(days=7))
    assert len(begins(weekly)) == 10


def test_the_hour_on_the_wall_stays_over_the_change_of_clocks(weekly):
    planning.sweep(datetime(2027, 3, 1, tzinfo=UTC))

    assert {"03-23 02:00", "03-30 01:00"} <= set(begins(weekly))


def test_announcing_one_announces_the_rule(weekly, publisher):
    first = weekly.occurrences.order_by("starts_at")[0]

    planning.announce(first, by=publisher, at=NOW)
    planning.sweep(NOW + timedelta(days=7))

    assert len(load.page(NOW + timedelta(days=7)).maintenances) == 10


def test_a_rule_is_locked_before_its_days(weekly, publisher):
    first = weekly.occurrences.order_by("starts_at")[0]

    for act in (
        lambda: planning.announce(first, by=publisher, at=NOW),
        lambda: planning.edit_series(weekly, wording.of(weekly), by=publisher, at=NOW),
        lambda: planning.stop_series(weekly, words="", by=publisher, at=NOW),
    ):
        names = [one for one in locked(act) if one.startswith("incidents_maintenance")]
        assert names[:2] == ["incidents_maintenanceseries", "incidents_maintenance"]


def test_a_rule_that_fails_keeps_no_other_from_its_days(weekly, wanted, publisher, monkeypatch):
    repeat = Repeat("weekly", date(2026, 11, 25), time(3), "Europe/Berlin")
    other = planning.plan_series(wanted, repeat, by=publisher, at=NOW).series
    assert other is not None
    make = planning._make_ahead

    def fail(series, at):
        if series == weekly:
            raise Refused("NO", "Not this one.")
        make(series, at)

    monkeypatch.setattr(planning, "_make_ahead", fail)

    with pytest.raises(Refused, match="Not this one"):
        planning.sweep(NOW + timedelta(days=7))

    assert (len(begins(weekly)), len(begins(other))) == (9, 10)


def test_a_cancelled_occurrence_is_not_made_again(weekly, publisher):
    planning.cancel(weekly.occurrences.order_by("starts_at")[0], words="", by=publisher, at=NOW)

    planning.sweep(NOW)

    assert len(begins(weekly)) == 9


def test_other_words_of_a_rule_reach_its_days_ahead_and_spare_what_was_changed_alone(weekly, publisher, monkeypatch):
    heard: list[news.News] = []
    first, second, *_ = weekly.occurrences.order_by("starts_at")
    planning.announce(first, by=publisher, at=NOW)
    alone = wording.of(second)
    given = (alone.title, "Only today.", "public", alone.domain, alone.components, second.starts_at, second.ends_at)
    planning.edit(second, Plan(*given), by=publisher, at=later(1))
    monkeypatch.setattr(news, "listeners", [heard.append])

    new = replace(wording.of(weekly), title="Restart", text="Exports pause.")
    count = planning.edit_series(weekly, new, by=publisher, at=later(2))

    days = list(weekly.occurrences.order_by("starts_at").values_list("title", "text"))
    assert days[:3] == [("Restart", "Exports pause."), ("Restart", "Only today."), ("Restart", "Exports pause.")]
    assert count == len(days)
    assert [(one.topic, one.title) for one in heard] == [(f"maintenance:{first.public_id}", "Restart")]
    assert load.page(later(2)).maintenances[0].updates[0].body == "New title: Restart. Exports pause."
    planning.sweep(later(24 * 30))
    assert weekly.occurrences.order_by("-starts_at").values_list("text", flat=True)[0] == "Exports pause."


def test_the_words_of_a_rule_that_ended_or_changed_meanwhile_stay(weekly, publisher, responder):
    own = wording.of(weekly)
    with pytest.raises(Denied):
        planning.edit_series(weekly, own, by=responder, at=NOW)
    with pytest.raises(Conflict):
        planning.edit_series(weekly, own, by=publisher, at=NOW, seen="another")
    with pytest.raises(Refused):
        planning.edit_series(weekly, replace(own, components=()), by=publisher, at=NOW)
    planning.stop_series(weekly, words="", by=publisher, at=NOW)
    with pytest.raises(Refused):
        planning.edit_series(weekly, own, by=publisher, at=NOW, seen=own.mark)


def test_stopping_a_rule_cancels_what_lies_ahead(weekly, publisher):
    assert planning.stop_series(weekly, words="", by=publisher, at=NOW + timedelta(days=4)) == 8

    planning.sweep(NOW + timedelta(days=30))
    assert weekly.occurrences.filter(cancelled_at=None).count() == 1


# --- reminders --------------------------------------------------------------------------------------------------------


@pytest.fixture
def ops_channel(settings) -> None:
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"


def test_team_and_subscribers_are_reminded_once_before_it_begins(wanted, publisher, ops_channel, monkeypatch):
    heard: list[news.News] = []
    monkeypatch.setattr(news, "listeners", [heard.append])
    one = planning.plan(
        replace(wanted, starts_at=later(30), ends_at=later(31), remind_before=24 * HOUR), by=publisher, at=NOW
    )
    planning.announce(one, by=publisher, at=NOW)

    for hours in (5, 6, 7):
        planning.sweep(later(hours))

    [message] = Delivery.objects.filter(key__startswith="maintenance:")
    assert message.subject == "Planned work begins 09:12 UTC on 22 Nov: Database upgrade"
    assert [one.text.split("\n")[0] for one in heard] == ["Sign-in may pause.", "A reminder: Sign-in may pause."]


def test_work_that_moves_is_reminded_of_again(wanted, publisher, ops_channel):
    first = replace(wanted, starts_at=later(30), ends_at=later(31), remind_before=24 * HOUR)
    one = planning.announce(planning.plan(first, by=publisher, at=NOW), by=publisher, at=NOW)
    planning.sweep(later(7))

    planning.edit(one, replace(first, starts_at=later(60), ends_at=later(61)), by=publisher, at=later(8))
    planning.sweep(later(40))

    assert Delivery.objects.filter(key__startswith="maintenance:").count() == 2


def test_nobody_is_reminded_of_what_was_planned_a_moment_ago(wanted, publisher, ops_channel):
    one = planning.plan(replace(wanted, remind_before=24 * HOUR), by=publisher, at=NOW)
    planning.announce(one, by=publisher, at=NOW)

    planning.sweep(later(1))

    assert not Delivery.objects.filter(key__startswith="maintenance:").exists()
