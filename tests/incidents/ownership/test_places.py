"""Where to look, the history of changes, the matrix as a file, and the marks that other rooms put into it."""

import pytest

from incidents.oncall import handles
from incidents.oncall.ownership_files import import_ownership
from incidents.ownership import actions, as_code, queries
from incidents.ownership.models import Place
from opsportal.as_code import ImportRefused, rehearse
from opsportal.errors import Conflict, Refused
from tests.incidents.cast import AT, SECRET, domain
from tests.incidents.oncall.cast import rota

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
SPOT = actions.Spot("logs", None, "Loki, prod/*", "https://logs.example/", "Application logs")
FILE = """version: 1
ownership:
  payments:
    primary: '@pay-a'
    services: Checkout, providers
  security-contact:
    handle: '@sec'
"""


def typed(**changes: str) -> dict[str, str]:
    words = {"kind": "metrics", "domain": "payments", "name": "Service Overview", "url": "https://graphs.example/d/1"}
    return words | {"note": "", "version": "1"} | changes


def test_an_admin_adds_changes_and_removes_a_place(client_as, admin, viewer):
    client = client_as(admin)

    assert client.post("/ownership/places/new/", typed()).status_code == 302
    place = Place.objects.get()
    page = client_as(viewer).get("/ownership/").content.decode()
    assert "Metrics: Service Overview" in page
    assert "Add" not in page.split("Where to look")[1].split("</section>")[0]
    assert client.post(f"/ownership/places/{place.pk}/", typed(name="Graphs")).status_code == 302
    assert client.post(f"/ownership/places/{place.pk}/", typed(name="Other")).status_code == 409
    assert Place.objects.get().name == "Graphs"
    client.post(f"/ownership/places/{place.pk}/remove/")
    assert not Place.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"url": "javascript:alert(1)"}, {"url": "ftp://a.example/"}, {"url": ""}, {"name": ""}, {"note": SECRET}],
)
def test_a_place_without_name_or_address_is_refused_in_words(client_as, admin, changes):
    answer = client_as(admin).post("/ownership/places/new/", typed(**changes))

    assert answer.status_code == 422
    assert not Place.objects.exists()


def test_an_action_refuses_an_address_that_no_browser_should_follow_and_an_old_version(admin):
    with pytest.raises(Refused):
        actions.add_place(actions.Spot("logs", None, "X", "ftp://x.example/"), by=admin)
    place = actions.add_place(SPOT, by=admin)
    with pytest.raises(Conflict):
        actions.change_place(place, SPOT, seen=7, by=admin)


def test_the_history_says_who_gave_what_to_whom(client_as, admin, viewer):
    actions.change_domain(domain(), actions.Holders("@a", "@b", ""), seen=1, by=admin)
    handles.hold("@a", person=viewer, seen=0, by=admin)
    actions.add_place(SPOT, by=admin)

    assert [one.act for one in queries.history()] == ["place.add", "handle.hold", "ownership.change"]
    page = client_as(viewer).get("/ownership/history/").content.decode()
    assert "from @payments-lead @payments-oncall to @a @b" in page
    assert "by viewer" in page


def test_the_file_that_is_read_is_the_file_that_was_written(admin):
    plan = import_ownership(as_code.export(handles.in_words()), by=admin, at=AT)

    assert (plan.changed, plan.left) == ((), 10)


def test_a_file_changes_what_it_says_and_leaves_the_rest(admin):
    plan = import_ownership(FILE, by=admin, at=AT)

    assert plan.changed == ("payments", "security-contact")
    stored = domain()
    assert (stored.primary, stored.backup, stored.services) == ("@pay-a", "@payments-oncall", "Checkout, providers")


def test_what_a_file_would_do_is_said_first_and_stores_nothing(admin):
    assert rehearse(import_ownership, FILE, by=admin, at=AT).changed == ("payments", "security-contact")
    assert domain().primary == "@payments-lead"


def test_with_one_fault_nothing_is_taken_in_and_every_fault_has_its_line(admin):
    wrong = "    owner: x\n  moon:\n    handle: '@m'\n  support:\n    backup: nobody\n"

    with pytest.raises(ImportRefused) as refused:
        import_ownership(FILE + wrong, by=admin, at=AT)

    assert [(one.entry, one.line) for one in refused.value.wrong] == [
        ("security-contact", 8),
        ("row", 9),
        ("support", 12),
    ]
    assert domain().primary == "@payments-lead"


