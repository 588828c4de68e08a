"""The list, the form and the room: who may, page and part, and what comes back after a mistake."""

import csv
import re
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from incidents.response import actions, checklist
from incidents.response.models import Incident
from opsportal.models import AuditEvent
from tests.incidents.cast import AT, OPENING, SECRET, cost, domain, minutes, open_incident

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
DECLARED = {"title": "Checkout down", "severity": "SEV-1", "domain": "payments", "summary": "No card works"}


def address(incident: Incident, act: str = "") -> str:
    return f"/incidents/INC-{incident.number}/{act}"


def found(pattern: str, text: str) -> str:
    """The first group of the first match."""
    match = re.search(pattern, text)
    assert match is not None, pattern
    return match.group(1)


def body(answer: Any) -> str:
    return str(answer.content.decode())


# --- declaring --------------------------------------------------------------------------------------------------------


def test_declaring_leads_to_the_room(client_as, responder):
    answer = client_as(responder).post("/incidents/new/", DECLARED, follow=True)

    assert answer.redirect_chain == [("/incidents/INC-1/", 302)]
    assert "INC-1 is open" in body(answer)
    assert "Checkout down" in body(answer)
    assert Incident.objects.get().declared_by == responder


def test_a_link_fills_the_form(client_as, responder):
    page = body(client_as(responder).get("/incidents/new/?title=Export+late&severity=3&domain=backend&summary=27+h"))

    assert 'value="Export late"' in page
    assert re.search(r'value="SEV-3" checked', page)
    assert re.search(r'value="backend" checked', page)
    assert "27 h</textarea>" in page


def test_a_missing_title_keeps_the_rest(client_as, responder):
    answer = client_as(responder).post("/incidents/new/", DECLARED | {"title": ""})

    assert answer.status_code == 422
    page = body(answer)
    assert "There is a problem" in page
    assert "Give the incident a title." in page
    assert "<title>Error: Declare incident" in page
    assert "No card works</textarea>" in page
    assert not Incident.objects.exists()


def test_a_secret_is_taken_out_and_the_text_comes_back(client_as, responder):
    answer = client_as(responder).post(
        "/incidents/new/", DECLARED | {"summary": f"Failed at 02:55\nsaid {SECRET} twice"}
    )

    assert answer.status_code == 422
    page = body(answer)
    assert "hunter2" not in page
    assert "said [removed: database connection string] twice</textarea>" in page
    assert "database connection string in line 2, column 6" in page
    assert not Incident.objects.exists()


@pytest.mark.parametrize("wrong", [{"severity": "SEV-4"}, {"domain": "sales"}, {"title": "x" * 161}])
def test_words_that_are_none_of_ours_are_refused(client_as, responder, wrong):
    assert client_as(responder).post("/incidents/new/", DECLARED | wrong).status_code == 422
    assert not Incident.objects.exists()


# --- who may ----------------------------------------------------------------------------------------------------------

ACTS = [
    ("post/", {"post-text": "Hello"}),
    ("acknowledge/", {}),
    ("checklist/0/", {"ticked": "1"}),
    ("severity/", {"severity": "SEV-1", "reason": "Worse"}),
    ("resolve/", {}),
    ("waive/first_public_update/", {"reason": "Staff only"}),
]


@pytest.mark.parametrize(("act", "data"), ACTS)
def test_a_viewer_reads_and_does_not_act(client_as, viewer, incident, act, data):
    client, before = client_as(viewer), incident.version

    assert client.post(address(incident, act), data).status_code == 403
    assert Incident.objects.get(pk=incident.pk).version == before


@pytest.mark.parametrize(("act", "data"), ACTS)
def test_a_responder_acts_without_javascript_and_lands_in_the_room(client_as, responder, incident, act, data):
    before = incident.version

    answer = client_as(responder).post(address(incident, act), data)

    assert (answer.status_code, answer["Location"]) == (302, address(incident))
    assert Incident.objects.get(pk=incident.pk).version == before + 1


def test_a_viewers_room_has_no_buttons(client_as, viewer, incident):
    page = body(client_as(viewer).get(address(incident)))

    assert "EU card payments failing" in page
    assert "Post update" not in page
    assert 'role="checkbox"' not in page


def test_a_room_that_does_not_exist_is_a_404(client_as, viewer):
    assert client_as(viewer).get("/incidents/INC-99/").status_code == 404


# --- page and part ----------------------------------------------------------------------------------------------------


