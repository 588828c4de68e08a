"""The rules of honesty, one row each; and what operators see of them."""

from datetime import timedelta

import pytest

from incidents.statuspage import components, honesty, queries
from incidents.statuspage.honesty import Mend
from incidents.statuspage.models import Component
from tests.incidents.statuspage.conftest import NOW, a_component, a_page, ago, an_incident, an_update

GREEN, RED = a_component(1), a_component(1, "major_outage")
KEPT = an_update(next_update_at=NOW + timedelta(minutes=1))
LATE = an_update(next_update_at=ago(minutes=12))
SILENT = a_component(1, unknown_since=ago(minutes=9))


@pytest.mark.parametrize(
    ("incidents", "parts", "said", "expected"),
    [
        pytest.param((), (GREEN,), {}, [], id="all is well"),
        pytest.param((an_incident(updates=(KEPT,)),), (RED,), {}, [], id="red and explained"),
        pytest.param((an_incident(updates=(KEPT,)),), (GREEN,), {}, [("open_but_green", Mend.RESOLVE)], id="green"),
        pytest.param(
            (an_incident(updates=(KEPT,), component_ids=()),), (GREEN,), {}, [("open_but_green", Mend.RESOLVE)],
            id="names nothing, and all is green",
        ),
        pytest.param((an_incident(updates=(KEPT,), component_ids=()),), (RED, a_component(2)), {},
                     [("red_without_incident", Mend.SET_BACK)], id="names nothing, and something is red"),
        pytest.param((an_incident(is_open=False),), (GREEN,), {}, [], id="over"),
        pytest.param((), (RED,), {}, [("red_without_incident", Mend.SET_BACK)], id="left behind"),
        pytest.param((), (RED,), {"component001": "partial_outage"}, [("red_without_incident", Mend.DECLARE)],
                     id="checks say it too"),
        pytest.param((), (a_component(1, "under_maintenance"),), {}, [("maintenance_over", Mend.SET_BACK)],
                     id="work that nobody ended"),
        pytest.param((an_incident(updates=(LATE,)),), (RED,), {}, [("promise_passed", Mend.WRITE)], id="late"),
        pytest.param((), (SILENT,), {}, [("unknown", Mend.LOOK)], id="checks are silent"),
    ],
)  # fmt: skip
def test_the_page_is_compared_with_the_truth(incidents, parts, said, expected):
    found = honesty.findings(a_page(*incidents, components=parts), at=NOW, said=said)

    assert [(one.rule, one.mend) for one in found] == expected


def test_a_finding_says_in_words_what_is_wrong():
    late, *_ = honesty.findings(a_page(an_incident(updates=(LATE,)), components=(RED,)), at=NOW)

    assert late.sentence == "“Problem with Component 1”: the promised update is 12 min late."


@pytest.mark.django_db
def test_one_button_sets_back_what_was_left_behind(client_as, publisher, viewer, backend, snapshot_dir):
    api = Component.objects.get(name="API")
    components.set_component(api, to="major_outage", by=publisher, at=ago(minutes=3))
    client = client_as(publisher)

    for_viewers = client_as(viewer).get("/statuspage/").content.decode()
    board = client.get("/statuspage/").content.decode()
    line = client.get("/statuspage/honesty/", **{"HTTP_HX-Request": "true"}).content.decode()
    client.post(f"/statuspage/components/{api.public_id}/status/", {"status": "operational"})

    assert "API reads a major outage, and no open incident explains it." in board
    assert "Set to operational" in board
    assert "A publisher corrects it" in for_viewers
    assert "Not honest now" in line
    assert queries.nags(publisher, NOW) == []
