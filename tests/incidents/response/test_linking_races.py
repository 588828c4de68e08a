"""Two people who merge and link the same rooms from both ends: real connections, no circle and nobody stuck."""

from functools import partial

import pytest

from incidents.alerts.actions import receive
from incidents.response import actions, linking
from incidents.response.models import Incident, IncidentLink, TimelineEvent
from opsportal.errors import Refused
from opsportal.models import User
from tests.incidents.cast import AT, domain, fire, minutes, news, open_incident
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def merge(incident: Incident, into: Incident, by: User) -> TimelineEvent:
    return linking.merge(incident, into=into, reason="The same", by=by, at=AT)


def test_of_two_merges_from_both_ends_one_is_told(responder, publisher):
    for _ in range(10):
        one, two = open_incident(responder), open_incident(responder)

        results = at_once(partial(merge, one, two, responder), partial(merge, two, one, publisher))

        assert [failure.code for failure in results if isinstance(failure, Refused)] == ["ALREADY_MERGED"]
        ends = sorted(found.merged_into_id or 0 for found in Incident.objects.filter(pk__in=(one.pk, two.pk)))
        assert ends in ([0, one.pk], [0, two.pk])


def test_three_merges_in_a_ring_leave_one_room_open(responder):
    for _ in range(5):
        rooms = [open_incident(responder) for _ in range(3)]
        ring = list(zip(rooms, [*rooms[1:], rooms[0]], strict=True))

        results = at_once(*[partial(merge, one, into, responder) for one, into in ring])

        assert all(isinstance(one, Refused | TimelineEvent) for one in results)
        standing = Incident.objects.filter(pk__in=[room.pk for room in rooms], merged_into=None)
        merged = sum(not isinstance(one, Refused) for one in results)
        assert (standing.count(), standing.open().count()) == (3 - merged, 3 - merged)
        assert merged in (1, 2)


def test_links_from_both_ends_make_one_link(responder, publisher):
    one, two = open_incident(responder), open_incident(responder)

    results = at_once(
        lambda: linking.link(one, two, relation="related", by=responder, at=AT),
        lambda: linking.link(two, one, relation="follows", by=publisher, at=AT),
    )

    assert [failure.code for failure in results if isinstance(failure, Refused)] == ["ALREADY_LINKED"]
    assert IncidentLink.objects.count() == 1


def test_news_a_note_and_a_merge_at_the_same_time_lose_nothing(responder):
    for round_ in range(5):
        into = open_incident(responder)
        key = {"dedup_key": f"check:{round_}", "domain_id": domain().pk}
        alert = fire(**key)
        receive(news(**key, is_firing=False, at=minutes(1)))

        at_once(
            lambda: merge(alert.room, into, responder),  # noqa: B023
            lambda: receive(news(**key, at=minutes(3))),  # noqa: B023
            lambda: actions.post_note(into, text="Here", by=responder, at=minutes(3)),  # noqa: B023
        )

        news_told = [room.timeline.filter(kind="alert").count() for room in (alert.room, into)]
        assert news_told in ([3, 0], [2, 1])
        assert Incident.objects.get(pk=alert.room.pk).merged_into == into
        assert into.timeline.filter(kind="note").exists()
