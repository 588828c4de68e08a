"""Telling of changes: the table of results whole, times, versions, freezes, and what an incident suspects."""

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from incidents.changes import actions, freezes, queries, room, states, suspects
from incidents.changes.actions import Teller
from incidents.changes.models import Change, Freeze, Suspect
from incidents.changes.states import Kind, Result
from incidents.response import linking
from opsportal.errors import Refused
from opsportal.models import AuditEvent, Delivery
from tests.incidents.cast import AT, SECRET, domain, minutes, open_incident

ALLOWED = {
    *(("planned", "running"), ("planned", "failed")),
    *(("running", "succeeded"), ("running", "failed"), ("running", "rolled_back")),
    *(("succeeded", "rolled_back"), ("failed", "rolled_back")),
}


def hours(number: float):
    return AT + timedelta(hours=number)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Result.values, repeat=2)))
def test_every_pair_of_results_is_allowed_or_refused_by_the_table(old, new):
    if (old, new) in ALLOWED:
        states.require(old, to=Result(new))
    else:
        with pytest.raises(Refused):
            states.require(old, to=Result(new))
    assert (Result(new) in states.following(old)) == ((old, new) in ALLOWED)


class TestRecording:
    pytestmark = pytest.mark.django_db

    @pytest.mark.parametrize(
        ("result", "given", "kept"),
        [
            ("succeeded", (None, None), (0, 0)),
            ("succeeded", (-20, -5), (-20, -5)),
            ("succeeded", (None, -5), (-5, -5)),
            ("failed", (-20, None), (-20, 0)),
            ("running", (None, None), (0, None)),
            ("running", (3, None), (0, None)),  # a clock that is a little ahead
            ("planned", (600, None), (600, None)),
        ],
    )
    def test_times_that_are_not_given_are_now(self, tell, result, given, kept):
        started, finished = (minutes(one) if one is not None else None for one in given)

        one = tell(result=result, started_at=started, finished_at=finished)

        one.refresh_from_db()
        assert one.started_at == minutes(kept[0])
        assert one.finished_at == (minutes(kept[1]) if kept[1] is not None else None)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"what": "  "}, "WHAT_MISSING"),
            ({"what": "\u2060"}, "WHAT_MISSING"),
            ({"what": f"Key {SECRET}"}, "PRIVACY"),
            ({"kind": "hope"}, "KIND_UNKNOWN"),
            ({"result": "perhaps"}, "RESULT_UNKNOWN"),
            ({"artifact": ""}, "ARTIFACT_MISSING"),
            ({"kind": "rollback", "artifact": ""}, "ARTIFACT_MISSING"),
            ({"artifact": "two words"}, "ARTIFACT_WRONG"),
            ({"ticket": "http://example.com/1"}, "TICKET_WRONG"),
            ({"ticket": "javascript:alert(1)"}, "TICKET_WRONG"),
            ({"started_at": minutes(30)}, "TIME_TO_COME"),
            ({"started_at": AT, "finished_at": minutes(-1)}, "TIMES_WRONG"),
            ({"result": "running", "finished_at": AT}, "TIMES_WRONG"),
            ({"result": "planned", "finished_at": AT}, "TIMES_WRONG"),
        ],
    )
    def test_what_is_not_well_formed_is_refused_and_nothing_is_stored(self, tell, changes, code):
        with pytest.raises(Refused) as refusal:
            tell(**changes)

        assert refusal.value.code.startswith(code)
        assert not Change.objects.exists()

    @pytest.mark.parametrize(
        ("artifact", "short"),
        [
            ("2026.11.20-3", "2026.11.20-3"),
            ("3f786850e387550fdab836ed7e6dc881de23001b", "3f786850e387"),
            ("harbor/shop:1.4@sha256:" + "9f" * 32, "harbor/shop:1.4"),
        ],
    )
    def test_versions_commits_and_images_are_artifacts_and_short_in_lists(self, tell, artifact, short):
        one = tell(artifact=artifact)

        assert (one.artifact, one.short_artifact) == (artifact, short)

    def test_a_flag_needs_no_version_and_the_house_no_domain(self, tell):
        one = tell(kind="flag", artifact="", domain=None)

        assert (one.where, one.artifact) == ("All domains", "")

    def test_each_result_is_kept_with_who_said_so_and_why(self, tell, responder, admin):
        one = tell(kind="configuration", result="planned", started_at=hours(1))
        actions.start(one, by=Teller(responder), at=hours(2))
        actions.succeed(one, note="p95 as before", by=Teller(responder), at=hours(3))
        one = actions.roll_back(one, note="Carts were lost", by=Teller(admin), at=hours(4))

        told = [(step.result, str(step.by), step.note) for step in queries.steps(one)]
        assert told == [
            ("planned", "responder", ""),
            ("running", "responder", ""),
            ("succeeded", "responder", "p95 as before"),
            ("rolled_back", "admin", "Carts were lost"),
        ]
        assert (one.started_at, one.finished_at) == (hours(2), hours(3))
        acts = AuditEvent.objects.filter(object=one.label).order_by("id").values_list("act", flat=True)
        assert list(acts) == ["change.start", "change.succeed", "change.roll_back"]

    @pytest.mark.parametrize("act", [actions.fail, actions.roll_back])
    def test_bad_ends_need_a_reason(self, tell, responder, act):
        one = tell(result="running")

        with pytest.raises(Refused, match="Say why"):
            act(one, note=" ", by=Teller(responder), at=minutes(1))

    def test_the_second_of_two_ends_is_refused(self, tell, responder):
        one = tell(result="running")
        actions.succeed(one, by=Teller(responder), at=minutes(1))

        with pytest.raises(Refused, match="succeeded and cannot become failed"):
            actions.fail(one, note="late", by=Teller(responder), at=minutes(2))


