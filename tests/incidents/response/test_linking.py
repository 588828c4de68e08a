"""Incidents that belong together: links, merges that lose nothing, and the way back."""

from typing import Any

import pytest

from incidents.alerts import actions as alerts
from incidents.obligations.models import Obligation
from incidents.response import actions, decisions, linking
from incidents.response.models import Incident, IncidentLink, Watcher
from incidents.statuspage import actions as statuspage
from opsportal.errors import Refused
from opsportal.models import Delivery, User
from tests.incidents.cast import AT, SECRET, domain, fire, minutes, news, open_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(responder: User) -> Incident:
    """A second SEV-2 of Payments, declared five minutes later."""
    return open_incident(responder, title="Checkout answers 502", at=minutes(5))


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def told(incident: Incident, kind: str) -> list[tuple[str, str]]:
    """Old and new of the room's events of a kind, in their order."""
    return list(incident.timeline.filter(kind=kind).order_by("id").values_list("old", "new"))


def running(incident: Incident) -> dict[str, Any]:
    return dict(Obligation.objects.open().filter(subject=incident.label).values_list("kind", "due_at"))


def merge(incident: Incident, into: Incident, by: User, at: Any = AT) -> None:
    linking.merge(incident, into=into, reason="Same provider, same minute", by=by, at=at)


def publish(incident: Incident, status: str, by: User) -> None:
    is_last = status == "resolved"
    draft = statuspage.save_draft(
        incident, title="Payments fail", status=status, body="We look into it.", components={}, by=by, at=AT,
        next_update_at=None if is_last else minutes(30),
    )  # fmt: skip
    statuspage.publish(draft, by=by, at=AT)


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "here", "there"), [("related", "related", "related"), ("follows", "follows", "before")]
)
def test_both_rooms_tell_that_a_link_was_made_and_taken_away(incident, other, responder, relation, here, there):
    linking.link(incident, other, relation=relation, by=responder, at=minutes(6))
    linking.unlink(other, incident, by=responder, at=minutes(7))

    assert told(incident, "link") == [("", f"{here} INC-2"), (f"{here} INC-2", "")]
    assert told(other, "link") == [("", f"{there} INC-1"), (f"{there} INC-1", "")]
    assert not IncidentLink.objects.exists()


def test_two_incidents_are_linked_once_from_whichever_end(incident, other, responder):
    linking.link(incident, other, relation="follows", by=responder, at=AT)

    with pytest.raises(Refused, match="linked already"):
        linking.link(other, incident, relation="related", by=responder, at=AT)

    assert told(other, "link") == [("", "before INC-1")]


