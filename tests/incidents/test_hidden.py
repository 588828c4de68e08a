"""Security incidents: whoever only reads meets none of their words anywhere, and the world never does."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents import reactions
from incidents.alerts.models import Alert
from incidents.follow_ups import actions as follow_ups
from incidents.models import FollowUp, Incident, Reaction, StatusUpdate
from incidents.postmortems import actions as postmortems
from incidents.response import actions
from incidents.statuspage import actions as statuspage
from opsportal.errors import Refused
from opsportal.models import Delivery, User
from opsportal.tokens import actions as tokens
from tests.incidents.cast import AT, domain, fire, minutes, open_incident
from tests.test_urls_access import EXAMPLES, addresses

pytestmark = pytest.mark.django_db
# Nowhere but in the security incidents of these tests; the other word is what is looked for, which comes back.
WORD, ASKED = "quagga", "okapi"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
# Where somebody who may know of them does meet them: so that the walk would notice.
TELLING = {
    "/", "/incidents/", "/incidents/export.csv", "/search/", "/search/top/", "/alerts/", "/postmortems/",
    "/follow-ups/",
    "/incidents/INC-1/", "/incidents/INC-2/", "/incidents/INC-2/postmortem/", "/incidents/INC-1/public/",
}  # fmt: skip


@pytest.fixture
def hidden(responder: User) -> list[Incident]:
    """One that runs, with an alert, and one that is over, with a report and a follow-up."""
    running = fire(title=f"The gate of {WORD} and okapi", detail=WORD, severity="SEV-1").room
    over = open_incident(responder, title=f"Keys of {WORD} and okapi", severity="SEV-1")
    Incident.objects.update(nature=Incident.Nature.SECURITY)
    actions.post_note(running, text=f"Somebody fed {WORD} and okapi", by=responder, at=minutes(1))
    actions.change_status(over, to="resolved", note=f"New keys for {WORD}, okapi", by=responder, at=minutes(2))
    postmortems.draft(over, at=minutes(3))
    plan = follow_ups.Plan(title=f"Count {WORD}, okapi", type="detective", owner="@sre-oncall", due_on=AT.date())
    follow_ups.add(over, plan, by=responder, at=minutes(3))
    return [Incident.objects.get(pk=one.pk) for one in (running, over)]


def pages(client: Client) -> dict[str, tuple[int, str]]:
    """Every address with the numbers of these incidents, as page and as part: status and text."""
    found: dict[str, tuple[int, str]] = {}
    for number in (1, 2):
        known = {"number": number, "pk": (Alert if number == 1 else FollowUp).objects.get().pk}
        for _, path, _ in addresses(examples=EXAMPLES | known):
            if path in found or path.startswith(("/api/", "/health", "/login", "/logout")):
                continue
            for headers in ({}, PART):
                answer = client.get(path, {"q": ASKED, "show": "all"}, headers=headers)
                text = b"".join(answer) if answer.streaming else answer.content
                before = found.get(path, (0, ""))[1]
                found[path] = answer.status_code, before + text.decode(errors="replace")
    return found


def test_no_screen_shows_a_viewer_a_word_of_a_security_incident(hidden, viewer, client_as):
    walked = pages(client_as(viewer))

    assert [path for path, (_, text) in walked.items() if WORD in text] == []
    rooms = {path: status for path, (status, _) in walked.items() if "/INC-" in path}
    assert {path: status for path, status in rooms.items() if status not in (403, 404, 405)} == {}
    assert len(rooms) > 20
    assert "Nothing is open." in walked["/"][1]
    assert "1 open" not in walked["/"][1]
    assert "Nothing is late" in walked["/"][1]


def test_whoever_acts_in_incidents_meets_them_everywhere(hidden, responder, client_as):
    walked = pages(client_as(responder))

    assert {path for path, (_, text) in walked.items() if WORD in text} >= TELLING


def test_a_program_sees_what_its_owner_may(hidden, viewer, responder):
    def ask(user: User, path: str) -> str:
        words: dict[str, Any] = {
            "name": "script",
            "scopes": ["incidents:read"],
            "lifetime": timedelta(days=1),
            "by": "cast",
        }
        text = tokens.issue(user, **words, at=timezone.now()).text
        return Client().get(path, headers={"Authorization": f"Bearer {text}"}).content.decode()

    assert WORD not in ask(viewer, "/api/v1/incidents") + ask(viewer, "/api/v1/incidents/1")
    assert WORD in ask(responder, "/api/v1/incidents")
    assert WORD in ask(responder, "/api/v1/incidents/1")


@pytest.mark.parametrize(
    ("change", "code"), [({"nature": "security"}, "SECURITY_INCIDENT"), ({"mode": "test"}, "TEST_INCIDENT")]
)
def test_nothing_of_it_is_drafted_or_published(responder, publisher, change, code):
    incident = open_incident(responder)
    words: dict[str, Any] = {
        "title": "Card payments",
        "status": "investigating",
        "body": "We are looking.",
        "components": {},
    }
    draft = statuspage.save_draft(incident, **words, by=publisher, at=AT, next_update_at=minutes(30))
    Incident.objects.update(**change)

    with pytest.raises(Refused) as refused:
        statuspage.publish(draft, by=publisher, at=minutes(1))
    assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        statuspage.save_draft(incident, **words, by=publisher, at=AT, next_update_at=minutes(30))
    assert refused.value.code == code
    StatusUpdate.objects.all().delete()
    assert statuspage.draft_first(incident, at=minutes(1)) is None


def test_what_leaves_the_house_names_its_number_and_nothing_else(hidden, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example.com/services/x"
    for pk in Reaction.objects.values_list("pk", flat=True):
        reactions.react(pk, at=minutes(5))

    told = [f"{one.subject}\n{one.body}" for one in Delivery.objects.all()]

    assert "INC-1 SEV-1" in told[0]
    assert not [text for text in told if WORD in text]
    assert not StatusUpdate.objects.exists()


def test_a_domain_has_only_visible_ones_in_its_figures(hidden, viewer, responder):
    open_incident(responder, domain=domain("support"), title="Plain")

    assert Incident.objects.visible_to(viewer).count() == 1
    assert Incident.objects.visible_to(responder).count() == 3
    assert list(Incident.objects.hidden_from(viewer).order_by("number")) == hidden
    assert not Incident.objects.hidden_from(responder).exists()
