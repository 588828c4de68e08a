"""Facts of the impact and their corrections, the channel, the announcements, and who watches."""

from datetime import datetime
from typing import Any

import pytest

from incidents.response import actions, areas, channel, checklist, closing, duties, impact, watching
from incidents.response.lines import line_of
from incidents.response.models import Incident, ScopeArea, TimelineEvent, Watcher
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import AuditEvent, Delivery, User
from tests.incidents.cast import AT, SECRET, cost, minutes, open_incident

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
CHAT = "https://chat.example.com/c/42"


def write(incident: Incident, by: User, *, areas: tuple[str, ...] = ("API",), **changes: Any) -> list[TimelineEvent]:
    incident.refresh_from_db()
    words: dict[str, Any] = {"share": "below_10", "versions": "4.2", "seen": impact.of(incident).mark, "at": minutes(1)}
    return impact.write(incident, scope=ScopeArea.objects.filter(name__in=areas), by=by, **words | changes)


def code_of(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def read(event: TimelineEvent) -> str:
    """The row as people read it."""
    event.refresh_from_db()
    line = line_of(event, event.text.body if hasattr(event, "text") else "")
    return " ".join(part for part in (line.who, line.before, line.strong, line.after, line.body) if part)


# --- what is hit ------------------------------------------------------------------------------------------------------


def test_each_fact_that_changes_is_an_event_with_old_and_new(incident, responder):
    events = write(incident, responder, areas=("API", "DB"))
    again = write(incident, responder, areas=("DB",), share="all")

    assert [(one.kind, one.old, one.new) for one in events] == [
        ("impact", "scope", "scope API, DB"),
        ("impact", "share", "share below_10"),
        ("impact", "versions", "versions 4.2"),
    ]
    assert [(one.old, one.new) for one in again] == [("scope API, DB", "scope DB"), ("share below_10", "share all")]
    assert read(again[0]) == "responder wrote down affected areas: DB instead of API, DB"
    assert read(again[1]) == "responder wrote down how much is affected: All instead of 1 to 10 %"
    incident.refresh_from_db()
    assert impact.of(incident) == impact.Impact(("DB",), "all", "4.2")


def test_what_cannot_be_written_down_is_refused(incident, responder):
    assert code_of(lambda: write(incident, responder, areas=(), share="", versions="")) == "IMPACT_UNCHANGED"
    assert code_of(lambda: write(incident, responder, share="everybody")) == "SHARE_UNKNOWN"
    with pytest.raises(Refused):
        write(incident, responder, versions=SECRET)
    with pytest.raises(Conflict):
        write(incident, responder, seen="API||")
    assert not incident.timeline.filter(kind="impact").exists()


def test_of_two_who_write_at_once_the_second_sees_both(client_as, responder, incident):
    path, seen = f"/incidents/{incident.label}/impact/edit/", impact.of(incident).mark
    area = ScopeArea.objects.get(name="Redis")
    write(incident, responder)

    mine = {"scope": [area.pk], "share": "all", "versions": "4.3", "seen": seen}
    answer = client_as(responder).post(path, mine)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "API. 1 to 10 %. 4.2." in page
    assert 'value="4.3"' in page
    again = client_as(responder).post(path, mine | {"seen": impact.of(Incident.objects.get()).mark})
    assert again.status_code == 302
    assert Incident.objects.get().affected_versions == "4.3"


# --- times ------------------------------------------------------------------------------------------------------------


def moved(incident: Incident, by: User, what: str, to: datetime, reason: str = "The graph says so") -> TimelineEvent:
    return impact.correct_time(incident, what, to=to, reason=reason, by=by, at=minutes(60))


def test_a_corrected_time_keeps_the_old_one_and_the_reason(incident, responder):
    event = moved(incident, responder, "impact_started_at", minutes(-12))

    assert Incident.objects.get().impact_started_at == minutes(-12)
    assert (event.kind, event.old, event.new) == (
        "correction",
        "impact_started_at 2026-11-21T03:12:00Z",
        "impact_started_at 2026-11-21T03:00:00Z",
    )
    said = "responder corrected when the impact began from 21 Nov 03:12 to 21 Nov 03:00 The graph says so"
    assert read(event) == said


@pytest.mark.parametrize(
    ("what", "to", "code"),
    [
        ("impact_started_at", 1, "TIMES_OUT_OF_ORDER"),  # after it was detected
        ("detected_at", 1, "TIMES_OUT_OF_ORDER"),  # after it was declared
        ("detected_at", -1, "TIMES_OUT_OF_ORDER"),  # before it began
        ("impact_started_at", 90, "TIME_IN_FUTURE"),
        ("impact_started_at", 0, "TIME_UNCHANGED"),
        ("mitigated_at", 3, "NOT_MITIGATED"),
        ("declared_at", -1, "TIME_UNKNOWN"),
        ("resolved_at", 1, "NOT_RESOLVED"),
        ("closed_at", 1, "TIME_UNKNOWN"),
    ],
)
def test_times_that_cannot_be_are_refused(incident, responder, what, to, code):
    assert code_of(lambda: moved(incident, responder, what, minutes(to))) == code
    assert code_of(lambda: moved(incident, responder, "impact_started_at", minutes(-1), " ")) == "REASON_MISSING"
    assert not incident.timeline.filter(kind="correction").exists()


def test_mitigated_lies_between_the_beginning_and_the_end(incident, responder):
    assert code_of(lambda: impact.mitigate(incident, by=responder, at=minutes(9), occurred_at=minutes(-1))) == (
        "TIMES_OUT_OF_ORDER"
    )
    event = impact.mitigate(incident, by=responder, at=minutes(9), occurred_at=minutes(5))
    assert read(event) == "responder wrote down as mitigated at 21 Nov 03:17"
    assert code_of(lambda: impact.mitigate(incident, by=responder, at=minutes(9))) == "ALREADY_MITIGATED"

    actions.change_status(incident, to="resolved", by=responder, at=minutes(20))
    assert code_of(lambda: moved(incident, responder, "mitigated_at", minutes(21))) == "TIMES_OUT_OF_ORDER"
    moved(incident, responder, "mitigated_at", minutes(20))
    assert Incident.objects.get().mitigated_at == minutes(20)


def test_the_end_is_corrected_and_the_timeline_says_so(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(50))
    event = moved(incident, responder, "resolved_at", minutes(10))

    assert Incident.objects.get().resolved_at == minutes(10)
    assert read(event).startswith("responder corrected when it was resolved from 21 Nov 04:02 to 21 Nov 03:22")
    assert code_of(lambda: moved(incident, responder, "resolved_at", minutes(-1))) == "TIMES_OUT_OF_ORDER"
    Incident.objects.update(closed_at=minutes(55))
    assert code_of(lambda: moved(incident, responder, "resolved_at", minutes(56))) == "TIMES_OUT_OF_ORDER"


def test_who_resolves_it_later_says_when_it_was_over(incident, responder):
    impact.mitigate(incident, by=responder, at=minutes(4))

    def resolve(occurred: float, at: float) -> TimelineEvent:
        return actions.change_status(
            incident, to="resolved", by=responder, at=minutes(at), occurred_at=minutes(occurred)
        )

    assert code_of(lambda: resolve(3, 50)) == "TIMES_OUT_OF_ORDER"
    assert resolve(10, 50).occurred_at == Incident.objects.get().resolved_at == minutes(10)

    duties.verify_recovery(incident, note="Three sign-ins", by=responder, at=minutes(51))
    actions.change_status(incident, to="investigating", note="It came back", by=responder, at=minutes(52))
    assert code_of(lambda: resolve(20, 60)) == "TIMES_OUT_OF_ORDER"
    resolve(55, 60)
    assert code_of(lambda: moved(incident, responder, "resolved_at", minutes(51))) == "TIMES_OUT_OF_ORDER"


def test_an_end_before_the_last_look_does_not_make_that_look_a_proof(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(10))
    duties.verify_recovery(incident, note="Three sign-ins", by=responder, at=minutes(30))
    actions.change_status(
        incident, to="investigating", note="It came back", by=responder, at=minutes(40), occurred_at=minutes(20)
    )
    actions.change_status(incident, to="resolved", by=responder, at=minutes(50), occurred_at=minutes(25))

    duties.verify_recovery(incident, note="Again three", by=responder, at=minutes(59))

    assert incident.timeline.filter(kind="duty").count() == 2


def test_going_to_monitoring_proposes_when_it_was_mitigated(client_as, responder, incident):
    client, path = client_as(responder), f"/incidents/{incident.label}/"
    assert impact.proposed_mitigation(incident) is None
    actions.change_status(incident, to="monitoring", by=responder, at=minutes(7))
    incident.refresh_from_db()

    assert impact.proposed_mitigation(incident) == minutes(7)
    assert "03:19" in client.get(path + "impact/").content.decode().partition("mitigated/")[2]
    assert client.post(path + "mitigated/").status_code == 302

    assert Incident.objects.get().mitigated_at == minutes(7)
    assert impact.proposed_mitigation(Incident.objects.get()) is None


def test_severities_and_times_stand_on_the_card(client_as, viewer, responder, incident):
    actions.change_severity(incident, to="SEV-1", reason="Worse", by=responder, at=minutes(1))
    actions.change_severity(incident, to="SEV-3", reason="Workaround", by=responder, at=minutes(2))

    card = client_as(viewer).get(f"/incidents/{incident.label}/impact/", headers=HTMX).content.decode()

    assert "SEV-2 at first, SEV-1 at worst, SEV-3 now" in card
    assert "Impact began" in card
    assert "Correct" not in card
    assert "<html" not in card


def test_the_card_costs_the_same_however_much_there_is(client_as, responder, incident):
    client, path = client_as(responder), f"/incidents/{incident.label}/impact/"
    few = cost(client, path)
    write(incident, responder, areas=tuple(one.name for one in ScopeArea.objects.all()))
    watching.watch(incident, by=responder, at=AT)

    assert cost(client, path) == few <= 6


# --- the list of areas ------------------------------------------------------------------------------------------------


def test_admins_add_and_retire_areas_and_incidents_keep_theirs(client_as, admin, responder, incident):
    client, path = client_as(admin), "/settings/response/areas/"
    assert client.post(path, {"name": "Billing"}).status_code == 302
    billing = ScopeArea.objects.get(name="Billing")
    write(incident, responder, areas=("Billing",))
    client.post(f"{path}{billing.pk}/")
    assert '>Restore<span class="vh"> Billing</span>' in client.get(path).content.decode()

    assert impact.of(incident).scope == ("Billing",)
    form = client_as(responder).get(f"/incidents/{incident.label}/impact/edit/").content.decode()
    assert "Billing" in form
    assert (
        "Billing"
        not in client_as(responder).get(f"/incidents/{open_incident(responder).label}/impact/edit/").content.decode()
    )
    assert list(AuditEvent.objects.filter(act__startswith="area.").order_by("pk").values_list("act", flat=True)) == [
        "area.add",
        "area.retire",
    ]
    for name, status in (("billing", 422), ("a, b", 422), ("", 422)):
        assert client.post(path, {"name": name}).status_code == status
    with pytest.raises(Denied):
        areas.add("More", by=responder)


# --- channel, announcements, watchers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["http://chat.example.com/", "javascript:alert(1)", "https://", "https://ann@chat.example.com/", "chat", "//x"],
)
def test_a_channel_is_an_https_address_without_a_name_in_it(incident, responder, url):
    assert code_of(lambda: channel.set_channel(incident, url=url, by=responder, at=AT)) == "CHANNEL_NOT_HTTPS"


