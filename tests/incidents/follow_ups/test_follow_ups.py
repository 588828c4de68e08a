"""What an incident left to do: the table of states whole, every refusal, what is late, and its screens."""

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from incidents.follow_ups import actions, queries, states
from incidents.follow_ups.actions import Plan
from incidents.follow_ups.models import FollowUp
from incidents.follow_ups.states import State
from incidents.response.models import Incident
from opsportal.errors import Conflict, Refused
from opsportal.models import AuditEvent
from tests.incidents.cast import AT, SECRET, cost, domain, minutes, open_incident

TODAY = AT.date()
ALLOWED = {("open", "done"), ("open", "dropped"), ("done", "open"), ("done", "verified"), ("dropped", "open")}
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State.values, repeat=2)))
def test_every_pair_of_states_is_allowed_or_refused_by_the_table(old, new):
    if (old, new) in ALLOWED:
        states.require(old, to=State(new))
    else:
        with pytest.raises(Refused):
            states.require(old, to=State(new))


def plan(**changes) -> Plan:
    words: dict[str, Any] = {"title": "Watch the edge", "type": "preventative", "owner": "@be-lead", "due_on": day(14)}
    return Plan(**words | changes)


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def promised(incident, by, **changes) -> FollowUp:
    return actions.add(incident, plan(**changes), by=by, at=AT)


def done(follow_up, by, **changes) -> FollowUp:
    words: dict[str, Any] = {"proof": "https://example.com/change/404", "retest_on": day(30), "at": minutes(5)}
    return actions.finish(follow_up, by=by, **words | changes)


class TestActions:
    pytestmark = pytest.mark.django_db

    def test_each_change_stands_on_the_timeline_and_in_the_audit_log(self, incident, responder):
        one = promised(incident, responder)
        actions.change(one, plan(due_on=day(7)), seen=1, by=responder, at=minutes(1))
        done(one, responder)
        actions.reopen(one, reason="It fired at nothing", by=responder, at=minutes(6))
        actions.drop(one, reason="The edge is gone", by=responder, at=minutes(7))

        rows = incident.timeline.filter(kind="follow_up").order_by("id")
        title = f"{one.label} Watch the edge"
        assert list(rows.values_list("old", "new", "text__body")) == [
            ("", "open", title),
            ("open", "open", f"{title}\nwas: Watch the edge, preventative, @be-lead, 2026-12-05"),
            ("open", "done", title),
            ("done", "open", f"{title}\nIt fired at nothing"),
            ("open", "dropped", f"{title}\nThe edge is gone"),
        ]
        acts = AuditEvent.objects.filter(object=f"INC-1 {one.label}", actor="responder").order_by("id")
        assert [event.act for event in acts] == [
            f"follow_up.{act}" for act in ("add", "change", "finish", "reopen", "drop")
        ]

    def test_a_change_of_nothing_leaves_no_trace(self, incident, responder):
        one = promised(incident, responder)

        assert actions.change(one, plan(), seen=1, by=responder, at=minutes(1)).version == 1
        assert incident.timeline.filter(kind="follow_up").count() == 1

    def test_what_held_is_verified_and_stays_so(self, incident, responder):
        one = actions.verify(done(promised(incident, responder), responder), by=responder, at=minutes(9))

        assert one.state == "verified"
        with pytest.raises(Refused, match="It is verified"):
            actions.reopen(one, reason="Again", by=responder, at=minutes(10))

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"title": " "}, "TITLE_MISSING"),
            ({"title": SECRET}, "PRIVACY_BLOCKED"),
            ({"owner": "nobody"}, "OWNER_UNKNOWN"),
            ({"owner": ""}, "OWNER_UNKNOWN"),
            ({"due_on": TODAY - timedelta(days=1)}, "DUE_IN_PAST"),
        ],
    )
    def test_a_promise_is_refused(self, incident, responder, changes, code):
        with pytest.raises(Refused) as refusal:
            promised(incident, responder, **changes)
        assert refusal.value.code == code
        assert not FollowUp.objects.exists()

    @pytest.mark.parametrize(
        ("kind", "changes", "code"),
        [
            ("corrective", {"proof": " "}, "PROOF_MISSING"),
            ("corrective", {"proof": "javascript:alert(1)"}, "PROOF_MISSING"),
            ("corrective", {"proof": f"https://x.test/?q={SECRET}"}, "PRIVACY_BLOCKED"),
            ("preventative", {"retest_on": None}, "RETEST_MISSING"),
            ("preventative", {"retest_on": TODAY - timedelta(days=1)}, "RETEST_IN_PAST"),
        ],
    )
    def test_done_needs_a_proof_and_what_prevents_is_tried_again(self, incident, responder, kind, changes, code):
        one = promised(incident, responder, type=kind)

        with pytest.raises(Refused) as refusal:
            done(one, responder, **changes)
        assert refusal.value.code == code
        one.refresh_from_db()
        assert one.state == "open"

    def test_what_detects_or_corrects_may_be_done_without_a_re_test(self, incident, responder):
        assert done(promised(incident, responder, type="corrective"), responder, retest_on=None).state == "done"

    @pytest.mark.parametrize("act", [actions.drop, actions.reopen])
    def test_giving_up_and_opening_again_need_a_reason(self, incident, responder, act):
        one = promised(incident, responder)
        if act is actions.reopen:
            done(one, responder)

        with pytest.raises(Refused, match="Say why"):
            act(one, reason=" ", by=responder, at=minutes(9))

    def test_the_second_of_two_edits_is_a_conflict(self, incident, responder, publisher):
        one = promised(incident, responder)
        actions.change(one, plan(owner="@fe-lead"), seen=1, by=responder, at=minutes(1))

        with pytest.raises(Conflict):
            actions.change(one, plan(owner="@sre-lead"), seen=1, by=publisher, at=minutes(2))
        assert FollowUp.objects.get().owner == "@fe-lead"


