"""Components: words, order, start date, hiding, retiring, and what the page makes of them."""

from datetime import timedelta

import pytest

from incidents.statuspage import actions, bars, components, documents, load, pages
from incidents.statuspage.components import Part
from incidents.statuspage.models import Component
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from tests.incidents.statuspage.conftest import NOW, ago

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=20)


@pytest.fixture
def api(backend, snapshot_dir) -> Component:
    return Component.objects.get(name="API")


def part(backend, **values) -> Part:
    given = {"name": "Checkout", "description": "", "group_name": "Shop", "domain": backend, "start_date": NOW.date()}
    return Part(**(given | values))


def names(*, at=NOW) -> list[str]:
    return [one.full_name for one in load.page(at).components]


def on_page() -> list[str]:
    groups = pages.index(load.page(NOW), at=NOW).groups
    return [line.component.name for group in groups for line in group.lines]


def test_a_status_set_by_hand_starts_a_new_stretch(api, publisher):
    components.set_component(api, to="under_maintenance", by=publisher, at=NOW)

    assert Component.objects.get(name="API").status == "under_maintenance"
    assert [one.status for one in api.intervals.order_by("id")] == ["operational", "under_maintenance"]
    assert AuditEvent.objects.get(act="component.status").reason == "operational to under_maintenance"


def test_the_same_status_again_is_refused(api, publisher):
    with pytest.raises(Refused) as refused:
        components.set_component(api, to="operational", by=publisher, at=NOW)

    assert refused.value.code == "STATUS_UNCHANGED"


def test_a_new_component_begins_its_record_now_and_stands_last(backend, api, publisher):
    component = components.add_component(part(backend), by=publisher, at=NOW)

    components.edit_component(component, part(backend, name="Cashier"), by=publisher, at=LATER)

    row = load.page(LATER).components[-1]
    assert (row.name, row.full_name, row.start_date) == ("Cashier", "Shop - Cashier", NOW.date())
    assert [one.started_at for one in row.stretches] == [NOW]


@pytest.mark.parametrize(
    "act",
    [
        lambda one, by, backend: components.set_component(one, to="major_outage", by=by, at=NOW),
        lambda one, by, backend: components.add_component(part(backend), by=by, at=NOW),
        lambda one, by, backend: components.edit_component(one, part(backend), by=by, at=NOW),
        lambda one, by, backend: components.move_component(one, way=components.UP, by=by, at=NOW),
        lambda one, by, backend: components.move_group(one.group_name, way=components.UP, by=by, at=NOW),
        lambda one, by, backend: components.retire(one, by=by, at=NOW),
    ],
)
def test_a_responder_changes_no_component(api, backend, responder, act):
    with pytest.raises(Refused) as refused:
        act(api, responder, backend)

    assert refused.value.code == "ROLE_TOO_LOW"


def test_components_and_groups_are_put_in_order(backend, api, publisher):
    shop = [components.add_component(part(backend, name=name), by=publisher, at=NOW) for name in ("One", "Two")]
    docs = components.add_component(part(backend, name="Docs", group_name="Help"), by=publisher, at=NOW)
    assert names()[-3:] == ["Shop - One", "Shop - Two", "Help - Docs"]

    components.move_component(shop[1], way=components.UP, by=publisher, at=NOW)
    components.move_group("Help", way=components.UP, by=publisher, at=NOW)
    assert names()[-3:] == ["Help - Docs", "Shop - Two", "Shop - One"]

    components.move_component(shop[1], way=components.UP, by=publisher, at=NOW)
    components.edit_component(docs, part(backend, name="Docs"), by=publisher, at=NOW)
    assert names()[-3:] == ["Shop - Two", "Shop - One", "Shop - Docs"]


def test_uptime_counts_from_the_start_date(api, backend, publisher):
    components.set_component(api, to="major_outage", by=publisher, at=ago(days=20))
    components.set_component(api, to="operational", by=publisher, at=ago(days=10))
    given = {"name": "API", "group_name": ""}
    assert _line("API").uptime != "100.00 %"

    components.edit_component(api, part(backend, **given, start_date=ago(days=5).date()), by=publisher, at=NOW)

    assert _line("API").uptime == "100.00 %"
    assert "84 days without data" in _line("API").sentence


def test_what_is_shown_only_when_degraded_is_hidden_while_it_is_well(api, publisher):
    Component.objects.filter(pk=api.pk).update(only_show_if_degraded=True)
    assert "API" not in on_page()
    assert "API" in {one["name"] for one in documents.all_of(load.page(NOW))["components"]["components"]}

    components.set_component(api, to="degraded_performance", by=publisher, at=NOW)

    assert "API" in on_page()


def test_a_retired_component_is_gone_and_past_incidents_still_name_it(api, draft, publisher, write):
    actions.publish(draft, by=publisher, at=NOW)
    with pytest.raises(Refused) as refused:
        components.retire(api, by=publisher, at=NOW)
    assert refused.value.code == "HELD"
    actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=NOW)

    components.retire(api, by=publisher, at=LATER)

    page = load.page(LATER)
    assert "API" not in {one.name for one in page.components}
    assert "API" in pages.card(page, page.incidents[0], limit=None, at=NOW).components
    assert [one.ended_at for one in api.intervals.order_by("id")][-1] == LATER
    assert "API" not in {one["name"] for one in documents.all_of(page)["components"]["components"]}


def test_a_retired_component_comes_back_with_a_gap_in_its_record(api, publisher):
    components.retire(api, by=publisher, at=ago(days=10))

    components.restore(api, by=publisher, at=ago(days=3))

    on, off = ago(days=12).date(), ago(days=6).date()
    seen = {day.on: day.status for day in bars.days(_line("API").component.stretches, at=NOW)}
    assert (seen[on], seen[off]) == ("operational", None)
    assert [one.status for one in api.intervals.order_by("id")] == ["operational", "operational"]


def _line(name: str) -> pages.Line:
    groups = pages.index(load.page(NOW), at=NOW).groups
    return next(line for group in groups for line in group.lines if line.component.name == name)


# --- screens ----------------------------------------------------------------------------------------------------------


def test_a_publisher_orders_retires_and_restores_on_one_screen(client_as, publisher, api):
    client = client_as(publisher)
    base = f"/statuspage/components/{api.public_id}"
    first = [one.name for one in load.page(NOW).components][:2]

    client.post(f"{base}/move/down/")
    moved = [one.name for one in load.page(NOW).components][:2]
    asked = client.get(f"{base}/retire/").content.decode()
    client.post(f"{base}/retire/")
    screen = client.get("/statuspage/components/").content.decode()
    client.post(f"{base}/restore/")

    assert moved == first[::-1]
    assert "Take API from the page?" in asked
    assert 'Restore<span class="vh"> API</span>' in screen
    assert "API" in names()


def test_a_move_that_is_none_is_not_found(client_as, publisher, api):
    assert client_as(publisher).post(f"/statuspage/components/{api.public_id}/move/sideways/").status_code == 404


def test_the_rules_of_a_component_are_edited_in_its_form(client_as, publisher, api):
    client = client_as(publisher)
    words = {"name": "API", "description": "", "group_name": "", "domain": api.domain_id, "start_date": "2026-02-01"}

    answer = client.post(
        f"/statuspage/components/{api.public_id}/", words | {"follows": "set", "only_show_if_degraded": "on"}
    )

    api.refresh_from_db()
    assert answer.status_code == 302
    assert (api.follows, api.only_show_if_degraded, str(api.start_date)) == ("set", True, "2026-02-01")
