"""A step of a runbook is run from its page: the operation, a check, and who may."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from checks.catalogue.models import Check
from checks.operations import actions, steps
from checks.operations.models import OperationRun
from incidents.response.models import TimelineEvent
from incidents.runbooks import following, startable
from incidents.runbooks.models import RunbookStep, RunbookUse
from incidents.runbooks.reading import Trial
from tests.incidents.cast import open_incident
from tests.incidents.runbooks.cast import written

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
BODY = (
    "1. Ask\n\n   ```\n   bin/manage db_verify\n   ```\n\n   Expect: `db_verify status=ok`\n\n"
    "2. Look\n\n   Check: `portal-live`\n\n"
    "3. Apply\n\n   ```\n   bin/manage db_bootstrap apply_migrations\n   bin/manage backup\n   ```\n"
)
STEP = {"slug": "gate", "number": "1", "place": "0"}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("bin/manage db_verify", "db_verify"),
        ("bin/manage ops_daily --mode=prod", "ops_daily --mode=prod"),
        ('bin/manage check_runtime_health --base-url "$BASE_URL"', "check_runtime_health"),
        ("bin/manage db_bootstrap --dry-run", "db_bootstrap --dry-run"),
        ("bin/manage replay_deliveries --failed-since 1h", "replay_deliveries --failed-since 1h"),
        ("bin/manage replay_deliveries --event-id ID", ""),
        ("bin/manage db_bootstrap apply_migrations", ""),
        ("bin/manage ops_daily --mode=ci | bin/manage ops_ci_normalize --exit-code 2", ""),
        ("bin/manage leak_response", ""),
        ("kubectl get pods -n data-plane", ""),
        ("db_verify", ""),
        ("", ""),
    ],
)
def test_only_what_the_screen_of_operations_knows_can_be_started(text, command):
    assert steps.command_of(text) == command
    assert (startable.of(Trial(0, text)) is not None) is bool(command)


def test_the_first_run_begins_a_use_and_its_end_is_told(client_as, responder):
    incident = open_incident(responder)
    written(responder, body=BODY)
    client = client_as(responder)

    answer = client.post("/operations/step/", STEP | {"subject": incident.label})

    use, run = RunbookUse.objects.get(), OperationRun.objects.get()
    assert answer["Location"] == f"{use.get_absolute_url()}#step-1"
    assert (run.command, run.by, run.reason) == ("db_verify", responder, "Step 1 of the runbook gate")
    assert "Running, asked for by responder" in client.get(use.get_absolute_url()).content.decode()
    actions.claim(run.pk, at=AT)
    actions.keep(run, [(AT, "db_verify status=fail reason=missing_tables")], at=AT)
    actions.finish(run, state="ended", code=1, at=AT + timedelta(seconds=2))

    step = RunbookStep.objects.get()
    assert (step.verdict, step.got, step.exit_code) == (
        "not_as_expected",
        "db_verify status=fail reason=missing_tables",
        1,
    )
    assert TimelineEvent.objects.get(kind="runbook").incident == incident
    page = client.get(use.get_absolute_url()).content.decode()
    assert 'href="/runbooks/db-verify-missing-tables/' in page
    assert "Run again" in page


def test_a_run_that_is_lost_or_cancelled_leaves_no_step_waiting(responder):
    use = following.begin(written(responder, body=BODY), by=responder, at=AT)
    steps.run(use, number=1, place=0, by=responder, at=AT)

    actions.cancel(OperationRun.objects.get(), by=responder, at=AT)

    step = RunbookStep.objects.get()
    assert (step.verdict, step.got) == ("not_as_expected", "db_verify status=fail reason=cancelled")


def test_while_another_of_its_kind_runs_nothing_is_left_behind(client_as, responder):
    written(responder, body=BODY)
    actions.start("db_verify", reason="mine", by=responder, at=AT)

    page = client_as(responder).post("/operations/step/", STEP, follow=True).content.decode()

    assert "db_verify runs already, started by responder" in page
    assert RunbookStep.objects.count() == 0


@pytest.mark.parametrize(("state", "verdict"), [("healthy", "as_expected"), ("unhealthy", "not_as_expected")])
def test_a_check_is_looked_at(client_as, responder, state, verdict):
    written(responder, body=BODY)
    Check.objects.filter(key="portal-live").update(state=state, last_run_at=timezone.now())
    client = client_as(responder)

    client.post("/operations/step/", STEP | {"number": "2"})

    step = RunbookStep.objects.get()
    assert (step.way, step.verdict, step.got) == ("check", verdict, f"check=portal-live status={state}")
    assert "Portal" in client.get("/operations/checks/portal-live/").content.decode()
    assert "No check gone here" in client.get("/operations/checks/gone/").content.decode()


def test_what_is_for_the_shell_or_for_admins_is_not_run_by_others(client_as, responder, admin):
    use = following.begin(written(responder, body=BODY), by=responder, at=AT)
    client = client_as(responder)
    page = client.get(use.get_absolute_url()).content.decode()
    assert page.count('<form action="/operations/step/"') == 2  # the database and the check
    assert page.count("I ran it in the shell") == 3

    shell = client.post("/operations/step/", STEP | {"number": "3", "use": use.pk}, follow=True)
    higher = client.post("/operations/step/", STEP | {"number": "3", "place": "1", "use": use.pk})

    assert "This command is for the shell" in shell.content.decode()
    assert higher.status_code == 403
    assert (OperationRun.objects.count(), RunbookStep.objects.count()) == (0, 0)
    assert client_as(admin).get(use.get_absolute_url()).content.decode().count("/operations/step/") == 3


@pytest.mark.parametrize("sent", [{}, STEP | {"number": "x"}, STEP | {"subject": "7"}])
def test_a_step_that_is_none_is_refused_with_a_sentence(client_as, responder, sent):
    answer = client_as(responder).post("/operations/step/", sent)

    assert answer.status_code == 422
    assert "Open the runbook again" in answer.content.decode()


def test_a_run_that_ended_badly_names_the_runbook_that_answers(client_as, viewer, responder):
    run = actions.start("db_verify", reason="x", by=responder, at=AT)
    actions.claim(run.pk, at=AT)
    actions.keep(run, [(AT, "db_verify status=fail reason=missing_tables")], at=AT)
    assert "A runbook answers" not in client_as(viewer).get(run.get_absolute_url()).content.decode()
    actions.finish(run, state="ended", code=1, at=AT)

    page = client_as(viewer).get(run.get_absolute_url()).content.decode()
    assert 'A runbook answers what it says: <a href="/runbooks/db-verify-missing-tables/">' in page
