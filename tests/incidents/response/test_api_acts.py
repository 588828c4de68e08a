"""Incidents as programs work on them: the same acts as on the screens, with scopes, refusals and keys."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.obligations.models import Obligation
from incidents.response import actions, decisions, entries, redactions, roles
from incidents.response.models import Incident
from opsportal.models import User
from opsportal.roles import Role
from opsportal.tokens import actions as tokens
from tests.incidents.cast import AT, SECRET, minutes, open_incident

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/incidents"
DECLARED = {"title": "Checkout down", "severity": "SEV-1", "domain": "payments", "summary": "No card works"}


class Program:
    """Somebody's script with a token that may read and write incidents."""

    def __init__(self, person: User, *scopes: str) -> None:
        at, given = timezone.now(), list(scopes or ("incidents:read", "incidents:write"))
        words: dict[str, Any] = {"name": "script", "scopes": given, "lifetime": timedelta(days=1)}
        self.headers = {"Authorization": f"Bearer {tokens.issue(person, **words, by='cast', at=at).text}"}

    def get(self, path: str = "", **query: str) -> Any:
        return Client().get(ROOT + path, query, headers=self.headers).json()

    def send(self, path: str = "", body: Any = None, *, method: str = "post", key: str = "") -> tuple[int, Any]:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        answer = getattr(Client(), method)(ROOT + path, body or {}, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    def refused(self, path: str = "", body: Any = None, *, method: str = "post") -> tuple[int, str]:
        status, told = self.send(path, body, method=method)
        return status, told["error"]["code"]


@pytest.fixture
def program(responder: User) -> Program:
    return Program(responder)


# --- read -------------------------------------------------------------------------------------------------------------


def test_an_incident_carries_who_does_what_and_how_it_came_to_be(program, incident, responder, publisher):
    roles.offer(incident, "commander", to=publisher, by=responder, at=minutes(1))
    actions.change_severity(incident, to="SEV-1", reason="All cards", by=responder, at=minutes(2))
    actions.change_severity(incident, to="SEV-3", reason="One plan only", by=responder, at=minutes(3))

    told = program.get("/1")

    assert told["roles"][0] == {"role": "commander", "holder": "responder", "offered_to": "publisher"}
    assert [one["role"] for one in told["roles"]] == ["commander", "communications", "scribe", "operations"]
    assert (told["severity_initial"], told["severity_peak"], told["severity"]) == ("SEV-2", "SEV-1", "SEV-3")
    assert told["impact"] == {"scope": [], "share": "", "versions": ""}
    assert (told["closed_at"], told["mitigated_at"], told["merged_into"]) == (None, None, None)


@pytest.mark.parametrize(("order", "first"), [("newest", "note"), ("oldest", "incident.declared")])
def test_pages_of_a_timeline_hold_every_row_once_while_others_are_written(program, incident, responder, order, first):
    for number in range(5):
        actions.post_note(incident, text=f"Note {number}", by=responder, at=minutes(number))
    wanted = list(incident.timeline.order_by("recorded_at", "id").values_list("pk", flat=True))

    page = program.get("/1/timeline", limit="2", order=order)
    rows = page["items"]
    while page["next"]:
        actions.post_note(incident, text="Meanwhile", by=responder, at=minutes(9))
        page = program.get("/1/timeline", limit="2", order=order, cursor=page["next"])
        rows += page["items"]
        if len(rows) > 20:
            break  # who reads forward meets what is written meanwhile

    keys = [one["id"] for one in rows]
    assert rows[0]["kind"] == first
    assert len(keys) == len(set(keys))
    assert [key for key in (keys if order == "oldest" else reversed(keys)) if key in wanted] == wanted


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_a_row_that_comes_in_late_with_an_earlier_time_is_still_read(program, incident, responder, order):
    begun = incident.timeline.count()
    for number in (7, 9, 10):
        actions.post_note(incident, text=f"Note {number}", by=responder, at=minutes(number))

    page = program.get("/1/timeline", limit=str(begun + 2), order="oldest")
    actions.post_note(incident, text="Waited for the room", by=responder, at=minutes(8))
    rows = page["items"] + program.get("/1/timeline", limit="10", order="oldest", cursor=page["next"])["items"]

    assert [one["text"] for one in rows[begun:]] == ["Note 7", "Note 9", "Note 10", "Waited for the room"]
    assert [one["id"] for one in program.get("/1/timeline", order=order)["items"]] == sorted(
        (one["id"] for one in rows), reverse=order == "newest"
    )


def test_a_row_tells_its_words_as_they_count_and_whether_they_were_removed(program, incident, responder):
    event = actions.post_note(incident, text="70 % fail", by=responder, at=AT)
    removed = actions.post_note(incident, text="A buyer says", by=responder, at=AT)
    redactions.redact(removed, reason="A person", by=responder, at=minutes(1))

    _, correction = program.send(
        f"/1/timeline/{event.pk}/corrections", {"text": "7 % fail", "reason": "One digit too many"}
    )

    told = program.get(f"/1/timeline/{event.pk}")
    assert (told["text"], told["text_as_written"], told["changed"]) == ("7 % fail", "70 % fail", correction["id"])
    assert (told["told"], told["source"]) == ("responder posted a team update", "web")
    assert [(one["text"], one["words_removed"]) for one in program.get("/1/timeline", kind="note")["items"]] == [
        ("", True),
        ("7 % fail", False),
    ]
    assert program.refused(f"/1/timeline/{event.pk}/corrections", {"text": "8 %", "reason": "No"}) == (
        409,
        "CHANGED_MEANWHILE",
    )


# --- act --------------------------------------------------------------------------------------------------------------


def test_from_declaring_to_closing_without_a_screen(program, responder, publisher):
    status, told = program.send("", DECLARED)
    assert (status, told["label"], told["declared_by"], told["roles"][0]["holder"]) == (
        201,
        "INC-1",
        *["responder"] * 2,
    )

    steps: list[tuple[str, dict[str, Any], str]] = [
        ("/1/acknowledge", {}, "responder acknowledged it as SEV-1"),
        ("/1/notes", {"text": "Looking", "occurred_at": "2026-11-21T03:00:00Z"}, "responder posted a team update"),
        ("/1/decisions", {"text": "Move to provider B"}, "responder decided"),
        ("/1/severity", {"to": "SEV-3", "reason": "One plan only", "seen": "SEV-1"},
         "responder changed the severity from SEV-1 to SEV-3"),
        ("/1/roles/commander/offer", {"to": "publisher"}, "responder offered the role commander to publisher"),
        ("/1/roles/commander/withdraw", {}, "responder withdrew the offer of the role commander"),
        ("/1/roles/scribe/take", {}, "responder took the role scribe"),
        ("/1/roles/scribe/lay-down", {}, "responder stepped down from the role scribe"),
        ("/1/status", {"to": "resolved", "note": "Over"},
         "responder moved the incident from Investigating to Resolved"),
    ]  # fmt: skip
    for path, body, sentence in steps:
        status, told = program.send(path, body)
        assert (status, told.get("told"), told.get("source")) == (201, sentence, "api"), told

    assert program.refused("/1/close") == (422, "NOT_READY_TO_CLOSE")
    status, told = Program(publisher).send("/1/roles/commander/take-over", {"reason": "Asleep"})
    assert (status, told["error"]["code"]) == (422, "INCIDENT_RESOLVED")
    assert set(Incident.objects.get().timeline.values_list("source", flat=True)) == {"api"}
    # Through a program or not, a person said it.
    assert entries.page(Incident.objects.get(), show="system").entries == []


def test_an_offer_is_accepted_by_whom_it_was_made_to(program, incident, responder, publisher):
    program.send("/1/roles/commander/offer", {"to": "publisher"})

    assert program.refused("/1/roles/commander/accept") == (422, "NOT_OFFERED")
    assert Program(publisher).send("/1/roles/commander/accept")[0] == 201
    assert program.get("/1")["roles"][0]["holder"] == "publisher"


def test_a_decision_is_answered(program, incident, responder):
    event = decisions.decide(incident, text="Move", by=responder, at=AT, check_back_at=minutes(15))

    status, told = program.send(f"/1/timeline/{event.pk}/answer", {"outcome": "worked", "note": "0.2 %"})

    assert (status, told["corrects"], told["new"]) == (201, event.pk, "worked")
    assert not Obligation.objects.open().filter(kind="check_back").exists()


def test_title_and_summary_are_rewritten_from_what_was_read(program, incident):
    seen = program.get("/1")["text_mark"]

    status, told = program.send("/1", {"title": "All cards fail", "seen": seen}, method="patch")

    assert (status, told["title"]) == (200, "All cards fail")
    assert told["summary"] == incident.summary
    assert program.refused("/1", {"title": "Mine", "seen": seen}, method="patch") == (409, "HEADING_CHANGED")


def test_what_is_over_is_declared_with_its_times(program):
    times = {"impact_started_at": "2026-11-20T03:00:00+01:00", "resolved_at": "2026-11-20T05:00:00Z"}

    assert program.refused("", DECLARED | times) == (422, "TIMES_OF_WHAT_RUNS")
    assert program.refused("", DECLARED | {"mode": "retrospective"}) == (422, "TIMES_MISSING")
    _, told = program.send("", DECLARED | {"mode": "retrospective"} | times)

    assert (told["mode"], told["status"], told["impact_started_at"]) == (
        *("retrospective", "resolved"),
        "2026-11-20T02:00:00Z",
    )


def test_a_follow_up_is_linked_at_once(program, incident):
    program.send("", DECLARED | {"follows": 1})

    assert Incident.objects.get(number=2).links.get().other == incident
    assert program.refused("", DECLARED | {"follows": 99}) == (404, "NOT_FOUND")


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("", DECLARED | {"domain": "sales"}, (422, "DOMAIN_UNKNOWN")),
        ("", DECLARED | {"severity": "SEV-9"}, (422, "VALIDATION_FAILED")),
        ("", DECLARED | {"priority": 1}, (422, "VALIDATION_FAILED")),
        ("", DECLARED | {"summary": f"Fails with {SECRET}"}, (422, "PRIVACY_BLOCKED")),
        ("/1/notes", {"text": " "}, (422, "TEXT_MISSING")),
        ("/1/notes", {"text": "x", "occurred_at": "2026-11-21T03:12"}, (422, "VALIDATION_FAILED")),
        ("/1/notes", {"text": "x", "occurred_at": "2199-11-21T03:12:00Z"}, (422, "TIME_IN_FUTURE")),
        ("/1/severity", {"to": "SEV-1", "reason": "Worse", "seen": "SEV-3"}, (409, "SEVERITY_CHANGED")),
        ("/1/status", {"to": "identified", "seen": "monitoring"}, (409, "STATUS_CHANGED")),
        ("/1/status", {"to": "investigating"}, (422, "STATUS_UNCHANGED")),
        ("/1/roles/commander/offer", {"to": "nobody"}, (422, "NOT_A_RESPONDER")),
        ("/1/roles/captain/take", {}, (422, "VALIDATION_FAILED")),
        ("/1/timeline/999999/answer", {"outcome": "worked", "note": "x"}, (404, "NOT_FOUND")),
        ("/9/notes", {"text": "x"}, (404, "NOT_FOUND")),
    ],
)
def test_a_refusal_is_the_envelope_and_changes_nothing(program, incident, path, body, answer):
    rows = incident.timeline.count()

    assert program.refused(path, body) == answer
    assert (Incident.objects.count(), incident.timeline.count()) == (1, rows)