class TestLastKnownGood:
    pytestmark = pytest.mark.django_db

    def test_it_is_the_newest_deploy_that_held_of_each_domain(self, tell, responder):
        tell(artifact="v1", at=hours(1))
        good = tell(artifact="v2", at=hours(2))
        tell(artifact="v3", result="failed", at=hours(3))
        bad = tell(artifact="v4", at=hours(4))
        tell(artifact="v5", result="running", at=hours(5))
        tell(kind="flag", artifact="", at=hours(6))
        other = tell(artifact="b1", domain=domain("backend"), at=hours(1))
        actions.roll_back(bad, note="It lost carts", by=Teller(responder), at=hours(5))

        assert {(one.domain, one.change.pk) for one in queries.last_good()} == {
            (good.where, good.pk),
            (other.where, other.pk),
        }
        assert queries.last_good_artifacts(["payments", "support"]) == {"payments": "v2"}
        found = queries.last_good_before(bad)
        assert found is not None and found.artifact == "v2"

    def test_between_two_moments_stand_those_of_the_domain_and_of_the_house(self, tell):
        tell(at=hours(-1))
        mine, house = tell(at=hours(1)), tell(domain=None, at=hours(2))
        tell(domain=domain("backend"), at=hours(2))
        tell(result="planned", started_at=hours(2))

        assert queries.changes_between(domain(), AT, hours(3)) == [mine, house]