def test_where_to_look_and_who_holds_a_handle_go_out_and_come_in_again(admin, responder):
    actions.add_place(SPOT, by=admin)
    actions.add_place(actions.Spot("metrics", domain(), "Graphs", "https://graphs.example/"), by=admin)
    rota("Payments", responder, by=admin, handle="@payments-oncall")
    handles.hold("@payments-lead", person=responder, seen=0, by=admin)
    text = as_code.export(handles.in_words())
    assert import_ownership(text, by=admin, at=AT).changed == ()
    Place.objects.all().delete()
    handles.hold("@payments-lead", seen=1, by=admin)
    handles.hold("@payments-oncall", seen=1, by=admin)

    plan = import_ownership(text, by=admin, at=AT)

    assert plan.changed == ("@payments-lead", "@payments-oncall", "house", "payments")
    assert as_code.export(handles.in_words()) == text


def test_a_list_of_places_becomes_the_list_and_each_stays_the_one_it_was(admin):
    kept = actions.add_place(SPOT, by=admin)
    moved = actions.add_place(actions.Spot("logs", None, "Old name", "https://old.example/"), by=admin)
    actions.add_place(actions.Spot("traces", None, "Gone", "https://gone.example/"), by=admin)
    other = actions.add_place(actions.Spot("metrics", domain(), "Graphs", "https://graphs.example/"), by=admin)
    places = (
        "    - {kind: logs, name: New name, url: https://old.example/}\n"
        "    - {kind: other, name: Wiki, url: wiki.example/a}\n"
        "    - {kind: logs, name: 'Loki, prod/*', url: https://logs.example/, note: Application logs}\n"
    )

    plan = import_ownership("version: 1\nownership:\n  house:\n    places:\n" + places, by=admin, at=AT)

    assert plan.changed == ("house",)
    assert [(one.pk, str(one), one.version) for one in queries.places() if one.pk != other.pk][:2] == [
        (kept.pk, "Logs: Loki, prod/*", 1),
        (moved.pk, "Logs: New name", 2),
    ]
    assert [str(one) for one in queries.places()][2:] == ["Other: Wiki", "Metrics: Graphs"]
    assert Place.objects.get(name="Wiki").url == "https://wiki.example/a"


def test_an_address_that_no_browser_follows_is_one_fault_among_the_others(admin):
    places = (
        "    - {kind: logs, name: A, url: ftp://a.example/}\n"
        "    - {kind: smoke, name: B, url: https://b.example/}\n"
        "  moon: {}\n"
    )
    with pytest.raises(ImportRefused) as refused:
        import_ownership("version: 1\nownership:\n  house:\n    places:\n" + places, by=admin, at=AT)

    faults = [(one.entry, one.field, one.line) for one in refused.value.wrong]
    assert faults == [("house", "places, url", 5), ("house", "places, kind", 6), ("row", "", 7)]