def test_what_is_no_link_is_refused(incident, other, responder):
    for act, code in (
        (lambda: linking.link(incident, incident, relation="related", by=responder, at=AT), "SAME_INCIDENT"),
        (lambda: linking.link(incident, other, relation="causes", by=responder, at=AT), "RELATION_UNKNOWN"),
        (lambda: linking.unlink(incident, other, by=responder, at=AT), "NOT_LINKED"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == code


def test_a_security_incident_leaves_no_trace_in_other_rooms(incident, other, responder):
    Incident.objects.filter(pk=other.pk).update(nature="security")

    for act in (
        lambda: linking.link(incident, other, relation="related", by=responder, at=AT),
        lambda: merge(other, incident, responder),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "SECURITY_APART"
    assert told(incident, "link") == told(incident, "merge") == []


def test_a_follow_up_incident_is_linked_from_its_first_moment(incident, responder):
    later = linking.declare_follow_up(
        incident, title="Captures booked twice", summary="", severity="SEV-3", domain=domain(), by=responder, at=AT
    )

    assert told(later, "link") == [("", "follows INC-1")]
    assert told(incident, "link") == [("", "before INC-2")]
    assert later.version == fresh(later).version


# --- merging ----------------------------------------------------------------------------------------------------------


def test_a_merged_room_ends_and_both_tell_it(incident, other, responder):
    merge(other, incident, responder, at=minutes(9))

    merged = fresh(other)
    assert (merged.merged_into, merged.status, merged.is_open) == (incident, "resolved", False)
    assert (merged.resolved_at, merged.closed_at, merged.closed_by) == (minutes(9), minutes(9), responder)
    assert told(other, "merge") == [("investigating", "into INC-1")]
    assert told(incident, "merge") == [("", "from INC-2")]
    assert other.timeline.get(kind="merge").text.body == "Same provider, same minute"
    assert fresh(incident).is_open


def test_a_merged_room_owes_nothing_and_the_sooner_time_counts_in_the_other(incident, other, responder):
    assert running(other)["first_public_update"] == minutes(20)
    sooner = open_incident(responder, at=minutes(-10))

    merge(sooner, other, responder, at=minutes(6))

    assert running(sooner) == {}
    waived = Obligation.objects.filter(subject=sooner.label).values_list("reason", "waived_by__username")
    assert set(waived) == {("merged into INC-2", "responder")}
    assert running(other)["first_public_update"] == minutes(5)


def test_who_watched_goes_on_watching(incident, other, responder, viewer):
    Watcher.objects.create(incident=other, person=viewer, since=AT)
    Watcher.objects.create(incident=other, person=responder, since=AT)
    Watcher.objects.create(incident=incident, person=responder, since=AT)

    merge(other, incident, responder)

    assert set(incident.watchers.values_list("person__username", flat=True)) == {"viewer", "responder"}


def test_the_ops_channel_hears_numbers_and_no_words(incident, other, responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"

    merge(other, incident, responder)

    told_out = Delivery.objects.get(key__startswith="incident:2:merge:")
    assert told_out.subject == "INC-2 was merged into INC-1 (SEV-2)"
    assert told_out.body.endswith("/incidents/INC-1/")


def test_work_in_a_merged_room_is_sent_to_the_other(incident, other, responder):
    merge(other, incident, responder)
    other.refresh_from_db()
    before = other.timeline.count()

    for act in (
        lambda: actions.post_note(other, text="Still here?", by=responder, at=AT),
        lambda: actions.change_status(other, to="investigating", note="Again", by=responder, at=AT),
        lambda: publish(other, "investigating", responder_as_publisher(responder)),
    ):
        with pytest.raises(Refused, match=r"Go on in INC-1\."):
            act()
    assert (fresh(other).status, other.timeline.count()) == ("resolved", before)


def responder_as_publisher(person: User) -> User:
    person.role = "publisher"
    person.save()
    return person


@pytest.mark.parametrize(
    ("code", "one", "two"),
    [
        ("INCIDENT_RESOLVED", {}, {"status": "resolved"}),
        ("INCIDENT_CLOSED", {"closed_at": AT}, {}),
        ("INCIDENT_CLOSED", {}, {"closed_at": AT}),
        ("MODES_DIFFER", {"mode": "test"}, {}),
        ("MODES_DIFFER", {}, {"mode": "test"}),
        ("MODES_DIFFER", {}, {"mode": "retrospective"}),
        ("MODES_DIFFER", {"status": "resolved"}, {"mode": "retrospective", "status": "resolved"}),
        ("SECURITY_APART", {"nature": "security"}, {}),
        ("SEVERITY_LOWER", {"severity_peak": "SEV-1"}, {}),
        ("SEVERITY_LOWER", {}, {"severity_peak": "SEV-3"}),
    ],
)
def test_a_merge_that_would_lose_something_is_refused(incident, other, responder, code, one, two):
    Incident.objects.filter(pk=incident.pk).update(**one)
    Incident.objects.filter(pk=other.pk).update(**two)

    with pytest.raises(Refused) as refused:
        merge(incident, other, responder)

    assert refused.value.code == code
    assert fresh(incident).merged_into is None


def test_what_was_written_down_later_goes_into_what_happened_then(incident, other, responder):
    Incident.objects.filter(pk=other.pk).update(mode="retrospective", status="resolved")

    merge(other, incident, responder)

    assert fresh(other).merged_into == incident


def test_a_proposed_severity_binds_nobody(incident, responder):
    alert = fire(severity="SEV-1", domain_id=domain().pk)

    merge(alert.room, incident, responder)

    assert fresh(alert.room).merged_into == incident


def test_a_persons_severity_goes_into_an_alerts_room_with_all_that_it_owes(responder):
    room = fire(severity="SEV-1", domain_id=domain().pk).room
    mine = open_incident(responder, severity="SEV-1")

    merge(mine, room, responder, at=minutes(6))

    assert fresh(room).severity_confirmed
    assert told(room, "severity") == [("SEV-1", "SEV-1")]
    assert running(room)["first_public_update"] == minutes(15)
    actions.acknowledge(room, by=responder, at=minutes(7))
    actions.change_severity(room, to="SEV-3", reason="One shop only", by=responder, at=minutes(8))
    actions.change_status(room, to="resolved", by=responder, at=minutes(20))
    assert fresh(room).severity_peak == "SEV-1"
    assert {"verification", "postmortem"} <= set(running(room))


def test_a_first_word_that_readers_wait_for_is_owed_where_it_goes_on(incident, other, responder, publisher):
    actions.waive(incident, kind="first_public_update", reason="Staff only", by=responder, at=minutes(6))
    told_already = open_incident(responder)
    publish(told_already, "investigating", publisher)

    merge(other, incident, responder, at=minutes(7))
    assert running(incident)["first_public_update"] == minutes(20)

    merge(incident, told_already, responder, at=minutes(8))
    assert "first_public_update" not in running(told_already)


def test_a_promised_look_back_is_not_lost(incident, other, responder):
    decision = decisions.decide(other, text="Provider B", by=responder, at=minutes(6), check_back_at=minutes(30))
    with pytest.raises(Refused) as refused:
        merge(other, incident, responder, at=minutes(7))
    assert refused.value.code == "LOOK_BACK_OWED"
    assert running(other)["check_back"] == minutes(30)

    decisions.answer(decision, outcome="worked", note="Errors are gone", by=responder, at=minutes(8))
    merge(other, incident, responder, at=minutes(9))

    assert fresh(other).merged_into == incident


def test_a_merge_needs_a_reason_without_secrets(incident, other, responder):
    for reason in ("  ", f"Said {SECRET}"):
        with pytest.raises(Refused):
            linking.merge(incident, into=other, reason=reason, by=responder, at=AT)
    assert fresh(incident).merged_into is None


def test_an_incident_is_merged_once_and_nothing_into_a_merged_one(incident, other, responder):
    third = open_incident(responder)
    merge(incident, other, responder)

    for one, two in ((incident, third), (third, incident), (other, incident)):
        with pytest.raises(Refused, match="INC-1 was merged into INC-2 already"):
            merge(one, two, responder)


@pytest.mark.parametrize(
    ("said_here", "said_there", "hint"),
    [
        (["investigating"], [], "Merge the other way round"),
        (["investigating"], ["investigating"], "Publish its final update first"),
        (["investigating"], ["investigating", "resolved"], "Merge the other way round"),
        (["investigating", "resolved"], ["investigating"], None),
        ([], ["investigating"], None),
    ],
)
def test_readers_are_not_left_waiting(incident, other, responder, publisher, said_here, said_there, hint):
    for room, words in ((incident, said_here), (other, said_there)):
        for status in words:
            publish(room, status, publisher)

    if hint is None:
        merge(incident, other, responder)
        assert fresh(incident).merged_into == other
    else:
        with pytest.raises(Refused, match=hint):
            merge(incident, other, responder)


# --- news of machines -------------------------------------------------------------------------------------------------


def test_news_of_a_merged_incidents_alert_arrive_in_the_room_where_it_goes_on(incident, responder):
    alert = fire(domain_id=domain().pk)
    merge(alert.room, incident, responder, at=minutes(1))

    alerts.receive(news(is_firing=False, at=minutes(3)))
    again = fire(at=minutes(5))

    assert again.incident == incident
    assert told(incident, "alert") == [("", "recovered"), ("", "firing")]
    assert told(alert.room, "alert") == [("", "firing")]
    assert Incident.objects.count() == 2


def test_news_follow_a_merge_of_a_merge_and_open_a_room_once_the_last_is_over(incident, other, responder):
    alert = fire(domain_id=domain().pk)
    merge(alert.room, other, responder, at=minutes(6))
    merge(other, incident, responder, at=minutes(7))
    alerts.receive(news(is_firing=False, at=minutes(8)))
    assert told(incident, "alert") == [("", "recovered")]

    actions.change_status(incident, to="resolved", by=responder, at=minutes(9))

    assert fire(at=minutes(12)).room not in (incident, other, alert.room)


def test_taking_a_merged_incidents_alert_takes_the_room_where_it_goes_on(responder):
    first, second = fire(), fire(dedup_key="check:feed")
    merge(first.room, second.room, responder)

    alerts.acknowledge(first, by=responder, at=minutes(2))

    assert fresh(second.room).acknowledged_by == responder
    assert fresh(first.room).acknowledged_at is None


# --- the way back -----------------------------------------------------------------------------------------------------


def test_a_wrong_merge_is_undone_with_status_and_clocks(incident, other, responder):
    actions.change_status(other, to="identified", by=responder, at=minutes(6))
    before = running(other)
    merge(other, incident, responder, at=minutes(7))

    linking.split(other, reason="Two providers", by=responder, at=minutes(9))

    alone = fresh(other)
    assert (alone.merged_into, alone.status, alone.resolved_at, alone.closed_at) == (None, "identified", None, None)
    assert running(other) == before
    assert told(other, "merge")[-1] == ("into INC-1", "identified")
    assert told(incident, "merge")[-1] == ("from INC-2", "")
    actions.post_note(alone, text="Alone again", by=responder, at=minutes(10))


def test_a_resolved_one_comes_back_resolved(incident, other, responder):
    actions.change_status(other, to="resolved", by=responder, at=minutes(6))
    before = running(other)
    merge(other, incident, responder, at=minutes(7))

    linking.split(other, reason="Two providers", by=responder, at=minutes(9))

    assert (fresh(other).status, fresh(other).resolved_at, fresh(other).closed_at) == ("resolved", minutes(6), None)
    assert running(other) == before


def test_a_first_word_that_only_the_merge_asked_for_is_not_owed_after_the_split(incident, other, responder):
    third = open_incident(responder)
    actions.waive(incident, kind="first_public_update", reason="Staff only", by=responder, at=minutes(6))
    before = running(incident)
    merge(other, incident, responder, at=minutes(7))
    merge(third, incident, responder, at=minutes(8))

    linking.split(other, reason="Two providers", by=responder, at=minutes(9))
    assert running(incident)["first_public_update"] == minutes(15), "the third room's is owed here still"
    linking.split(third, reason="Three providers", by=responder, at=minutes(10))

    assert running(incident) == before
    waived = Obligation.objects.filter(subject=incident.label, waived_at=minutes(10)).get()
    assert (waived.reason, waived.waived_by) == ("Owed for a merged room that was split again.", responder)
    assert [running(one)["first_public_update"] for one in (other, third)] == [minutes(20), minutes(15)]


def test_a_first_word_that_the_room_owes_itself_stays_after_a_split(incident, other, responder):
    actions.waive(incident, kind="first_public_update", reason="Staff only", by=responder, at=minutes(6))
    merge(other, incident, responder, at=minutes(7))
    actions.change_severity(incident, to="SEV-1", reason="Every shop", by=responder, at=minutes(8))
    room = fire(severity="SEV-2", domain_id=domain().pk).room
    confirmed = open_incident(responder)
    merge(confirmed, room, responder, at=minutes(8))

    linking.split(other, reason="Two providers", by=responder, at=minutes(9))
    linking.split(confirmed, reason="Two providers", by=responder, at=minutes(9))

    assert "first_public_update" in running(incident)
    assert "first_public_update" in running(room)


def test_a_room_split_off_later_does_not_get_back_what_another_had_brought(incident, other, responder):
    actions.waive(other, kind="first_public_update", reason="Staff only", by=responder, at=minutes(6))
    last = open_incident(responder)
    merge(incident, other, responder, at=minutes(7))
    merge(other, last, responder, at=minutes(8))

    linking.split(incident, reason="Two providers", by=responder, at=minutes(9))
    linking.split(other, reason="Three providers", by=responder, at=minutes(10))

    assert "first_public_update" not in running(other)
    assert "first_public_update" in running(incident)


def test_only_a_merged_one_is_split_and_only_with_a_reason(incident, other, responder):
    with pytest.raises(Refused, match="stands alone already"):
        linking.split(incident, reason="Why not", by=responder, at=AT)
    merge(other, incident, responder)
    with pytest.raises(Refused, match="Say why"):
        linking.split(other, reason=" ", by=responder, at=AT)
    assert fresh(other).merged_into == incident
