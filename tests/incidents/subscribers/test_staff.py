"""Staff see sums, admins see people; what is brought in has proof, what is taken out is gone."""

import csv
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from incidents.subscribers import actions, fan_out
from incidents.subscribers.models import Subscriber
from opsportal.audit.models import AuditEvent
from opsportal.models import Delivery
from opsportal.secrets import actions as keys
from opsportal.secrets.models import KeyProof
from tests.incidents.cast import SECRET

pytestmark = pytest.mark.django_db
SCREEN, IMPORT = "/statuspage/subscribers/", "/statuspage/subscribers/import/"
HEAD = "address,components,source,date,wording"


def table(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("table.csv", "\n".join([HEAD, *lines]).encode())


def test_staff_see_sums_without_small_numbers_and_nobody_by_name(client_as, publisher, reader):
    reader("reader@example.org")

    page = client_as(publisher).get(SCREEN).content.decode()

    assert "&lt;5" in page
    assert "example.org" not in page and "Add somebody" not in page


def test_admins_see_addresses_filter_and_find_one_whole(client_as, admin, reader):
    reader("one@example.org")
    reader("https://hooks.example.org/1", channel="slack", state="suspended")
    browser = client_as(admin)

    assert "one@example.org" in browser.get(SCREEN).content.decode()
    assert "one@example.org" not in browser.get(f"{SCREEN}?channel=slack&state=suspended").content.decode()
    found = browser.post(f"{SCREEN}find/", {"q": "ONE@example.org"}).content.decode()
    assert "hooks.example.org" not in found and "one@example.org" in found


def test_whom_an_admin_adds_is_asked_first(client_as, admin):
    browser = client_as(admin)

    browser.post(f"{SCREEN}add/", {"channel": "email", "address": "new@example.org"})
    bad = browser.post(f"{SCREEN}add/", {"channel": "email", "address": "nobody"})

    assert Subscriber.objects.get().state == "waiting"
    assert Delivery.objects.get().event.endswith(":confirm")
    assert bad.status_code == 422 and "nobody" in bad.content.decode()


def test_removing_erases_the_address_keeps_the_count_and_is_recorded(client_as, admin, reader):
    row = reader("one@example.org")
    browser = client_as(admin)
    assert "one@example.org" in browser.get(f"{SCREEN}{row.pk}/remove/").content.decode()

    browser.post(f"{SCREEN}{row.pk}/remove/")

    row.refresh_from_db()
    assert (row.state, row.address.token) == ("ended", "")
    event = AuditEvent.objects.get(act="subscriber.remove")
    assert "example.org" not in event.object
    again = browser.post(f"{SCREEN}add/", {"channel": "email", "address": "one@example.org"})
    assert again.status_code == 422


def test_a_table_with_proof_is_taken_whole(client_as, admin, reader):
    reader("there@example.org")
    rows = (
        "a@example.org,,Newsletter form,2026-01-05,Tell me of outages",
        "b@example.org,API; Dashboard,Contract,2026-02-01,Tell me of outages",
        "there@example.org,,Contract,2026-02-01,Tell me of outages",
    )

    client_as(admin).post(IMPORT, {"table": table(*rows)})

    found = {row.address.open(): row for row in Subscriber.objects.all()}
    assert sorted(found) == ["a@example.org", "b@example.org", "there@example.org"]
    assert (found["a@example.org"].state, found["a@example.org"].is_all) == ("active", True)
    chosen = sorted(one.name for one in found["b@example.org"].components.all())
    assert chosen == ["API", "Dashboard"]
    assert (found["b@example.org"].consent, str(found["b@example.org"].consent_on)) == ("import", "2026-02-01")


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("nobody,,Contract,2026-02-01,Yes", "Line 3: Write one mail address"),
        ("b@example.org,Nothing,Contract,2026-02-01,Yes", "Line 3: It names a component"),
        ("b@example.org,,,2026-02-01,Yes", "Line 3: Say where consent was given"),
        ("b@example.org,,Contract,yesterday,Yes", "Line 3: Write the date"),
        ("b@example.org,,Contract,0001-01-01,Yes", "or before 2000"),
        ("b@example.org,,Con\0tract,2026-02-01,Yes", "Line 3: The source or the wording holds"),
        (f"b@example.org,,{'x' * 140_000},2026-02-01,Yes", "one cell has more than"),
        ("b@example.org,,Contract,2999-01-01,Yes", "Line 3: The date of consent lies in the future"),
        ("b@example.org,,Contract", "Line 3: It must have 5 cells"),
        ("left@example.org,,Contract,2026-02-01,Yes", "Line 3: This address was unsubscribed"),
        (f"b@example.org,,{SECRET},2026-02-01,Yes", "Line 3: "),
    ],
)
def test_one_bad_line_keeps_the_whole_table_out_and_is_named(client_as, admin, reader, bad, sentence):
    actions.end(reader("left@example.org").pk, at=timezone.now())

    answer = client_as(admin).post(IMPORT, {"table": table("a@example.org,,Contract,2026-02-01,Yes", bad)})

    assert answer.status_code == 422
    assert sentence in answer.content.decode() and "hunter2" not in answer.content.decode()
    assert Subscriber.objects.count() == 1