def test_the_channel_stands_in_the_room_and_on_the_timeline(client_as, responder, incident):
    client, path = client_as(responder), f"/incidents/{incident.label}/"

    assert client.post(path + "channel/", {"url": CHAT}).status_code == 302

    assert f'href="{CHAT}"' in client.get(path + "impact/").content.decode()
    assert read(incident.timeline.get(kind="impact")) == f"responder said where people talk about it {CHAT}"
    assert client.post(path + "channel/", {"url": "http://chat.example.com/"}).status_code == 422
    channel.set_channel(incident, url="", by=responder, at=minutes(2))
    assert Incident.objects.get().channel_url == ""


@pytest.fixture
def told(settings: Any) -> Any:
    """The subjects of everything that was promised to a destination."""
    settings.SLACK_WEBHOOK_URL, settings.EMAIL_CONFIGURED = "https://hooks.example.com/services/x", True

    def subjects(channel: str = "slack") -> list[str]:
        return list(Delivery.objects.filter(channel=channel).order_by("pk").values_list("subject", flat=True))

    return subjects


def test_every_turn_is_announced_with_the_rooms_link_and_no_free_text(incident, responder, told):
    watching.watch(incident, by=responder, at=AT)
    User.objects.filter(pk=responder.pk).update(email="ann@example.com")

    actions.change_severity(incident, to="SEV-1", reason="Quagga everywhere", by=responder, at=minutes(1))
    actions.change_status(incident, to="monitoring", note="Quagga fed", by=responder, at=minutes(2))
    actions.change_status(incident, to="resolved", note="Quagga asleep", by=responder, at=minutes(3))
    actions.change_status(incident, to="investigating", note="Quagga awake", by=responder, at=minutes(4))

    expected = ["INC-1 is SEV-1 now, was SEV-2", "INC-1 SEV-1: resolved", "INC-1 SEV-1: reopened"]
    assert told() == told("email") == expected
    bodies = set(Delivery.objects.values_list("body", flat=True))
    assert [body.endswith("/incidents/INC-1/") for body in bodies] == [True]
    assert set(Delivery.objects.filter(channel="email").values_list("destination", flat=True)) == {"ann@example.com"}


