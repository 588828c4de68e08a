"""A time in which a component's checks were silent: no bar, no uptime, no day says that all was well."""

from datetime import timedelta

import pytest

from incidents.statuspage import bars, components, day_records, intervals, load, observing, planning, rollup
from incidents.statuspage.maintenance import Audience
from incidents.statuspage.models import Component, ComponentInterval, DayRecord, Observation
from incidents.statuspage.planning import Plan
from tests.incidents.statuspage.conftest import NOW, ago

pytestmark = pytest.mark.django_db
FRESH = timedelta(seconds=90)


@pytest.fixture
def api(backend, snapshot_dir) -> Component:
    """Well for a month; its checks set its status and spoke last on the 18th, at 03:12."""
    Component.objects.filter(name="API").update(follows="set")
    component = Component.objects.get(name="API")
    say(component, at=ago(days=3))
    return component


def say(component: Component, status: str = "operational", *, at=NOW) -> None:
    observing.observe(component.pk, status, as_of=at, newest=at, fresh_until=at + FRESH, at=at)


def last_days(at=NOW, *, count: int = 5) -> dict[str, str | None]:
    shown = next(one for one in load.page(at).components if one.name == "API")
    return {f"{day.on:%d}": day.status for day in bars.days(shown.stretches, at=at, count=count, records=shown.records)}


def test_days_of_silence_are_without_data_and_no_part_of_the_uptime(api):
    assert last_days() == {"17": "operational", "18": "operational", "19": None, "20": None, "21": None}

    shown = load.page(NOW).components[0]
    observed = sum(day.spans["operational"] for day in bars.days(shown.stretches, at=NOW) if day.spans)
    assert timedelta(microseconds=observed) == timedelta(days=27) + FRESH


def test_when_the_checks_speak_again_the_silence_stays_in_the_record(api):
    say(api, at=NOW)

    assert last_days(NOW + timedelta(minutes=1)) == {
        "17": "operational", "18": "operational", "19": None, "20": None, "21": "operational",
    }  # fmt: skip
    rows = intervals.as_json(next(one for one in load.page(NOW).components if one.name == "API"))["intervals"]
    assert [row["status"] for row in rows] == ["operational", "unknown", "operational"]
    assert api.intervals.filter(ended_at=None).count() == 1


def test_words_that_come_in_time_leave_the_record_whole(api):
    say(api, at=ago(days=3) + FRESH)

    assert [one.status for one in ComponentInterval.objects.filter(component=api)] == ["operational"]


def test_a_day_of_silence_is_not_written_as_a_good_one(api):
    day_records.write(NOW)

    rows = DayRecord.objects.filter(component=api).order_by("-on")
    assert (f"{rows[0].on:%d}", rows[0].worst) == ("18", "operational")
    assert rows[0].seconds["operational"] == pytest.approx(3 * 3600 + 12 * 60 + 30.4 + 90)


def test_trouble_that_the_checks_saw_last_is_not_carried_on(api):
    say(api, "major_outage", at=ago(days=3) + FRESH)

    assert last_days()["18"] == "major_outage" and last_days()["20"] is None


def test_trouble_that_a_person_set_stands_while_the_checks_are_silent(api, publisher):
    components.set_component(api, to="partial_outage", by=publisher, at=ago(days=2))

    shown = next(one for one in load.page(NOW).components if one.name == "API")
    assert (shown.status, shown.unknown_since) == ("partial_outage", None)
    assert last_days()["20"] == "partial_outage"


def test_planned_work_within_a_silence_is_maintenance(api, publisher, backend):
    text = "The database moves."
    window = (ago(days=1), ago(hours=20))
    wanted = Plan("Database", text, Audience.PUBLIC, backend, (api,), *window)
    planned = planning.plan(wanted, by=publisher, at=ago(days=2))
    planning.announce(planned, by=publisher, at=ago(days=2))

    assert last_days()["20"] == rollup.MAINTENANCE
    say(api, at=NOW)
    assert last_days()["20"] == rollup.MAINTENANCE


def test_what_checks_said_while_they_did_not_count_is_no_silence(api, publisher, backend):
    def part(follows: str) -> components.Part:
        return components.Part("API", "", "", backend, ago(days=30).date(), follows=follows)

    components.edit_component(api, part("nothing"), by=publisher, at=ago(days=2))
    assert last_days()["20"] == "operational"
    components.edit_component(api, part("set"), by=publisher, at=NOW)

    assert not Observation.objects.exists() and last_days()["20"] == "operational"