def test_the_same_key_declares_and_posts_once(program):
    first = program.send("", DECLARED, key="outage-1")

    assert program.send("", DECLARED, key="outage-1") == first
    assert program.send("", DECLARED | {"title": "Other"}, key="outage-1")[0] == 409
    for _ in range(2):
        assert program.send("/1/notes", {"text": "Looking"}, key="n1")[0] == 201
    assert Incident.objects.get().timeline.filter(kind="note").count() == 1


ACTS: list[Callable[[Program], tuple[int, str]]] = [
    lambda one: one.refused("", DECLARED),
    lambda one: one.refused("/1/notes", {"text": "x"}),
    lambda one: one.refused("/1/acknowledge"),
    lambda one: one.refused("/1", {"seen": "x"}, method="patch"),
]


@pytest.mark.parametrize("act", ACTS)
def test_who_only_reads_changes_nothing(incident, responder, act):
    reader, writer = Program(responder, "incidents:read"), Program(responder)
    assert act(reader) == (403, "SCOPE_MISSING")
    User.objects.filter(pk=responder.pk).update(role=Role.VIEWER)
    assert act(writer) == (403, "ROLE_TOO_LOW")


def test_a_viewers_program_meets_no_security_incident(viewer, responder):
    event = open_incident(responder, nature="security").timeline.first()
    assert event is not None

    for path in ("/1", "/1/timeline", f"/1/timeline/{event.pk}"):
        assert Program(viewer, "incidents:read").get(path)["error"]["code"] == "NOT_FOUND"
        assert "error" not in Program(responder, "incidents:read").get(path)