class TestFreezes:
    pytestmark = pytest.mark.django_db

    @pytest.fixture
    def frozen(self, admin):
        return freezes.add_window(domain(), reason="Quarter end", starts_at=AT, ends_at=hours(8), by=admin, at=AT)

    @pytest.mark.parametrize("kind", Kind.values)
    def test_a_freeze_holds_up_everything_but_a_rollback(self, tell, frozen, kind):
        if kind == "rollback":
            assert tell(kind=kind, at=hours(1)).override == ""
            return
        with pytest.raises(Refused) as refusal:
            tell(kind=kind, at=hours(1))
        assert refusal.value.code == "FROZEN"
        assert "until 21 Nov 11:12 UTC: Quarter end. A rollback passes" in refusal.value.sentence
        assert not Change.objects.exists()

    def test_with_a_reason_it_passes_and_the_audit_log_says_so(self, tell, frozen):
        one = tell(override="Fixes INC-1", at=hours(1))

        assert one.override == "Fixes INC-1"
        row = AuditEvent.objects.get(act="change.override")
        assert (row.actor, row.object, row.reason) == ("responder", one.label, "Fixes INC-1")

    def test_a_reason_without_a_freeze_is_not_kept(self, tell):
        assert tell(override="Just in case").override == ""
        assert not AuditEvent.objects.filter(act="change.override").exists()

    def test_it_is_the_beginning_of_the_change_that_counts(self, tell, frozen):
        tell(started_at=minutes(-5), at=hours(1))
        tell(at=hours(8))
        with pytest.raises(Refused, match="frozen"):
            tell(result="planned", started_at=hours(3), at=minutes(-5))

    def test_other_domains_go_on_and_the_house_waits_for_every_freeze(self, tell, frozen):
        tell(domain=domain("backend"), at=hours(1))
        with pytest.raises(Refused, match="frozen for Payments"):
            tell(domain=None, at=hours(1))

    def test_a_freeze_of_the_house_holds_up_every_domain(self, tell, admin):
        freezes.add_window(None, reason="Black Friday", starts_at=AT, ends_at=None, by=admin, at=AT)

        with pytest.raises(Refused, match="All domains until it is lifted: Black Friday"):
            tell(at=hours(200))

    def test_a_planned_change_that_begins_in_a_freeze_needs_a_reason_then(self, tell, responder, frozen):
        one = tell(result="planned", started_at=hours(-1), at=hours(-2))

        with pytest.raises(Refused, match="frozen"):
            actions.start(one, by=Teller(responder), at=hours(1))
        one = actions.start(one, override="Cannot wait", by=Teller(responder), at=hours(1))

        assert (one.result, one.override) == ("running", "Cannot wait")
        assert AuditEvent.objects.filter(act="change.override", object=one.label).count() == 1

    def test_a_freeze_is_lifted_once_and_with_a_reason(self, tell, admin, frozen):
        with pytest.raises(Refused, match="Say why"):
            freezes.lift(frozen, reason=" ", by=admin, at=hours(1))
        freezes.lift(frozen, reason="Closed early", by=admin, at=hours(1))
        with pytest.raises(Refused, match="over already"):
            freezes.lift(frozen, reason="again", by=admin, at=hours(2))

        assert tell(at=hours(2)).override == ""
        acts = AuditEvent.objects.filter(act__startswith="freeze.").order_by("id").values_list("act", flat=True)
        assert list(acts) == ["freeze.add", "freeze.lift"]

    @pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-3, -1)])
    def test_a_freeze_ends_after_it_begins_and_not_in_the_past(self, admin, start, end):
        with pytest.raises(Refused, match="later end"):
            freezes.add_window(None, reason="x", starts_at=hours(start), ends_at=hours(end), by=admin, at=AT)

    def test_the_ops_channel_hears_when_it_is_made_and_when_it_is_lifted(self, admin, settings):
        settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
        window = freezes.add_window(
            domain(), reason="Quarter end", starts_at=hours(6), ends_at=hours(9), by=admin, at=AT
        )
        freezes.lift(window, reason="Closed early.", by=admin, at=hours(1))
        for _ in range(2):
            actions.freeze(domain("backend"), "Error budget is spent", at=hours(2))
        for _ in range(2):
            actions.unfreeze(domain("backend"), "Budget is back", at=hours(3))

        told = Delivery.objects.filter(event__startswith="freeze:").order_by("pk")
        assert [one.subject for one in told] == [
            "Changes will from 21 Nov 09:12 UTC be frozen for Payments",
            "The freeze planned for Payments is off",
            "Changes are frozen for Backend",
            "Changes are allowed again for Backend",
        ]
        assert "until 21 Nov 12:12 UTC: Quarter end." in told[0].body
        assert told[1].body.startswith("Closed early. It was planned because: Quarter end\n")

    def test_the_ops_channel_is_not_told_that_changes_pass_while_another_freeze_holds_them(
        self, tell, admin, frozen, settings
    ):
        settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
        house = freezes.add_window(None, reason="Sale", starts_at=AT, ends_at=None, by=admin, at=AT)
        actions.freeze(domain(), "Error budget is spent", at=AT)

        actions.unfreeze(domain(), "Budget is back", at=hours(1))
        with pytest.raises(Refused, match="frozen for Payments"):
            tell(at=hours(1))
        freezes.lift(frozen, reason="Closed early", by=admin, at=hours(2))
        freezes.lift(house, reason="Sold out", by=admin, at=hours(3))
        assert tell(at=hours(3)).override == ""

        told = Delivery.objects.filter(event__startswith="freeze:", event__endswith=":ends").order_by("pk")
        assert [one.subject for one in told] == [
            "One freeze less for Payments; still frozen: Payments until 21 Nov 11:12 UTC",
            "One freeze less for Payments; still frozen: All domains until it is lifted",
            "Changes are allowed again for All domains",
        ]

    def test_a_rule_of_the_house_freezes_and_unfreezes_as_often_as_it_runs(self, tell, admin, frozen):
        actions.unfreeze(domain("backend"), "Budget is back", at=AT)
        first = actions.freeze(domain("backend"), "Error budget is spent", at=AT)
        again = actions.freeze(domain("backend"), "Error budget is spent", at=hours(1))
        with pytest.raises(Refused, match="Backend until it is lifted: Error budget is spent"):
            tell(domain=domain("backend"), at=hours(1))

        assert first.pk == again.pk
        assert actions.unfreeze(domain("backend"), "Budget is back", at=hours(2))
        assert not actions.unfreeze(domain("backend"), "Budget is back", at=hours(3))
        assert tell(domain=domain("backend"), at=hours(3)).override == ""
        assert Freeze.objects.standing(hours(3)).get() == frozen

    def test_the_database_itself_keeps_one_freeze_a_budget(self):
        for one in (domain("backend"), None):
            actions.freeze(one, "Spent", at=AT)
            with pytest.raises(IntegrityError), transaction.atomic():
                Freeze.objects.create(domain=one, cause="budget", reason="Spent", starts_at=AT, made_at=AT)


