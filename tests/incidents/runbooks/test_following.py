"""Following a runbook: steps that were run, what they said, what stands on the timeline, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest

from incidents.response.models import TimelineEvent
from incidents.runbooks import actions, following
from incidents.runbooks.models import Runbook, RunbookStep, RunbookUse
from opsportal.errors import Refused
from tests.incidents.cast import AT, SECRET, minutes, open_incident
from tests.incidents.runbooks.cast import BODY, draft, written

pytestmark = pytest.mark.django_db


def asked(use: RunbookUse, by: Any) -> RunbookStep:
    return following.ask(use, number=1, place=0, by=by, at=minutes(1))


def told() -> list[tuple[str, str]]:
    """What stands on timelines of runbooks."""
    found = TimelineEvent.objects.filter(kind="runbook").order_by("pk").select_related("text")
    return [(one.new, one.text.body) for one in found]


def test_who_follows_it_for_the_same_incident_goes_on_with_the_others(responder, admin):
    runbook = written(responder)

    use = following.begin(runbook, subject="INC-7", by=responder, at=AT)

    assert following.begin(runbook, subject="INC-7", by=admin, at=minutes(1)) == use
    assert following.begin(runbook, by=admin, at=minutes(1)) != use
    assert (use.by, use.version, use.is_going) == (responder, 1, True)


def test_a_retired_one_is_not_followed(responder):
    runbook = actions.retire(written(responder), by=responder, at=AT)

    with pytest.raises(Refused, match="retired"):
        following.begin(runbook, by=responder, at=AT)


@pytest.mark.parametrize(
    ("got", "code", "verdict"),
    [("doctor status=ok", 0, "as_expected"), ("doctor status=fail reason=disk", 2, "not_as_expected")],
)
def test_what_a_step_says_is_compared_and_told_on_the_timeline_once(responder, got, code, verdict):
    incident = open_incident(responder)
    use = following.begin(written(responder), subject=incident.label, by=responder, at=AT)
    step = asked(use, responder)
    assert step.is_asked

    following.record_step_result(step.pk, got=got, exit_code=code, at=minutes(2))
    again = following.record_step_result(step.pk, got="doctor status=ok", exit_code=0, at=minutes(3))

    assert (again.verdict, again.got, again.exit_code, again.ended_at) == (verdict, got, code, minutes(2))
    assert told() == [(verdict, f"The gate is shut, step 1: Ask the gate\n{got}")]
    event = TimelineEvent.objects.get(kind="runbook")
    assert (event.incident, event.actor, event.about) == (incident, responder, "runbook:gate")


def test_without_an_incident_or_with_one_that_is_not_there_nothing_is_told(responder):
    runbook = written(responder)
    for subject in ("", "INC-99999"):
        use = following.begin(runbook, subject=subject, by=responder, at=AT)
        following.tick(use, number=2, by=responder, at=minutes(1))

    assert told() == []


def test_a_step_is_asked_once_until_it_says_something(responder):
    use = following.begin(written(responder), by=responder, at=AT)
    step = asked(use, responder)

    with pytest.raises(Refused, match="runs already"):
        asked(use, responder)
    following.record_step_result(step.pk, got="doctor status=ok", exit_code=0, at=minutes(2))

    assert asked(use, responder).pk != step.pk


@pytest.mark.parametrize(("number", "place"), [(9, 0), (1, 1), (2, 0)])
def test_what_the_text_does_not_have_is_not_asked(responder, number, place):
    use = following.begin(written(responder), by=responder, at=AT)

    with pytest.raises(Refused, match="no such"):
        following.ask(use, number=number, place=place, by=responder, at=AT)


def test_a_line_from_the_shell_is_compared_and_prose_or_a_secret_is_refused(responder):
    use = following.begin(written(responder), by=responder, at=AT)

    for wrong in ("It is fine.", "", f"doctor status={SECRET}"):
        with pytest.raises(Refused):
            following.say(use, number=1, place=0, got=wrong, by=responder, at=AT)
    row = following.say(use, number=1, place=0, got=" doctor status=ok ", by=responder, at=AT)

    assert (row.way, row.verdict, row.got) == ("shell", "as_expected", "doctor status=ok")
    assert use.steps.count() == 1


def test_a_use_goes_by_the_text_it_was_begun_with(responder, admin):
    runbook = written(responder)
    use = following.begin(runbook, by=responder, at=AT)
    actions.change(runbook, draft(body="1. Nothing to run"), seen=1, note="", by=admin, at=minutes(1))

    assert asked(use, responder).command == "bin/manage doctor"
    assert [one.title for one in following.read(use).steps] == ["Ask the gate", "Wait", "Tell"]


def test_a_use_ends_with_how_it_went_and_then_takes_nothing_more(responder, admin):
    incident = open_incident(responder)
    use = following.begin(written(responder), subject=incident.label, by=responder, at=AT)

    with pytest.raises(Refused, match="what did not work"):
        following.end(use, result="partly", note=" ", by=admin, at=minutes(5))
    with pytest.raises(Refused, match="Say whether"):
        following.end(use, result="left", note="", by=admin, at=minutes(5))
    following.end(use, result="partly", note="Step 2 is gone", by=admin, at=minutes(5))

    use.refresh_from_db()
    assert (use.result, use.ended_at, use.by, use.ended_by) == ("partly", minutes(5), responder, admin)
    assert told() == [("partly", "The gate is shut\nStep 2 is gone")]
    for act in (following.tick, lambda use, number, by, at: following.ask(use, number=number, place=0, by=by, at=at)):
        with pytest.raises(Refused, match="over"):
            act(use, number=1, by=admin, at=minutes(6))


def test_what_everybody_left_is_ended_by_itself(responder):
    runbook = written(responder)
    left = following.begin(runbook, subject="INC-1", by=responder, at=AT)
    worked_on = following.begin(runbook, subject="INC-2", by=responder, at=AT)
    later = AT + following.LEFT_AFTER + timedelta(minutes=1)
    following.tick(worked_on, number=2, by=responder, at=later - timedelta(hours=1))

    assert following.end_left(at=later) == 1
    assert following.end_left(at=later) == 0

    assert RunbookUse.objects.get(pk=left.pk).result == "left"
    assert RunbookUse.objects.get(pk=worked_on.pk).is_going


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_runbook_is_followed_from_its_page_to_its_end(client_as, responder):
    incident = open_incident(responder)
    written(responder)
    client = client_as(responder)

    here = client.post("/runbooks/gate/follow/", {"subject": incident.label})["Location"]
    page = client.get(here).content.decode()
    assert "0 of 3 done" in page
    assert f'Followed for <a href="/incidents/{incident.label}/">' in page
    assert client.post(f"{here}steps/2/")["Location"] == f"{here}#step-2"
    wrong = client.post(f"{here}steps/1/", {"place": "0", "got": "It is fine."})
    assert wrong.status_code == 422
    assert 'value="It is fine."' in wrong.content.decode()
    client.post(f"{here}steps/1/", {"place": "0", "got": "doctor status=fail reason=disk"})
    page = client.get(here).content.decode()
    assert "Not as expected" in page
    assert "1 of 3 done" in page
    assert client.post(f"{here}end/", {"result": "not"}).status_code == 422
    client.post(f"{here}end/", {"result": "worked"})

    page = client.get(here).content.decode()
    assert "This use is over" in page
    assert "Compare" not in page
    assert [one for one, _ in told()] == ["done", "not_as_expected", "worked"]
    assert "worked" in client.get(incident.get_absolute_url()).content.decode()


def test_a_step_that_differs_says_which_way_to_go(client_as, responder):
    body = "1. Ask\n\n   ```\n   bin/manage x\n   ```\n\n   Expect: `x status=ok`\n\n   On `reason=a`: go left."
    use = following.begin(written(responder, body=body), by=responder, at=AT)
    following.say(use, number=1, place=0, got="x status=fail reason=a", by=responder, at=AT)
    client = client_as(responder)

    page = client.get(use.get_absolute_url()).content.decode()
    assert page.count("go left.") == 2  # where it always stands, and as what to do now
    assert "A runbook answers" not in page
    following.say(use, number=1, place=0, got="x status=fail reason=missing_env", by=responder, at=AT)
    page = client.get(use.get_absolute_url()).content.decode()
    assert page.count("go left.") == 1
    assert 'A runbook answers what it says: <a href="/runbooks/missing-env/' in page


def test_viewers_see_what_came_of_it_and_not_what_for(client_as, viewer, responder):
    incident = open_incident(responder)
    use = following.begin(written(responder), subject=incident.label, by=responder, at=AT)
    following.end(use, result="partly", note="Step 2 is gone", by=responder, at=AT)

    for path in (use.get_absolute_url(), "/runbooks/gate/", "/runbooks/gate/uses/"):
        page = client_as(viewer).get(path).content.decode()
        assert incident.label not in page
        assert "Step 2 is gone" not in page
        assert '<form action="/runbooks/' not in page


def test_the_page_says_who_follows_it_right_now(client_as, responder):
    use = following.begin(written(responder), subject="INC-7", by=responder, at=AT)

    assert f'<a href="{use.get_absolute_url()}">By responder for INC-7</a>' in (
        client_as(responder).get("/runbooks/gate/").content.decode()
    )
    assert client_as(responder).get("/runbooks/gate/uses/99999/").status_code == 404
    assert client_as(responder).get(use.get_absolute_url().replace("gate", "cdn-outage")).status_code == 404
    assert Runbook.objects.get(slug="gate").body == BODY
