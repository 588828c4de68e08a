"""From the end of an incident to a signed report: what is drafted, saved, refused and recorded."""

from datetime import timedelta

import pytest
from django.http import Http404

from incidents import reactions
from incidents.obligations.models import Obligation
from incidents.postmortems import actions, queries
from incidents.postmortems.models import Postmortem
from incidents.response import actions as response
from incidents.response import queries as response_queries
from incidents.response.corrections import correct
from incidents.response.models import Incident, Reaction, TimelineEvent
from incidents.response.past import Past
from incidents.response.redactions import redact
from incidents.statuspage import actions as statuspage
from incidents.statuspage.models import PublicIncident, StatusUpdate
from opsportal.errors import Conflict, Refused
from opsportal.models import AuditEvent, User
from tests.incidents.cast import SECRET, minutes, open_incident
from tests.incidents.postmortems.conftest import TEXTS, over, written

pytestmark = pytest.mark.django_db


def react(at=None) -> None:
    """What a worker does with everything that waits."""
    for event_id in list(Reaction.objects.filter(done_at=None).values_list("event_id", flat=True)):
        reactions.react(event_id, at=at or minutes(45))


def reader(name: str = "second-reader") -> User:
    from opsportal.roles import Role

    return User.objects.add(name, Role.RESPONDER)


def owed(incident) -> list[Obligation]:
    return list(Obligation.objects.filter(kind="postmortem", subject=incident.label).order_by("id"))


def in_review(report: Postmortem, by: User) -> Postmortem:
    return actions.ask_review(report, by=by, at=minutes(60))


# --- the clock and the draft ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("severity", "hours"), [("SEV-1", 48), ("SEV-2", 48), ("SEV-3", None)])
def test_a_report_is_owed_48_hours_after_the_end_of_a_major_incident(responder, severity, hours):
    incident = over(responder, severity=severity)

    due = [(one.due_at - minutes(44), one.owner) for one in owed(incident)]
    assert due == ([] if hours is None else [(timedelta(hours=hours), "@payments-lead")])


def test_what_was_worst_decides_not_what_it_was_called_at_the_end(responder, incident):
    response.change_severity(incident, to="SEV-3", reason="A workaround exists", by=responder, at=minutes(5))
    response.change_status(incident, to="resolved", by=responder, at=minutes(9))

    assert len(owed(incident)) == 1


def test_a_worker_lays_the_report_ready_from_what_the_timeline_says(ended):
    react()

    report = queries.report(Postmortem.objects.get(incident=ended))
    assert report.postmortem.root_cause == "The certificate expired."
    assert report.postmortem.mitigation == "Certificate renewed by hand.\nCheckout is well."
    assert "SEV-1 of Payments, from 21 Nov 03:12 to 21 Nov 03:56 UTC: 44 min." in report.postmortem.summary
    assert (report.meter.written, [one.name for one in report.meter.missing]) == (4, ["prevention"])
    assert [one.words for one in report.lines] == [
        "responder declared SEV-1: 71.4 % of 1,310 captured, floor 97 %",
        "responder posted a team update: Looking at the gateway",
        "responder moved the incident from Investigating to Identified: The certificate expired.",
        "responder moved the incident from Identified to Monitoring: Certificate renewed by hand.",
        "responder moved the incident from Monitoring to Resolved: Checkout is well.",
    ]
    event = ended.timeline.get(kind="postmortem")
    assert (event.source, event.actor, event.old, event.new) == ("system", None, "", "draft")


def test_drafting_twice_makes_one(ended):
    first = actions.draft(ended, at=minutes(45))

    assert actions.draft(ended, at=minutes(46)) == first
    assert (Postmortem.objects.count(), ended.timeline.filter(kind="postmortem").count()) == (1, 1)


def test_of_a_sev_3_it_is_begun_on_request_only_and_then_owed(responder):
    incident = over(responder, severity="SEV-3")
    react()
    assert not Postmortem.objects.exists()

    actions.begin(incident, by=responder, at=minutes(120))

    assert [one.due_at for one in owed(incident)] == [minutes(120) + timedelta(hours=48)]
    assert Postmortem.objects.get().lines.count() == 5