def test_the_room_answers_its_part_and_304_while_nothing_changed(client_as, responder, incident):
    client = client_as(responder)
    page = body(client.get(address(incident)))
    tag = found(r'hx-ptag="([^"]+)"', page[page.index('id="room-live"') :])

    assert client.get(address(incident), headers=HTMX | {"HX-PTag": tag}).status_code == 304

    actions.post_note(incident, text="News", by=responder, at=minutes(1))
    part = client.get(address(incident), headers=HTMX | {"HX-PTag": tag})
    assert part.status_code == 200
    assert "News" in body(part)
    assert "<html" not in body(part)
    assert 'id="compose"' not in body(part)
    assert part["HX-PTag"] != tag


def test_a_post_by_htmx_answers_with_the_parts_that_changed(client_as, responder, incident):
    answer = client_as(responder).post(address(incident, "post/"), {"post-text": "Moved to B"}, headers=HTMX)

    assert answer.status_code == 200
    targets = re.findall(r'<hx-partial hx-target="([^"]+)"', body(answer))
    assert targets == ["#compose", "#room-head", "#timeline", "#checklist", "#roles", "#room-bar", "#toasts", "#alert"]
    assert "Posted to the team." in body(answer)


def test_an_update_may_move_the_status(client_as, responder, incident):
    client_as(responder).post(address(incident, "post/"), {"post-text": "Found it", "post-to": "identified"})

    assert Incident.objects.get(pk=incident.pk).status == "identified"
    assert incident.timeline.get(kind="status").text.body == "Found it"