class TestSuspects:
    pytestmark = pytest.mark.django_db

    def test_the_mark_and_its_line_are_one(self, tell, incident, responder):
        one = tell(at=hours(-1))

        suspects.mark(incident, one, reason="Errors began with it", by=responder, at=minutes(3))

        event = incident.timeline.get(kind="change")
        assert (event.new, event.about, event.actor) == (f"suspect {one.label}", f"change:{one.pk}", responder)
        around = room.around(incident)
        assert [(row.change, row.reason) for row in around.suspects] == [(one, "Errors began with it")]
        assert around.others == []

    def test_taking_it_back_leaves_both_lines(self, tell, incident, responder):
        one = tell(at=hours(-1))
        suspects.mark(incident, one, reason="Errors began with it", by=responder, at=minutes(3))
        suspects.clear(incident, one, reason="They began before", by=responder, at=minutes(9))

        told = incident.timeline.filter(kind="change").order_by("id").values_list("old", "new")
        assert list(told) == [("", f"suspect {one.label}"), (f"suspect {one.label}", "")]
        assert not Suspect.objects.exists()

    @pytest.mark.parametrize("reason", ["", SECRET])
    def test_without_a_good_reason_neither_is_written(self, tell, incident, responder, reason):
        one = tell(at=hours(-1))

        with pytest.raises(Refused):
            suspects.mark(incident, one, reason=reason, by=responder, at=minutes(3))

        assert not Suspect.objects.exists()
        assert not incident.timeline.filter(kind="change").exists()

    def test_twice_is_refused_and_so_is_clearing_what_is_not_marked(self, tell, incident, responder):
        one = tell(at=hours(-1))
        with pytest.raises(Refused, match="not suspected"):
            suspects.clear(incident, one, reason="x", by=responder, at=minutes(1))
        suspects.mark(incident, one, reason="x", by=responder, at=minutes(2))
        with pytest.raises(Refused, match="suspected already"):
            suspects.mark(incident, one, reason="x", by=responder, at=minutes(3))

    def test_in_a_merged_room_it_is_marked_where_work_goes_on(self, tell, incident, responder):
        one, other = tell(at=hours(-1)), open_incident(responder)
        linking.merge(other, into=incident, reason="same", by=responder, at=minutes(1))

        with pytest.raises(Refused, match="was merged"):
            suspects.mark(other, one, reason="x", by=responder, at=minutes(2))

    def test_the_room_shows_a_day_before_the_impact_and_what_came_since(self, tell, incident, responder):
        kept = [tell(at=hours(-24)), tell(domain=None, at=hours(-2)), tell(at=hours(1))]
        tell(at=hours(-25))
        tell(domain=domain("backend"), at=hours(-1))
        tell(result="planned", started_at=hours(-1), at=hours(-1))

        around = room.around(incident)

        assert [row.change for row in around.others] == kept[::-1]
        assert [row.is_before for row in around.others] == [False, True, True]