def test_there_is_no_report_of_a_running_incident(incident, responder):
    assert actions.draft(incident, at=minutes(1)) is None
    with pytest.raises(Refused, match="still runs"):
        actions.begin(incident, by=responder, at=minutes(1))


def test_a_line_shows_the_events_own_words_so_a_redaction_counts_here_too(ended):
    postmortem = actions.draft(ended, at=minutes(45))
    assert postmortem is not None

    assert set(postmortem.lines.values_list("body", flat=True)) == {""}


def test_a_line_shows_the_words_as_they_were_corrected_and_none_that_were_removed(ended, responder):
    postmortem = actions.draft(ended, at=minutes(45))
    assert postmortem is not None
    note, cause = (ended.timeline.get(**one) for one in ({"kind": "note"}, {"new": "identified"}))
    correct(note, text="Looking at the edge", reason="Not the gateway", seen=0, by=responder, at=minutes(46))
    redact(cause, reason="Named a customer", by=responder, at=minutes(24))

    words = [one.words for one in queries.report(postmortem).lines]

    assert "responder posted a team update: Looking at the edge" in words
    assert "responder moved the incident from Investigating to Identified" in words


# --- reopening --------------------------------------------------------------------------------------------------------


def test_reopening_stops_the_clock_and_the_next_end_starts_it_anew_with_the_new_rows(ended, responder):
    react()
    response.change_status(ended, to="investigating", note="It fails again", by=responder, at=minutes(60))
    react(minutes(60))
    response.change_status(ended, to="resolved", note="The second gateway too", by=responder, at=minutes(90))
    react(minutes(90))

    first, second = owed(ended)
    assert (first.waived_at, first.reason) == (
        minutes(60),
        "Reopened: its clock starts again when the incident is resolved.",
    )
    assert (second.waived_at, second.due_at) == (None, minutes(90) + timedelta(hours=48))
    assert [one.words for one in queries.report(Postmortem.objects.get()).lines][-2:] == [
        "responder moved the incident from Resolved to Investigating: It fails again",
        "responder moved the incident from Investigating to Resolved: The second gateway too",
    ]


@pytest.mark.parametrize("order", [("reopened", "resolved"), ("resolved",)], ids=["in order", "one bell lost"])
def test_a_signed_report_is_a_draft_again_after_reopening(ended, responder, order):
    report = written(ended, responder)
    in_review(report, responder)
    actions.review(report, by=reader(), at=minutes(70))
    Reaction.objects.update(done_at=minutes(70))

    response.change_status(ended, to="investigating", by=responder, at=minutes(80), note="It came back")
    if "reopened" in order:
        react(minutes(80))
        assert Postmortem.objects.get().state == "draft"
    else:
        Reaction.objects.update(done_at=minutes(80))
    response.change_status(ended, to="resolved", by=responder, at=minutes(90))
    react(minutes(91))

    again = Postmortem.objects.get()
    assert (again.state, again.reviewed_by, again.root_cause) == ("draft", None, TEXTS["root_cause"])
    assert [one.met_at for one in owed(ended)] == [minutes(70), None]


# --- writing ----------------------------------------------------------------------------------------------------------


def test_writing_makes_an_author_and_is_audited_once(report, responder):
    actions.save(report, {"went_well": "The runbook"}, seen=report.marks, by=responder, at=minutes(51))

    stored = Postmortem.objects.get()
    assert (stored.went_well, stored.saved_by, stored.saved_at, stored.version) == (
        "The runbook",
        responder,
        minutes(51),
        3,
    )
    assert list(stored.authors.all()) == [responder]
    assert AuditEvent.objects.filter(act="postmortem.write", actor="responder", object="INC-1").count() == 1


def test_saving_what_is_stored_already_changes_nothing(report, publisher):
    saved = actions.save(report, TEXTS, seen=report.marks, by=publisher, at=minutes(55)).postmortem

    assert (saved.version, str(saved.saved_by)) == (2, "responder")
    assert publisher not in saved.authors.all()


def test_two_people_in_different_fields_both_keep_their_words(report, responder, publisher):
    seen = report.marks
    actions.save(report, TEXTS | {"summary": "Mine"}, seen=seen, by=responder, at=minutes(51))

    saved = actions.save(report, TEXTS | {"root_cause": "Yours"}, seen=seen, by=publisher, at=minutes(52))

    assert (saved.postmortem.summary, saved.postmortem.root_cause) == ("Mine", "Yours")
    assert [one.name for one in saved.others] == ["summary"]


