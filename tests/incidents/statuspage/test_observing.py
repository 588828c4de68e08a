"""What checks say of a component: ignored, proposed or set; never over a person's incident, never stale as green."""

from datetime import timedelta

import pytest

from incidents.statuspage import actions, components, documents, load, observing, pages, queries
from incidents.statuspage.models import Component, Observation
from opsportal.errors import Refused
from opsportal.models import JobClaim
from opsportal.ticker.queries import CHECKS
from tests.incidents.statuspage.conftest import NOW, ago
from tests.locking import locked, meanwhile

pytestmark = pytest.mark.django_db
FRESH = timedelta(seconds=90)


@pytest.fixture
def api(backend, snapshot_dir) -> Component:
    return Component.objects.get(name="API")


def follow(component: Component, how: str) -> None:
    Component.objects.filter(pk=component.pk).update(follows=how)


def say(component: Component, status: str, *, at=NOW) -> bool:
    return observing.observe(component.pk, status, as_of=at, newest=at, fresh_until=at + FRESH, at=at)


def status_of(component: Component) -> str:
    return Component.objects.get(pk=component.pk).status


def proposed(at=NOW) -> list[tuple[str, str]]:
    return [(one.component.name, one.status) for one in queries.proposals(at)]


def test_by_choice_checks_do_not_count(api):
    assert not say(api, "major_outage")

    assert status_of(api) == "operational"
    assert not Observation.objects.exists()


def test_by_choice_checks_set_the_status_and_readers_see_it(api, django_capture_on_commit_callbacks, snapshot_dir):
    follow(api, "set")

    with django_capture_on_commit_callbacks(execute=True):
        assert say(api, "partial_outage")

    assert status_of(api) == "partial_outage"
    assert "Partial outage" in (snapshot_dir / "current" / "status" / "index.html").read_text()
    assert not say(api, "partial_outage", at=NOW + FRESH)
    assert say(api, "operational", at=NOW + FRESH)


def test_what_a_person_set_stands_until_the_checks_say_something_else(api, publisher):
    follow(api, "set")
    say(api, "partial_outage")
    components.set_component(api, to="operational", by=publisher, at=NOW)

    assert not say(api, "partial_outage", at=NOW + timedelta(seconds=15))
    assert status_of(api) == "operational"
    assert say(api, "major_outage", at=NOW + timedelta(seconds=30))


def test_a_persons_open_incident_holds_the_status_and_afterwards_the_checks_speak_anew(api, draft, publisher, write):
    follow(api, "set")
    say(api, "major_outage", at=ago(minutes=5))
    actions.publish(draft, by=publisher, at=ago(minutes=4))
    assert status_of(api) == "partial_outage"

    assert not say(api, "major_outage", at=ago(minutes=3))
    assert status_of(api) == "partial_outage"
    actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=ago(minutes=2))

    assert say(api, "major_outage", at=ago(minutes=1))
    assert status_of(api) == "major_outage"


def test_maintenance_is_a_persons_word_too(api, publisher):
    follow(api, "set")
    components.set_component(api, to="under_maintenance", by=publisher, at=NOW)

    assert not say(api, "major_outage")
    assert proposed() == []


def test_a_proposal_is_published_with_one_button(api, publisher):
    follow(api, "propose")
    say(api, "degraded_performance")
    assert (status_of(api), proposed()) == ("operational", [("API", "degraded_performance")])

    observing.accept(api, status="degraded_performance", by=publisher, at=NOW)

    assert (status_of(api), proposed()) == ("degraded_performance", [])
    say(api, "operational", at=NOW + timedelta(seconds=60))
    assert proposed() == [("API", "operational")]


def test_a_dismissed_proposal_comes_back_only_with_another_word(api, publisher):
    follow(api, "propose")
    say(api, "degraded_performance")

    observing.dismiss(api, status="degraded_performance", by=publisher, at=NOW)
    say(api, "degraded_performance", at=NOW + timedelta(seconds=30))
    assert proposed() == []

    say(api, "major_outage", at=NOW + timedelta(seconds=60))
    assert proposed() == [("API", "major_outage")]