@pytest.mark.parametrize(
    ("seen", "moved_to", "chosen"),
    [
        ("investigating", "monitoring", "identified"),
        ("investigating", "monitoring", "monitoring"),
        ("identified", "resolved", "investigating"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_move_that_somebody_overtook_comes_back_with_its_words(
    client_as, responder, publisher, incident, seen, moved_to, chosen, headers
):
    client = client_as(responder)
    Incident.objects.update(status=seen)
    assert f'name="post-seen" value="{seen}"' in body(client.get(incident.get_absolute_url()))
    actions.change_status(incident, to=moved_to, by=publisher, at=minutes(1))
    data = {"post-text": "Found it", "post-to": chosen, "post-seen": seen}

    answer = client.post(address(incident, "post/"), data, headers=headers)

    assert answer.status_code == 409
    assert f"Somebody moved the incident to {moved_to.capitalize()} while you were writing." in body(answer)
    assert "Found it</textarea>" in body(answer)
    assert f'name="post-seen" value="{moved_to}"' in body(answer)
    assert "valid choice" not in body(answer)
    assert Incident.objects.get(pk=incident.pk).status == moved_to
    assert not incident.timeline.filter(kind="note").exists()
    if chosen != moved_to:
        assert client.post(address(incident, "post/"), data | {"post-seen": moved_to}).status_code == 302
        assert Incident.objects.get(pk=incident.pk).status == chosen


def test_a_mistake_does_not_hide_that_somebody_overtook_it(client_as, responder, publisher, incident):
    actions.change_status(incident, to="monitoring", by=publisher, at=minutes(1))

    answer = client_as(responder).post(address(incident, "post/"), {"post-text": "", "post-seen": "investigating"})

    assert answer.status_code == 422
    assert 'name="post-seen" value="investigating"' in body(answer)


def test_an_update_without_a_move_is_posted_whatever_moved_meanwhile(client_as, responder, publisher, incident):
    actions.change_status(incident, to="monitoring", by=publisher, at=minutes(1))

    client_as(responder).post(address(incident, "post/"), {"post-text": "Seen", "post-seen": "investigating"})

    assert incident.timeline.get(kind="note").text.body == "Seen"


def test_an_update_may_say_when_it_happened(client_as, responder, incident):
    data = {"post-text": "First call", "post-occurred_at": "2026-01-02T03:04"}

    client_as(responder).post(address(incident, "post/"), data)

    assert incident.timeline.get(kind="note").occurred_at.isoformat() == "2026-01-02T03:04:00+00:00"


@pytest.mark.parametrize(
    "data",
    [
        {"post-text": "  "},
        {"post-text": "Later", "post-occurred_at": "2999-01-01T00:00"},
        {"post-text": "Done", "post-to": "resolved"},
        {"post-text": "Done", "post-to": "nonsense"},
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_update_keeps_its_text(client_as, responder, incident, data, headers):
    answer = client_as(responder).post(address(incident, "post/"), data, headers=headers)

    assert answer.status_code == 422
    assert "There is a problem" in body(answer)
    assert f"{data['post-text'].strip()}" in body(answer)
    assert incident.timeline.count() == len(OPENING)


def test_a_secret_in_an_update_comes_back_without_it(client_as, responder, incident):
    answer = client_as(responder).post(address(incident, "post/"), {"post-text": f"It said {SECRET}"}, headers=HTMX)

    assert answer.status_code == 422
    assert "hunter2" not in body(answer)
    assert "It said [removed: database connection string]</textarea>" in body(answer)
    assert incident.timeline.count() == len(OPENING)


def test_a_refused_tick_says_why_and_shows_what_is(client_as, responder, admin, incident):
    checklist.tick(incident.checklist.get(position=0), by=admin, at=AT)

    answer = client_as(responder).post(address(incident, "checklist/0/"), {"ticked": "1"}, headers=HTMX)

    assert answer.status_code == 422
    assert "admin has ticked this step already." in body(answer)
    assert '<hx-partial hx-target="#checklist"' in body(answer)


def test_a_tick_is_taken_back_by_the_empty_box(client_as, responder, incident):
    checklist.tick(incident.checklist.get(position=0), by=responder, at=AT)

    client_as(responder).post(address(incident, "checklist/0/"), {})

    assert incident.checklist.get(position=0).ticked_at is None


@pytest.mark.parametrize("act", ["severity/", "resolve/", "waive/first_public_update/", "actions/"])
def test_what_asks_first_is_a_page_and_a_dialog(client_as, responder, incident, act):
    client = client_as(responder)

    page, dialog = client.get(address(incident, act)), client.get(address(incident, act), headers=HTMX)

    assert "<html" in body(page)
    assert 'id="dialog-title"' in body(page)
    assert body(dialog).lstrip().startswith("<")
    assert "<html" not in body(dialog)
    assert Incident.objects.get(pk=incident.pk).version == incident.version


def test_lowering_the_severity_asks_once_more(client_as, responder, incident):
    client, data = client_as(responder), {"severity": "SEV-3", "reason": "One plan only"}

    asked = client.post(address(incident, "severity/"), data)
    assert "Lower INC-1 from SEV-2 to SEV-3?" in body(asked)
    assert Incident.objects.get(pk=incident.pk).severity == "SEV-2"

    client.post(address(incident, "severity/"), data | {"sure": "1"})
    assert Incident.objects.get(pk=incident.pk).severity == "SEV-3"


def test_raising_the_severity_does_not_ask(client_as, responder, incident):
    client_as(responder).post(address(incident, "severity/"), {"severity": "SEV-1", "reason": "All cards"})

    assert Incident.objects.get(pk=incident.pk).severity == "SEV-1"


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("sure", [{}, {"sure": "1"}])
def test_two_severities_at_once_answer_409_with_both_reasons(client_as, responder, publisher, incident, headers, sure):
    actions.change_severity(incident, to="SEV-1", reason="All cards fail now", by=publisher, at=AT)
    client, mine = client_as(responder), {"severity": "SEV-3", "reason": "One plan only", "seen": "SEV-2"}

    answer = client.post(address(incident, "severity/"), mine | sure, headers=headers)

    assert answer.status_code == 409
    assert "publisher changed the severity from SEV-2 to SEV-1" in body(answer)
    assert "All cards fail now" in body(answer)
    assert "One plan only</textarea>" in body(answer)
    assert re.search(r'value="SEV-3" checked', body(answer))
    assert Incident.objects.get(pk=incident.pk).severity == "SEV-1"

    seen = found(r'name="seen" value="([^"]+)"', body(answer))
    client.post(address(incident, "severity/"), mine | {"seen": seen, "sure": "1"})
    assert Incident.objects.get(pk=incident.pk).severity == "SEV-3"


@pytest.mark.parametrize("act", ["severity/", "waive/first_public_update/"])
def test_a_missing_reason_is_named(client_as, responder, incident, act):
    answer = client_as(responder).post(address(incident, act), {"severity": "SEV-1", "reason": ""}, headers=HTMX)

    assert answer.status_code == 422
    assert "There is a problem" in body(answer)


def test_resolving_names_what_is_still_open(client_as, responder, incident):
    page = body(client_as(responder).get(address(incident, "resolve/")))

    assert "12 steps before Post-Incident are not ticked." in page


def test_resolving_twice_says_so(client_as, responder, incident):
    client = client_as(responder)
    client.post(address(incident, "resolve/"), {"note": "Provider fixed it"})

    answer = client.post(address(incident, "resolve/"), {})

    assert answer.status_code == 422
    assert "The incident is already resolved." in body(answer)


def test_a_resolved_incident_is_reopened_with_words(client_as, responder, incident):
    actions.change_status(incident, to="resolved", by=responder, at=minutes(1))
    client = client_as(responder)

    silent = client.post(address(incident, "post/"), {"post-text": "", "post-to": "investigating"})
    said = client.post(address(incident, "post/"), {"post-text": "It came back", "post-to": "investigating"})

    assert (silent.status_code, said.status_code) == (422, 302)
    assert Incident.objects.get(pk=incident.pk).is_open


@pytest.mark.parametrize(("show", "count"), [("all", 5), ("updates", 3), ("public", 0), ("nonsense", 5)])
def test_the_timeline_is_filtered_by_the_address(client_as, responder, incident, show, count):
    actions.post_note(incident, text="News", by=responder, at=minutes(1))
    actions.change_status(incident, to="identified", by=responder, at=minutes(2))
    checklist.tick(incident.checklist.get(position=0), by=responder, at=minutes(3))

    page = body(client_as(responder).get(address(incident) + f"?show={show}"))

    assert page.count('<li id="event-') == count


def test_a_long_timeline_comes_in_pages(client_as, responder, incident):
    for number in range(80):
        actions.post_note(incident, text=f"Note {number:03}", by=responder, at=minutes(number))
    client = client_as(responder)

    first = body(client.get(address(incident)))
    older = found(r"before=(\d+)", first)
    second = body(client.get(address(incident) + f"?before={older}"))

    assert (first.count('<li id="event-'), second.count('<li id="event-')) == (50, 32)
    assert "Note 030" in first
    assert "Note 029" in second


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(responder):
    """Three open, two resolved."""
    for severity, slug in (("SEV-3", "backend"), ("SEV-1", "payments"), ("SEV-2", "payments")):
        open_incident(responder, title=f"{severity} of {slug}", severity=severity, domain=domain(slug))
    for number in range(2):
        old = open_incident(responder, title=f"Old {number}", severity="SEV-2", domain=domain("frontend"))
        actions.change_status(old, to="resolved", by=responder, at=minutes(9), note="Certificate renewed")


def titles(answer: Any) -> list[str]:
    return re.findall(r'<td class="t"><a href="[^"]+">([^<]+)</a>', body(answer))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["SEV-1 of payments", "SEV-2 of payments", "SEV-3 of backend", "Old 1", "Old 0"]),
        ("status=open", ["SEV-1 of payments", "SEV-2 of payments", "SEV-3 of backend"]),
        ("status=resolved", ["Old 1", "Old 0"]),
        ("severity=SEV-2", ["SEV-2 of payments", "Old 1", "Old 0"]),
        ("domain=payments&severity=SEV-1", ["SEV-1 of payments"]),
        ("q=certificates", ["Old 1", "Old 0"]),
        ("q=INC-2", ["SEV-1 of payments"]),
        ("q=captured+-old&domain=backend", ["SEV-3 of backend"]),
        ("status=nonsense&severity=9&after=x&since=soon&domain=backend", ["SEV-3 of backend"]),
        ("source=alert", []),
        ("source=web&severity=SEV-1", ["SEV-1 of payments"]),
        ("since=2026-11-22", []),
        ("since=2026-11-21&until=2026-11-21&status=resolved", ["Old 1", "Old 0"]),
        ("until=2026-11-20", []),
        ("since=0001-01-01&until=9999-12-31&status=resolved", ["Old 1", "Old 0"]),
    ],
)  # fmt: skip
def test_filters_live_in_the_address(client_as, viewer, history, query, expected):
    assert titles(client_as(viewer).get(f"/incidents/?{query}")) == expected


def test_the_list_comes_in_pages_by_key_that_no_new_incident_moves(client_as, viewer, responder):
    running = open_incident(responder, title="Running", severity="SEV-2")
    plain = Incident.objects.get(pk=running.pk)
    rows = [copy_of(plain, number, f"Old {number:03}", "resolved") for number in range(100, 160)]
    rows += [copy_of(plain, number, f"Open {number:03}", "monitoring") for number in range(200, 260)]
    Incident.objects.bulk_create(rows)
    client = client_as(viewer)

    first = client.get("/incidents/?severity=SEV-2")
    link = found(r'href="(\?[^"]*after=[^"]+)">Next page', body(first)).replace("&amp;", "&")
    open_incident(responder, title="Newer", severity="SEV-1")
    second = client.get(f"/incidents/{link}")

    shown = titles(first) + titles(second)
    assert (len(titles(first)), len(shown), len(set(shown))) == (100, 121, 121)
    assert shown[:60] == [f"Open {number}" for number in range(259, 199, -1)]
    assert shown[60:] == ["Running", *(f"Old {number}" for number in range(159, 99, -1))]
    assert "severity=SEV-2" in link
    assert "First page" in body(second)


def test_more_open_ones_than_a_page_holds_go_on_with_the_next_severity(client_as, viewer, responder):
    running = open_incident(responder, severity="SEV-1")
    plain = Incident.objects.get(pk=running.pk)
    Incident.objects.bulk_create(copy_of(plain, number, f"Open {number}", "monitoring") for number in range(100, 205))
    mild = open_incident(responder, severity="SEV-3", title="Mild")
    client = client_as(viewer)

    first = client.get("/incidents/")
    link = found(r'href="(\?[^"]*after=SEV-1\.\d+)">Next page', body(first))
    second = client.get(f"/incidents/{link}")

    assert (len(titles(first)), len(titles(second)), titles(second)[-1]) == (100, 7, mild.title)


def copy_of(incident: Incident, number: int, title: str, status: str) -> Incident:
    """Another row like it."""
    values = {field.attname: getattr(incident, field.attname) for field in incident._meta.concrete_fields}
    return Incident(**values | {"id": None, "number": number, "title": title, "status": status})


@pytest.mark.parametrize("key", ["x", "SEV-9.1", "SEV-1.", "-1", "1" * 20, "SEV-1.1;drop", "\u0663"])
def test_a_key_that_is_none_shows_the_first_page(client_as, viewer, history, key):
    assert len(titles(client_as(viewer).get("/incidents/", {"after": key}))) == 5


# --- the export -------------------------------------------------------------------------------------------------------


def exported(answer: Any) -> list[list[str]]:
    return list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))