def test_two_people_in_the_same_field_are_told_apart_and_the_second_may_replace_knowingly(report, responder, publisher):
    seen = report.marks
    actions.save(report, {"summary": "Mine"}, seen=seen, by=responder, at=minutes(51))

    with pytest.raises(Conflict) as conflict:
        actions.save(report, {"summary": "Yours"}, seen=seen, by=publisher, at=minutes(52))
    assert isinstance(conflict.value, actions.TextConflict)
    assert conflict.value.stored == {"summary": "Mine"}
    assert Postmortem.objects.get().summary == "Mine"

    over_version = conflict.value.version
    actions.save(report, {"summary": "Yours"}, seen=seen, by=publisher, at=minutes(53), over=over_version)
    assert Postmortem.objects.get().summary == "Yours"


def test_what_was_replaced_knowingly_must_be_what_was_seen(report, responder, publisher):
    seen = report.marks
    stale = actions.save(report, {"summary": "Mine"}, seen=seen, by=responder, at=minutes(51)).postmortem.version
    actions.save(report, {"summary": "Newer"}, seen={"summary": ""}, by=responder, at=minutes(52), over=stale)

    with pytest.raises(Conflict):
        actions.save(report, {"summary": "Yours"}, seen=seen, by=publisher, at=minutes(53), over=stale)