def test_closing_is_announced(responder, told):
    incident = open_incident(responder, severity="SEV-1", mode="test")
    for step in incident.checklist.all():
        checklist.tick(step, by=responder, at=minutes(1))
    actions.change_status(incident, to="resolved", by=responder, at=minutes(2))

    closing.close(incident, by=responder, at=minutes(3))

    assert told() == ["Test: INC-1 SEV-1: resolved", "Test: INC-1 SEV-1: closed"]


def test_a_viewer_watches_and_is_told_until_it_becomes_a_security_matter(client_as, viewer, responder, incident, told):
    User.objects.filter(pk=viewer.pk).update(email="vic@example.com")
    client, path = client_as(viewer), f"/incidents/{incident.label}/"

    for _ in range(2):
        assert client.post(path + "watch/", {"watch": "1"}).status_code == 302
    assert Watcher.objects.get().person == viewer
    actions.change_severity(incident, to="SEV-1", reason="Worse", by=responder, at=minutes(1))
    Incident.objects.update(nature="security")
    actions.change_severity(incident, to="SEV-2", reason="Better", by=responder, at=minutes(2))
    Incident.objects.update(nature="standard")
    client.post(path + "watch/")
    actions.change_severity(incident, to="SEV-3", reason="Better", by=responder, at=minutes(3))

    assert told("email") == ["INC-1 is SEV-1 now, was SEV-2"]
    assert not Watcher.objects.exists()


def test_reopening_needs_a_reason(incident, responder):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(1))

    assert code_of(lambda: actions.change_status(incident, to="investigating", by=responder, at=minutes(3))) == (
        "REASON_MISSING"
    )