@pytest.mark.django_db(transaction=True)
def test_a_proposal_that_is_dismissed_while_the_checks_say_it_again_stays_dismissed(api, publisher):
    follow(api, "propose")
    say(api, "degraded_performance")
    again = NOW + timedelta(seconds=30)

    outcomes = meanwhile(
        lambda: observing.dismiss(api, status="degraded_performance", by=publisher, at=NOW),
        lambda: say(api, "degraded_performance", at=again),
    )

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert Observation.objects.get().as_of == again
    assert proposed(again) == []


def test_a_component_is_locked_before_what_its_checks_say(api, publisher):
    follow(api, "propose")
    say(api, "degraded_performance")

    for act in (
        lambda: say(api, "major_outage"),
        lambda: observing.dismiss(api, status="major_outage", by=publisher, at=NOW),
        lambda: observing.accept(api, status="major_outage", by=publisher, at=NOW),
    ):
        names = [one for one in locked(act) if one in ("incidents_component", "incidents_observation")]
        assert names == ["incidents_component", "incidents_observation"]


def test_a_proposal_that_changed_meanwhile_is_refused(api, publisher):
    follow(api, "propose")
    say(api, "degraded_performance")

    with pytest.raises(Refused) as refused:
        observing.accept(api, status="major_outage", by=publisher, at=NOW)

    assert refused.value.code == "PROPOSAL_GONE"


def test_an_older_word_that_comes_late_changes_nothing(api):
    follow(api, "set")
    say(api, "operational", at=NOW)

    assert not say(api, "major_outage", at=ago(seconds=30))
    assert status_of(api) == "operational"


@pytest.mark.parametrize("how", ["propose", "set"])
def test_silent_checks_are_never_shown_as_operational(api, how):
    follow(api, how)
    say(api, "operational", at=ago(minutes=5))

    content = load.page(NOW)
    page = pages.index(content, at=NOW)
    line = next(line for group in page.groups for line in group.lines if line.component.name == "API")

    assert line.look.word == "Unknown since 03:07 UTC"
    assert (page.headline, page.sentence) == (
        "Status of some systems unknown",
        "API is unknown since 03:07 UTC.",
    )
    found = documents.all_of(content)["summary"]
    assert found["status"] == {"indicator": "none", "description": "Status of Some Systems Unknown"}
    assert {one["status"] for one in found["components"]} == {"operational"}
    assert queries.proposals(NOW) == []


def test_fresh_checks_and_a_persons_incident_are_not_unknown(api, draft, publisher):
    follow(api, "set")
    say(api, "operational", at=ago(minutes=5))
    assert load.page(ago(minutes=4)).components[0].unknown_since is None

    actions.publish(draft, by=publisher, at=NOW)

    assert {one.unknown_since for one in load.page(NOW).components} == {None}


def test_the_board_answers_a_proposal(client_as, publisher, api):
    follow(api, "propose")
    Observation.objects.create(
        component=api, status="major_outage", since=NOW, as_of=NOW, fresh_until=NOW + timedelta(days=9_000)
    )
    client = client_as(publisher)

    board = client.get("/statuspage/").content.decode()
    client.post(f"/statuspage/components/{api.public_id}/proposal/", {"status": "major_outage", "answer": "accept"})

    assert "What checks say" in board
    assert status_of(api) == "major_outage"
    assert "What checks say" not in client.get("/statuspage/").content.decode()


def test_while_no_worker_runs_checks_what_follows_them_is_unknown_before_each_is_overdue(api):
    follow(api, "set")
    say(api, "operational", at=ago(seconds=60))
    JobClaim.objects.update_or_create(name=CHECKS, defaults={"claimed_at": NOW, "done_at": ago(seconds=51)})

    assert load.page(NOW).components[0].unknown_since == ago(seconds=60)
    assert load.page(ago(seconds=2)).components[0].unknown_since is None