def test_the_export_follows_the_filters_and_leaves_one_line(client_as, viewer, history):
    answer = client_as(viewer).get("/incidents/export.csv?severity=SEV-2&status=resolved&q=certificates")

    head, *rows = exported(answer)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert head[:3] == ["incident", "title", "severity"]
    assert [row[1] for row in rows] == ["Old 1", "Old 0"]
    assert rows[0][-1] == "http://testserver/incidents/INC-5/"
    line = AuditEvent.objects.get(act="incidents.export")
    assert (line.actor, line.object) == ("viewer", "status=resolved severity=SEV-2 and words")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1 row", "@sum", "\t=1", '=HYPERLINK("http://x","y")'])
def test_no_title_is_run_by_a_spreadsheet(client_as, viewer, responder, title):
    incident = open_incident(responder, title="Plain")
    Incident.objects.filter(pk=incident.pk).update(title=title)

    (_, row) = exported(client_as(viewer).get("/incidents/export.csv"))

    assert row[1] == f"'{title}"


def test_what_a_newer_rule_finds_does_not_leave_with_the_export(client_as, viewer, responder):
    incident = open_incident(responder)
    with connection.cursor() as cursor:  # stored before the rule was there
        cursor.execute("UPDATE incidents_incident SET title = %s WHERE id = %s", [f"said {SECRET}", incident.pk])

    (_, row) = exported(client_as(viewer).get("/incidents/export.csv"))

    assert row[1] == "said [removed: database connection string]"


