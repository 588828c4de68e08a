"""From a planned release to its rollback, as operations tell it: signed, begun, not verified, advised, taken back."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from checks.operations import actions as operations
from checks.operations.models import OperationLine, OperationRun
from incidents.changes.models import Change
from incidents.changes.queries import last_good
from incidents.changes.release import OperationFact
from incidents.obligations.models import Obligation
from opsportal.models import User

pytestmark = pytest.mark.django_db
VERIFY = "prod_verify --verify"


def ended(command: str, line: str | list[str], code: int, by: User) -> OperationRun:
    """A run from asking to its end."""
    run = operations.start(command, reason="the release", by=by, at=now())
    operations.claim(run.pk, at=now())
    for text in [line] if isinstance(line, str) else line:
        OperationLine.objects.create(run=run, at=now(), text=text)
    operations.finish(run, state=OperationRun.State.ENDED, code=code, at=now())
    return run


def test_a_release_that_is_signed_fails_and_is_taken_back(client_as, responder):
    client = client_as(responder)
    payments = {"domain": "payments", "kind": "deploy", "result": "succeeded"}
    client.post("/changes/new/", payments | {"what": "Deploy one", "artifact": "v1"})
    Change.objects.update(started_at=now() - timedelta(hours=2), finished_at=now() - timedelta(hours=2))
    ended("policy_check", "policy_check status=ok checks=4", 0, responder)
    ended("ops_daily --mode=ci --strict", "ops_daily_watchdog status=healthy", 0, responder)
    ended(VERIFY, "prod_verify status=ok mode=verify", 0, responder)
    first = Change.objects.get()
    assert Obligation.objects.get(subject=first.label).met_at is not None

    client.post("/changes/new/", payments | {"what": "Deploy two", "artifact": "v2", "result": "planned"})
    release = Change.objects.get(artifact="v2")
    page = release.get_absolute_url()
    client.post(f"{page}announce/", {"words": "", "tickets": "https://tickets.example/7"})
    for place in (1, 2, 3):
        client.post(f"{page}steps/{place}/", {"ticked": "1"})
    client.post(f"{page}sign-off/", {"in_spite": ""})
    client.post(f"{page}start/", {"override": ""})
    client.post(f"{page}succeed/", {"note": ""})
    release.refresh_from_db()
    assert (release.result, release.override) == ("succeeded", "")

    for _ in range(2):
        ended(VERIFY, "prod_verify status=fail mode=verify reason=checks_unhealthy", 2, responder)
    told = client.get(page).content.decode()
    assert "Advice: roll back" in told and "Failed 2 times" in told
    client.post(
        "/changes/new/",
        payments | {"kind": "rollback", "what": "Back to v1", "artifact": "v1", "takes_back": str(release.pk)},
    )
    back = Change.objects.get(kind="rollback")
    ended(VERIFY, "prod_verify status=ok mode=verify", 0, responder)

    release.refresh_from_db()
    assert (release.result, [one.change for one in last_good()]) == ("rolled_back", [first])
    assert Obligation.objects.get(subject=release.label).reason == "It was rolled back."
    assert Obligation.objects.get(subject=back.label).met_at is not None
    assert "Advice: roll back" not in client.get("/changes/").content.decode()


NO_TRAFFIC = "ops_daily_watchdog status=insufficient_data reason=delivered_total_0"
NOT_VERIFIED = "prod_verify status=fail mode=verify reason="


def test_a_day_without_traffic_verifies_a_change_and_accuses_none(client_as, responder):
    client = client_as(responder)
    client.post(
        "/changes/new/",
        {"domain": "payments", "kind": "deploy", "result": "succeeded", "what": "Deploy one", "artifact": "v1"},
    )
    change = Change.objects.get()

    for _ in range(2):
        ended(VERIFY, [NO_TRAFFIC, "runtime_health status=ok", f"{NOT_VERIFIED}delivered_total_0"], 2, responder)

    assert Obligation.objects.get(subject=change.label).met_at is not None
    page = client.get(change.get_absolute_url()).content.decode()
    assert "without traffic" in page and "Failed" not in page
    assert "Advice: roll back" not in client.get("/changes/").content.decode()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([NO_TRAFFIC, "runtime_health status=unhealthy reason=too_slow", f"{NOT_VERIFIED}too_slow"], 2),
        ([NO_TRAFFIC, "runtime_health status=fail", f"{NOT_VERIFIED}delivered_total_0"], 1),
        (["runtime_health status=ok", f"{NOT_VERIFIED}delivered_total_0"], 2),
    ],
)
def test_what_is_wrong_beside_missing_traffic_is_a_failure(responder, lines, code):
    ended(VERIFY, lines, code, responder)

    assert OperationFact.objects.get().level == "fail"
