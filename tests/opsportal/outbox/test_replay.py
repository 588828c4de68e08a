"""Dead letters go again, under their keys; the shell says how many."""

import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from opsportal.audit.models import AuditEvent
from opsportal.outbox import actions
from opsportal.outbox.models import Delivery, Route
from tests.locking import locked
from tests.portals import ROOT

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, int]:
    """The last line on stdout, and the exit code."""
    out = StringIO()
    try:
        call_command("replay_deliveries", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as end:
        return out.getvalue().strip().splitlines()[-1], int(end.code or 0)
    return out.getvalue().strip().splitlines()[-1], 0


def bury(*deliveries: Delivery, ago: timedelta = timedelta()) -> None:
    Delivery.objects.filter(pk__in=[one.pk for one in deliveries]).update(
        state="dead", last_error="status_5xx", failed_at=timezone.now() - ago, attempts=9
    )


def test_ways_are_locked_before_their_messages_as_by_whoever_sends(queue):
    bury(queue("a", event="incident:1"))

    names = locked(lambda: actions.replay_event("incident:1", by="admin", at=timezone.now()))

    assert [one for one in names if one.startswith("opsportal_")][:2] == ["opsportal_route", "opsportal_delivery"]


def test_an_event_is_replayed_and_what_was_taken_is_left_alone(queue):
    one, two = queue("a", event="incident:1"), queue("b", event="incident:1")
    bury(one)
    Delivery.objects.filter(pk=two.pk).update(state="sent")

    assert run("--event-id", "incident:1") == ("replay_deliveries status=ok queued=1 skipped=1", 0)
    assert run("--event-id", "incident:1") == ("replay_deliveries status=ok queued=0 skipped=2", 0)

    one.refresh_from_db()
    assert (one.state, one.attempts, one.key) == ("waiting", 0, "a")
    assert one.give_up_at is not None and one.give_up_at > timezone.now() + timedelta(hours=23)
    assert AuditEvent.objects.filter(act="delivery.replay", actor="shell").exists()


def test_what_failed_lately_is_replayed_and_its_way_tries_at_once(queue, sink, settings):
    settings.SLACK_WEBHOOK_URL = sink.url
    late, old, retrying = queue("late"), queue("old"), queue("retrying")
    bury(late)
    bury(old, ago=timedelta(hours=2))
    soon = timezone.now() + timedelta(minutes=40)
    Delivery.objects.filter(pk=retrying.pk).update(failed_at=timezone.now(), due_at=soon, attempts=3)
    Route.objects.update(failures=5, opened=1, open_until=timezone.now() + timedelta(minutes=9))

    assert run("--failed-since", "1h") == ("replay_deliveries status=ok queued=2 skipped=0", 0)

    actions.deliver_due()
    assert {request.headers["Idempotency-Key"] for request in sink.requests} == {"late", "retrying"}
    old.refresh_from_db()
    assert old.state == "dead"


def test_nothing_to_replay_is_no_error():
    assert run("--failed-since", "30m") == ("replay_deliveries status=ok queued=0 skipped=0", 0)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--event-id", "nobody-knows"), "replay_deliveries status=fail reason=unknown_event"),
        (("--failed-since", "yesterday"), "replay_deliveries status=fail reason=bad_age"),
    ],
)
def test_a_mistake_ends_with_1_and_a_reason(arguments, line):
    assert run(*arguments) == (line, 1)


def test_the_chosen_are_replayed_after_a_question_with_their_number(queue, client_as, admin):
    chosen = [queue(f"k{number}") for number in range(3)]
    bury(*chosen)
    browser = client_as(admin)
    query = "&".join(f"chosen={one.pk}" for one in chosen)

    question = browser.get(f"/deliveries/replay/?{query}")
    assert "Replay 3 messages?" in question.content.decode()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"dead"}
    browser.post("/deliveries/replay/", {"chosen": [one.pk for one in chosen]})

    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}


def test_choosing_nothing_says_so(client_as, admin):
    answer = client_as(admin).get("/deliveries/replay/", follow=True)

    assert "Choose at least one message" in answer.content.decode()


def test_the_shell_says_one_line_whose_exit_code_is_0_or_1(transactional_db, queue):
    bury(queue("incident:9:opened:slack:0", event="incident:9:opened"))

    assert shell("--event-id", "incident:9:opened") == ("replay_deliveries status=ok queued=1 skipped=0\n", 0)
    assert shell() == ("replay_deliveries status=fail reason=bad_arguments\n", 1)
    nowhere = {"DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:9/none"}
    assert shell("--event-id", "x", **nowhere) == ("replay_deliveries status=fail reason=db_connect_failed\n", 1)


def shell(*arguments: str, **environment: str) -> tuple[str, int]:
    """What a real process says on stdout, and how it ends; nothing of an address on stderr."""
    done = subprocess.run(
        [sys.executable, "manage.py", "replay_deliveries", *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "hunter2" not in done.stderr and "Traceback" not in done.stderr
    return done.stdout, done.returncode