def test_an_empty_list_has_the_good_news_and_a_too_narrow_one_says_so(client_as, viewer, responder):
    client = client_as(viewer)
    assert "No incidents" in body(client.get("/incidents/"))

    open_incident(responder)

    assert "No incident fits" in body(client.get("/incidents/?q=zebra"))


# --- what a page costs ------------------------------------------------------------------------------------------------


def test_the_list_costs_the_same_however_long_it_is(client_as, viewer, responder, history):
    client = client_as(viewer)
    assert cost(client, "/incidents/") == LIST_QUERIES
    for _ in range(20):
        open_incident(responder)

    assert cost(client, "/incidents/") == LIST_QUERIES


def test_the_room_costs_the_same_however_long_its_story(client_as, responder, incident):
    client = client_as(responder)
    assert cost(client, address(incident)) == ROOM_QUERIES
    for number in range(30):
        actions.post_note(incident, text=f"Note {number}", by=responder, at=minutes(number))

    assert cost(client, address(incident)) == ROOM_QUERIES


def test_a_poll_without_news_costs_three_queries(client_as, responder, incident, django_assert_num_queries):
    client = client_as(responder)
    tag = client.get(address(incident))["HX-PTag"]

    with django_assert_num_queries(3):  # session, person, version
        answer = client.get(address(incident), headers=HTMX | {"HX-PTag": tag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_every_screen_of_the_room_has_a_name():
    assert reverse("incidents:room", args=[12]) == "/incidents/INC-12/"


# Open and resolved rows, clocks, counts, domains.
LIST_QUERIES = 5
# Version, incident, events, pins, corrections and removals, words, steps, clocks, roles.
ROOM_QUERIES = 9