class TestQueries:
    pytestmark = pytest.mark.django_db

    def test_late_is_what_is_not_done_by_its_day_or_not_tried_again(self, incident, responder):
        late = promised(incident, responder, title="Late", due_on=day(1))
        promised(incident, responder, title="In time", due_on=day(9))
        untried = done(promised(incident, responder, title="Untried", due_on=day(2)), responder, retest_on=day(3))
        actions.drop(promised(incident, responder, due_on=day(1)), reason="No", by=responder, at=AT)

        assert queries.overdue(day(1)) == []
        assert queries.overdue(day(5)) == [late, untried]
        assert [queries.is_overdue(one, day(5)) for one in FollowUp.objects.order_by("id")] == [
            True,
            False,
            True,
            False,
        ]

    def test_the_next_incident_of_the_domain_shows_what_earlier_ones_left_undone(self, incident, responder):
        late = promised(incident, responder, due_on=day(1))
        promised(open_incident(responder, domain=domain("backend")), responder, due_on=day(1))
        following = open_incident(responder)

        left = queries.left_by(following, on=day(5), person=responder)

        assert (left.own, left.overdue) == ([], [late])
        assert queries.left_by(incident, on=day(5), person=responder).overdue == []

    def test_a_viewer_does_not_see_what_a_security_incident_left(self, incident, responder, viewer):
        promised(incident, responder)
        Incident.objects.update(nature="security")

        filters = queries.Filters()
        assert queries.listing(filters, on=TODAY, person=viewer).total == 0
        assert queries.listing(filters, on=TODAY, person=responder).total == 1


class TestScreens:
    pytestmark = pytest.mark.django_db

    def test_from_the_promise_to_the_proof_without_javascript(self, client_as, incident, responder):
        client = client_as(responder)
        typed = {"title": "Watch the edge", "type": "detective", "owner": "@be-lead", "due_on": "2099-01-31"}

        assert client.post("/incidents/INC-1/follow-ups/new/", typed).status_code == 302
        one = FollowUp.objects.get()
        page = client.get(f"/follow-ups/{one.pk}/").content.decode()
        assert "Watch the edge" in page
        answer = client.post(f"/follow-ups/{one.pk}/finish/", {"proof": "/checks/api-health/"}, follow=True)

        assert answer.redirect_chain == [(f"/follow-ups/{one.pk}/", 302)]
        assert 'href="/checks/api-health/"' in answer.content.decode()

    def test_a_wrong_promise_comes_back_with_what_was_typed(self, client_as, incident, responder):
        answer = client_as(responder).post("/incidents/INC-1/follow-ups/new/", {"title": f"See {SECRET}", "owner": "x"})

        page = answer.content.decode()
        assert answer.status_code == 422
        assert "See [removed:" in page
        assert "A handle begins with @" in page

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_a_conflict_shows_both_and_a_second_try_replaces(self, client_as, incident, responder, headers):
        one = promised(incident, responder, due_on=date(2099, 1, 31))
        actions.change(one, plan(owner="@fe-lead", due_on=date(2099, 1, 31)), seen=1, by=responder, at=minutes(1))
        client = client_as(responder)
        typed = {"title": "Mine", "type": "corrective", "owner": "@sre-lead", "due_on": "2099-01-31", "version": "1"}

        answer = client.post(f"/follow-ups/{one.pk}/edit/", typed, headers=headers)

        page = answer.content.decode()
        assert answer.status_code == 409
        assert "@fe-lead, due" in page
        assert 'value="@sre-lead"' in page
        assert 'name="version" value="2"' in page
        client.post(f"/follow-ups/{one.pk}/edit/", typed | {"version": "2"}, headers=headers)
        assert FollowUp.objects.get().owner == "@sre-lead"

    def test_the_list_is_narrowed_by_the_url(self, client_as, incident, responder, viewer):
        promised(incident, responder, title="Of mine", owner="@be-lead", due_on=date(2099, 1, 31))
        promised(incident, responder, title="Of others", owner="@fe-lead", type="corrective", due_on=date(2099, 1, 31))
        client = client_as(viewer)

        for query in ("owner=%40be-lead", "type=preventative", "domain=payments&type=preventative"):
            page = client.get(f"/follow-ups/?{query}", headers=HTMX).content.decode()
            assert "Of mine" in page
            assert "Of others" not in page
        assert "Nothing here" in client.get("/follow-ups/?show=overdue").content.decode()

    def test_a_viewer_reads_and_changes_nothing(self, client_as, incident, responder, viewer):
        one = promised(incident, responder)

        page = client_as(viewer).get(f"/follow-ups/{one.pk}/").content.decode()

        assert "Watch the edge" in page
        assert "Done…" not in page
        assert client_as(viewer).post(f"/follow-ups/{one.pk}/drop/", {"reason": "No"}).status_code == 403

    def test_the_screens_cost_the_same_however_much_there_is(self, client_as, responder, incident):
        for number in range(3):
            promised(incident, responder, title=f"Number {number}")
        client = client_as(responder)
        one = FollowUp.objects.earliest("id")

        few = [
            cost(client, path) for path in ("/follow-ups/", f"/follow-ups/{one.pk}/", "/incidents/INC-1/follow-ups/")
        ]
        for number in range(12):
            promised(open_incident(responder), responder, title=f"More {number}")
        many = [
            cost(client, path) for path in ("/follow-ups/", f"/follow-ups/{one.pk}/", "/incidents/INC-1/follow-ups/")
        ]

        assert few == many == [5, 1, 3]