def test_a_table_of_an_old_program_ends_its_lines_in_its_own_way(client_as, admin):
    content = f"{HEAD}\ra@example.org,,Contract,2026-02-01,Yes\r".encode()
    client_as(admin).post(IMPORT, {"table": SimpleUploadedFile("t.csv", content)})

    assert Subscriber.objects.count() == 1


@pytest.mark.parametrize("before", ["9" * 5_000, "9" * 30, "²", "x"])
def test_a_place_in_the_list_that_there_is_not_is_the_beginning(client_as, admin, reader, before):
    reader()

    answer = client_as(admin).get("/statuspage/subscribers/", {"before": before})

    assert "reader@example.org" in answer.content.decode()


@pytest.mark.parametrize("content", [b"", b"mail\na@example.org", b"\xff\xfe", HEAD.encode()])
def test_what_is_no_such_table_is_refused_in_words(client_as, admin, content):
    answer = client_as(admin).post(IMPORT, {"table": SimpleUploadedFile("t.csv", content)})

    assert answer.status_code == 422
    assert not Subscriber.objects.exists()


def test_the_export_has_the_proof_runs_no_formula_and_is_recorded(client_as, admin, reader):
    reader("one@example.org", "API", consent_source="=1+1", consent_wording="Tell me")

    answer = client_as(admin).get(f"{SCREEN}export/")

    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[1][:5] == ["one@example.org", "email", "active", "API", "'=1+1"]
    assert AuditEvent.objects.filter(act="subscriber.export").count() == 1


def test_the_audience_and_how_it_went_are_parts_of_any_page(client_as, publisher, reader, tell, settings):
    settings.EMAIL_CONFIGURED = True
    for number in range(6):
        reader(f"r{number}@example.org")
    news = tell()
    fan_out.run(news.key, at=timezone.now())
    browser = client_as(publisher)
    htmx = {"HX-Request": "true", "HX-Request-Type": "partial"}

    assert "reaches <strong>6</strong> of 6" in browser.get("/statuspage/audience/", headers=htmx).content.decode()
    assert "6 waiting" in browser.get(f"/statuspage/told/{news.key}/", headers=htmx).content.decode()
    assert "not told" in browser.get("/statuspage/told/nothing/").content.decode()


def test_viewers_do_not_see_messages_to_single_readers_among_the_deliveries(
    client_as, viewer, admin, reader, tell, settings
):
    settings.EMAIL_CONFIGURED = True
    reader()
    tell()
    fan_out.run("update:one", at=timezone.now())

    assert "Subscribers, E-mail" in client_as(admin).get("/deliveries/").content.decode()
    page = client_as(viewer).get("/deliveries/").content.decode()
    assert "Subscribers, E-mail" not in page and "Investigating" not in page


def test_a_new_key_opens_addresses_and_knows_them_again(data_dir, reader):
    KeyProof._default_manager.all().delete()  # it was closed under the keys of another folder
    row = reader("one@example.org")
    before = row.address.token

    keys.rotate(by="shell")

    row.refresh_from_db()
    assert row.address.token != before and row.address.open() == "one@example.org"
    actions.ask(channel="email", address="one@example.org", is_all=True, component_ids=(), at=timezone.now())
    assert Subscriber.objects.count() == 1