def test_a_secret_is_refused_at_every_door(report, responder, publisher):
    for act in (
        lambda: actions.save(report, {"summary": SECRET}, seen=report.marks, by=responder, at=minutes(51)),
        lambda: actions.add_line(report, occurred_at=minutes(1), text=SECRET, by=responder, at=minutes(51)),
        lambda: Postmortem.objects.filter(pk=report.pk).update(public_summary=SECRET),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "PRIVACY_BLOCKED"


def test_a_line_from_memory_stands_in_its_place_and_is_marked(report, responder):
    actions.add_line(report, occurred_at=minutes(7), text="The provider was phoned", by=responder, at=minutes(52))

    lines = queries.report(report).lines
    assert [one.is_from_memory for one in lines] == [False, False, True, False, False, False]
    assert lines[2].words == "The provider was phoned"


@pytest.mark.parametrize(("minute", "text", "code"), [(99, "Later", "TIME_IN_FUTURE"), (1, "  ", "TEXT_MISSING")])
def test_a_line_needs_words_and_a_time_that_has_come(report, responder, minute, text, code):
    with pytest.raises(Refused) as refusal:
        actions.add_line(report, occurred_at=minutes(minute), text=text, by=responder, at=minutes(52))
    assert refusal.value.code == code


def test_a_line_left_out_can_be_brought_back_and_the_incident_keeps_its_event(report, ended, responder):
    events = TimelineEvent.objects.filter(incident=ended).count()
    actions.remove_line(report.lines.order_by("id")[1], by=responder, at=minutes(52))
    assert (report.lines.count(), TimelineEvent.objects.filter(incident=ended).count()) == (4, events)

    assert actions.take_in_all(report, by=responder, at=minutes(53)) == 1
    assert report.lines.count() == 5
    said = AuditEvent.objects.filter(act="postmortem.lines").order_by("id").values_list("reason", flat=True)
    assert [words.partition(" event ")[0] for words in said] == ["without", "1 brought back"]


def test_what_was_written_down_after_the_end_stands_in_the_report_if_it_happened_before(report, ended, responder):
    response.post_note(ended, text="The alarm was off", by=responder, at=minutes(55), occurred_at=minutes(2))
    response.post_note(ended, text="All quiet", by=responder, at=minutes(56))

    assert actions.take_in_all(report, by=responder, at=minutes(57)) == 1
    lines = queries.report(report).lines
    assert [one.words for one in lines[:2]] == [
        "responder declared SEV-1: 71.4 % of 1,310 captured, floor 97 %",
        "responder posted a team update: The alarm was off",
    ]


def test_what_was_over_before_it_was_written_down_has_lines_and_goes_to_its_second_reader(responder):
    past = Past(minutes(-120), minutes(-110), minutes(-30))
    incident = open_incident(responder, severity="SEV-1", past=past)
    report = written(incident, responder)

    response.post_note(incident, text="Moved to B", by=responder, at=minutes(51), occurred_at=minutes(-60))
    actions.take_in_all(report, by=responder, at=minutes(52))

    told = report.lines.order_by("occurred_at").values_list("event__kind", "occurred_at")
    assert list(told) == [("note", minutes(-60)), ("status", minutes(-30)), ("incident.declared", minutes(0))]
    assert in_review(report, responder).state == "in_review"


# --- the second reader ------------------------------------------------------------------------------------------------


def test_the_review_does_not_start_while_something_required_is_missing(report, responder):
    actions.save(report, {"prevention": "", "mitigation": ""}, seen=report.marks, by=responder, at=minutes(51))

    with pytest.raises(Refused) as refusal:
        in_review(report, responder)
    assert refusal.value.sentence == "The review cannot start without: mitigation steps, preventative actions."


def test_signing_meets_the_clock_and_stands_on_the_timeline(report, ended, responder):
    in_review(report, responder)

    signed = actions.review(report, by=reader(), at=minutes(70))

    assert (signed.state, str(signed.reviewed_by), signed.reviewed_at) == ("reviewed", "second-reader", minutes(70))
    assert [one.met_at for one in owed(ended)] == [minutes(70)]
    assert list(ended.timeline.filter(kind="postmortem").order_by("id").values_list("old", "new")) == [
        ("", "draft"),
        ("draft", "in_review"),
        ("in_review", "reviewed"),
    ]
    assert AuditEvent.objects.filter(act="postmortem.state", actor="second-reader").count() == 1


def test_whoever_wrote_in_it_or_asked_for_the_review_is_no_second_reader(report, responder, publisher):
    in_review(report, publisher)

    for author in (responder, publisher):
        with pytest.raises(Refused) as refusal:
            actions.review(report, by=author, at=minutes(70))
        assert refusal.value.code == "SECOND_READER_NEEDED"
    assert Postmortem.objects.get().state == "in_review"


def test_nothing_is_written_while_somebody_reviews(report, responder):
    in_review(report, responder)

    for act in (
        lambda: actions.save(report, {"summary": "New"}, seen=report.marks, by=responder, at=minutes(61)),
        lambda: actions.add_line(report, occurred_at=minutes(1), text="Late", by=responder, at=minutes(61)),
        lambda: actions.remove_line(report.lines.all()[0], by=responder, at=minutes(61)),
        lambda: actions.take_in_all(report, by=responder, at=minutes(61)),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "NOT_A_DRAFT"


def test_going_back_needs_a_reason_and_a_signed_report_is_owed_again(report, ended, responder):
    in_review(report, responder)
    actions.review(report, by=reader(), at=minutes(70))
    with pytest.raises(Refused, match="Say what has to change"):
        actions.send_back(report, reason=" ", by=responder, at=minutes(80))

    back = actions.send_back(report, reason="The cause was another", by=responder, at=minutes(80))

    assert (back.state, back.reviewed_by, back.asked_by) == ("draft", None, None)
    assert [(one.met_at, one.due_at) for one in owed(ended)][1] == (None, minutes(80) + timedelta(hours=48))
    assert ended.timeline.filter(kind="postmortem", old="reviewed", new="draft").count() == 1


def test_a_waived_report_is_not_owed_and_can_still_be_signed(report, ended, responder):
    response.waive(ended, kind="postmortem", reason="Known and described in INC-0", by=responder, at=minutes(55))

    in_review(report, responder)
    actions.review(report, by=reader(), at=minutes(70))

    assert [(one.waived_at, one.met_at) for one in owed(ended)] == [(minutes(55), None)]


# --- the public summary -----------------------------------------------------------------------------------------------


@pytest.fixture
def signed(report, responder) -> Postmortem:
    in_review(report, responder)
    return actions.review(report, by=reader(), at=minutes(70))


def told_readers(incident, by) -> None:
    """The last public word, a little after the end."""
    draft = statuspage.save_draft(
        incident, title="Checkout fails", status="resolved", body="It works again.", next_update_at=None,
        components={}, by=by, at=minutes(46),
    )  # fmt: skip
    statuspage.publish(draft, by=by, at=minutes(46))


@pytest.mark.parametrize(
    ("who", "summary", "code"),
    [
        ("responder", "A certificate expired.", "ROLE_TOO_LOW"),
        ("publisher", "  ", "TEXT_MISSING"),
        ("publisher", f"It said {SECRET}", "PRIVACY_BLOCKED"),
        ("publisher", "Write to ann.smith@customer.com", "PRIVACY_BLOCKED"),
        ("publisher", "A certificate expired.", "NOT_PUBLIC"),
    ],
)
def test_a_summary_is_refused(signed, responder, publisher, who, summary, code):
    with pytest.raises(Refused) as refusal:
        actions.publish(
            signed, summary=summary, by={"responder": responder, "publisher": publisher}[who], at=minutes(80)
        )

    assert refusal.value.code == code
    assert Postmortem.objects.get().state == "reviewed"


def test_only_a_signed_report_offers_a_summary(report, publisher):
    with pytest.raises(Refused) as refusal:
        actions.publish(report, summary="A certificate expired.", by=publisher, at=minutes(80))
    assert refusal.value.code == "POSTMORTEM_STATE"


# --- the list ---------------------------------------------------------------------------------------------------------


def test_what_is_due_stands_first_also_before_there_is_a_report(responder, report, ended):
    later = over(responder, title="Another")
    in_review(report, responder)
    actions.review(report, by=reader(), at=minutes(70))

    listing = queries.listing(responder)

    assert [(row.incident, row.postmortem, bool(row.owed)) for row in listing.rows] == [
        (later, None, True),
        (ended, report, False),
    ]
    assert (listing.due, listing.total, queries.owed(responder).count()) == (1, 1, 1)
    assert [row.incident for row in queries.listing(responder, only_due=True).rows] == [later]


def test_a_viewer_does_not_see_the_report_of_a_security_incident(report, ended, viewer, responder):
    Incident.objects.update(nature="security")

    assert queries.listing(viewer).rows == []
    assert [row.postmortem for row in queries.listing(responder).rows] == [report]
    with pytest.raises(Http404):
        queries.postmortem_or_404(ended.number, viewer)


def test_of_a_security_incident_nothing_is_offered_to_readers(signed, ended, publisher):
    told_readers(ended, publisher)
    Incident.objects.update(nature="security")

    with pytest.raises(Refused) as refusal:
        actions.publish(signed, summary="A certificate expired.", by=publisher, at=minutes(80))
    assert refusal.value.code == "SECURITY_INCIDENT"


def test_the_summary_waits_as_a_draft_and_is_the_last_public_word(signed, ended, publisher, tmp_path, settings):
    settings.SNAPSHOT_DIR = tmp_path
    told_readers(ended, publisher)

    actions.publish(signed, summary="A certificate expired. We watch it now.", by=publisher, at=minutes(80))
    react(minutes(80))
    react(minutes(81))

    draft = StatusUpdate.objects.get(state="draft")
    assert (draft.status, draft.body) == ("postmortem", "A certificate expired. We watch it now.")
    statuspage.publish(draft, by=publisher, at=minutes(90))
    public = PublicIncident.objects.get()
    assert (public.status, public.resolved_at, public.impact) == ("postmortem", minutes(46), "none")
    assert (
        not Obligation.objects.open().filter(kind__in=["public_update", "first_public_update", "postmortem"]).exists()
    )
    assert not response_queries.is_running(ended)


def test_a_summary_without_a_place_is_said_in_the_room(signed, ended, publisher, responder, tmp_path, settings):
    settings.SNAPSHOT_DIR = tmp_path
    told_readers(ended, publisher)
    statuspage.save_draft(
        ended, title="Checkout fails", status="resolved", body="One word more.", next_update_at=None, components={},
        by=responder, at=minutes(75),
    )  # fmt: skip

    actions.publish(signed, summary="A certificate expired.", by=publisher, at=minutes(80))
    react(minutes(80))
    Reaction.objects.filter(event__kind="postmortem").update(done_at=None)  # the bell came late, beside the sweep
    react(minutes(81))

    assert StatusUpdate.objects.get(state="draft").body == "One word more."
    assert "has no place yet" in ended.timeline.get(kind="note", source="system").text.body