@pytest.mark.parametrize(
    ("below", "line", "words"),
    [
        ("house:\n    places: here", 4, "Write a list of places"),
        ("house:\n    places:\n    - here", 5, "Write a list of places"),
        ("house:\n    places:\n    - kind: logs\n      colour: red", 5, "A place has kind"),
        ("house:\n    places:\n    - kind: smoke\n      name: A\n      url: https://a.example/", 5, "one of logs"),
        ("house:\n    places:\n    - kind: logs\n      name: A\n      url: javascript:alert(1)", 7, "Write an address"),
        (f"house:\n    places:\n    - kind: logs\n      name: {SECRET}\n      url: https://a.example/", 6, "Not saved"),
        ("house:\n    handle: '@a'", 4, "There are these fields: places"),
        ("security-contact:\n    places: []", 4, "There are these fields: handle, note"),
        ("handles:\n    '@a': person:nobody", 4, "a name that there is"),
        ("handles:\n    '@a': somebody", 4, "Write person: or rota:"),
        ("handles:\n    no handle: person:admin", 4, "A handle begins with @"),
        ("handles:\n    '@a': [person:admin]", 4, "Write one value"),
        ("handles: []", 3, "Write the fields below"),
    ],
)
def test_a_place_or_a_holder_that_cannot_be_is_refused_with_its_line(admin, below, line, words):
    with pytest.raises(ImportRefused) as refused:
        import_ownership(f"version: 1\nownership:\n  {below}\n", by=admin, at=AT)

    assert [one.line for one in refused.value.wrong] == [line]
    assert words in refused.value.wrong[0].sentence
    assert "hunter2" not in str(refused.value.wrong)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nownership: [", "This is not YAML"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nversion: *b\nownership: {}", "Line 1: anchors"),
        ("a: &a [*a]", "Line 1: anchors"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_in_words(admin, text, words):
    with pytest.raises(Refused, match=words):
        import_ownership(text, by=admin, at=AT)


def test_a_person_who_left_and_still_holds_a_handle_keeps_no_file_out(admin, responder):
    handles.hold("@a", person=responder, seen=0, by=admin)
    responder.is_active = False
    responder.save()

    assert import_ownership(as_code.export(handles.in_words()), by=admin, at=AT).changed == ()


def test_a_spreadsheet_gets_every_row_and_runs_none(client_as, viewer):
    lines = client_as(viewer).get("/ownership/ownership.csv").content.decode().splitlines()

    assert lines[0] == "kind,slug,name,primary,backup,contact,services,address,held_by"
    assert lines[4] == "domain,payments,Payments,'@payments-lead,'@payments-oncall,,,,"
    assert [line.split(",")[0] for line in lines[1:10]] == 5 * ["domain"] + 4 * ["contact"]


def test_a_spreadsheet_says_where_to_look_and_who_holds_each_handle(client_as, admin, viewer, responder):
    actions.add_place(SPOT, by=admin)
    actions.add_place(actions.Spot("metrics", domain(), "Graphs", "https://graphs.example/"), by=admin)
    handles.hold("@payments-lead", person=responder, seen=0, by=admin)
    actions.change_domain(domain(), actions.Holders("@payments-lead", "@viewer", ""), seen=1, by=admin)

    lines = client_as(viewer).get("/ownership/ownership.csv").content.decode().splitlines()

    assert [line for line in lines if line.startswith("place")] == [
        'place,house,"Logs: Loki, prod/*",,,Application logs,,https://logs.example/,',
        "place,payments,Metrics: Graphs,,,,,https://graphs.example/,",
    ]
    assert "handle,,'@payments-lead,,,,,,responder" in lines
    assert "handle,,'@sre-lead,,,,,,nobody" in lines
    # Nobody gave it away, so it belongs to the person of that name.
    assert "handle,,'@viewer,,,,,,viewer" in lines


def test_the_screen_of_the_file_shows_a_plan_and_takes_it_in(client_as, admin, responder):
    assert client_as(responder).get("/ownership/import/").status_code == 403
    client = client_as(admin)

    assert "2 changed, 0 left" in client.post("/ownership/import/", {"text": FILE}).content.decode()
    assert client.post("/ownership/import/", {"text": FILE, "act": "import"}).status_code == 302
    assert "version: 1" in client.get("/ownership/ownership.yaml").content.decode()
    assert domain().primary == "@pay-a"


@pytest.mark.parametrize(
    ("path", "column", "missing"),
    [
        ("/oncall/marks/", "oncall", "Somebody more for Payments"),
        ("/paging/marks/", "reach", "Nobody to reach for Payments"),
        ("/runbooks/marks/", "runbooks", "Support has no runbook"),
        ("/slo/marks/", "checks", "Payments has no check"),
        ("/slo/marks/", "objective", "Payments has no objective"),
    ],
)
def test_other_rooms_put_their_marks_into_the_matrix(client_as, viewer, path, column, missing):
    client = client_as(viewer)

    matrix, part = client.get("/ownership/").content.decode(), client.get(path, headers=PART).content.decode()

    assert f'id="mark-{column}-payments"' in matrix
    assert f'hx-get="{path}"' in matrix
    assert f'hx-target="#mark-{column}-payments"' in part
    assert missing in part
    assert client.get(path)["Location"] == "/ownership/"


def test_the_matrix_is_amber_where_who_is_on_call_was_never_proved(client_as, viewer, responder, admin):
    for handle, person in (("@payments-lead", responder), ("@payments-oncall", admin)):
        handles.hold(handle, person=person, seen=0, by=admin)

    part = client_as(viewer).get("/paging/marks/", headers=PART).content.decode()

    assert "Prove reach of responder" in part
    assert "No contact, on call for Payments" in part


def test_without_javascript_the_matrix_says_that_cells_lead_to_the_page_that_knows(client_as, viewer):
    matrix = client_as(viewer).get("/ownership/").content.decode()

    assert "<noscript> Without JavaScript the cells right of Backup" in matrix
    row = matrix.split('id="domain-payments"')[1].split("</tr>")[0]
    ways = ("oncall/domains/payments/", "runbooks/?domain=payments", "checks/domain/payments/", "slo/", "paging/")
    for way in ways:
        assert f'href="/{way}' in row, way
